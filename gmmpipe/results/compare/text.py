"""A comparison in words and tables."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from gmmpipe.results import printing
from gmmpipe.results.compare.differences import Differences
from gmmpipe.results.compare.models import ANOTHER
from gmmpipe.results.compare.numbers import ROUNDING, comparable, place, where
from gmmpipe.results.compare.settings import PARTS
from gmmpipe.results.words.wording import share
from gmmpipe.store.environments import Environments

SIDES = {"a": "before", "b": "after"}
MOST_CASES = 8  # data sets in the summary
RANKED = ("rank", "log_likelihood", "bic")
SELECTED = (
    "moved: the share of the samples whose component is another, where the data are equal."
    " BIC compares only where data and N are equal."
)
COMPONENTS = (
    "Matched. distance: of the means, in standard deviations of the component before; size:"
    " ratio of the standard deviations, after to before."
)


@dataclass(frozen=True)
class Section:
    """A table of a comparison: its title, some words on it, the rows."""

    title: str
    words: str
    frame: pd.DataFrame


def summary(of: Differences) -> list[str]:
    """Return what changed, one sentence each; what became of each data set first."""
    counts = of.settings["part"].value_counts()
    changed = [f"{part} ({counts[part]})" for part in PARTS if part in counts]
    both, only_a, only_b = len(of.matched.both), of.matched.only_a, of.matched.only_b
    row = of.cells.set_index("number").reindex(["log_likelihood"]).fillna(0).iloc[0]
    excluded = both - int(row["cells"])
    left = f"; {excluded:,} more are not compared, as data or N differ" if excluded else ""
    other = int((of.selected["outcome"] == ANOTHER).sum())
    cases = [_became(of, case) for _, case in of.selected[:MOST_CASES].iterrows()]
    rest = len(of.selected) - len(cases)
    return [
        *cases,
        *([f"{rest:,} more data sets or points of the sweep: see below."] if rest else []),
        f"Changed: {', '.join(changed) or 'nothing in ' + ', '.join(PARTS)}.",
        *(f"{side}: {note}." for side, note in _notes(of)),
        f"Cells: {both:,} in both, {only_a:,} only before, {only_b:,} only after.",
        f"Log-likelihoods that moved beyond rounding: {int(row['moved']):,} of"
        f" {int(row['cells']):,}{left}.",
        f"Data sets for which another model is selected: {other} of {len(of.selected)}.",
    ]


def _notes(of: Differences) -> Iterator[tuple[str, str]]:
    """Yield Before or After, and that a version's artifacts were not all made alike."""
    for side, experiment in (("Before", of.before), ("After", of.after)):
        for note in Environments(experiment.manifest).notes():
            yield side, note


def _became(of: Differences, row: pd.Series) -> str:
    """Return what became of the selected model of a data set, and the verdicts."""
    keys = ["dataset", *(key for key in row.index if "." in key)]
    name = ", ".join([row["dataset"], *(f"{axis}={row[axis]}" for axis in keys[1:])])
    before, after = row["model_a"], row["model_b"]
    text = f"{name}: {row['outcome']}, {before if before == after else f'{before} to {after}'}"
    if pd.isna(row["change_bic"]):
        text += ", so BIC is not compared"
    elif row["change_bic"]:
        text += f", BIC {row['change_bic']:+.3g}"
    if row["moved"] > 0:
        text += f", {share(row['moved'])} of the samples moved"
    old, new = (verdicts[place(row, keys)].sentence for verdicts in of.verdicts)
    return f"{text}. {old}" if old == new else f"{text}. Before: {old} After: {new}"


def sections(of: Differences, most: int | None = None) -> Iterator[Section]:
    """Yield the tables, at most ``most`` rows of each, without those that are empty.

    There are none where nothing changed.
    """
    if of.same:
        return
    fixed = (
        Section("What changed", "", of.settings),
        Section("Selected models", SELECTED, of.selected),
        Section("Components of the selected models", COMPONENTS, of.components),
    )
    for section in (*fixed, _models(of), _cells(of)):
        rows, words = len(section.frame), section.words
        if most is not None and rows > most:
            words = f"{words} The first {most:,} of {rows:,} rows.".strip()
        if rows:
            yield Section(section.title, words, section.frame[:most].rename(columns=_heading))


def text(of: Differences, form: str, most: int | None) -> str:
    """Return the comparison as plain text or Markdown."""
    marked = form == "markdown"
    escape, head, item = (printing.markdown, "## ", "- ") if marked else (str, "", "")
    sides = (("before", of.before), ("after", of.after))
    lines = [f"{side}: {e.name} {e.version}" for side, e in sides]
    lines = [f"{item}{escape(line)}" for line in [*lines, *summary(of)]]
    for section in sections(of, most):
        words = [escape(section.words), ""] if section.words else []
        table = printing.typeset(section.frame, form).rstrip("\n")
        lines += ["", f"{head}{section.title}", "", *words, table]
    return "\n".join(lines) + "\n"


def tidy(of: Differences) -> pd.DataFrame:
    """Return all that changed as one table: section, item, quantity, before, after."""
    rows: list[tuple[Any, ...]] = [
        ("settings", part, key, before, after)
        for part, key, before, after in of.settings.itertuples(index=False)
    ]
    for section, matched, names in (
        ("models", of.best, RANKED),
        ("cells", of.matched, of.cells["number"]),
    ):
        both = matched.both
        items = both[matched.keys].apply(where, axis=1, keys=matched.keys)
        for name in names:
            a, b = both[f"{name}_a"], both[f"{name}_b"]
            moved = ((a != b) & ~(a.isna() & b.isna())).to_numpy()
            pairs = zip(items[moved], a[moved], b[moved], strict=True)
            rows += [(section, item, name, before, after) for item, before, after in pairs]
    return pd.DataFrame(rows, columns=["section", "item", "quantity", "before", "after"])


def _heading(column: str) -> str:
    """Return the name of a column as a person reads it."""
    column = re.sub("^change_", "change in ", column)
    return re.sub("_([ab])$", lambda match: f" {SIDES[match[1]]}", column)


def _models(of: Differences) -> Section:
    rows = of.models
    still = rows["change_bic"].abs() <= ROUNDING * rows["bic_a"].abs()
    moved = rows[~still].sort_values("change_bic", key=abs, ascending=False, kind="stable")
    moved = moved.drop(columns=["log_likelihood_a", "log_likelihood_b"])
    words = (
        f"{int(still.sum()):,} of {len(rows):,} models have the same BIC; {of.best.only_a:,} are"
        f" only before, {of.best.only_b:,} only after. weights, means, covariances: the largest"
        " deviation of matched components, the latter two in standard deviations."
    )
    excluded = len(rows) - int(comparable(of.best, of.unlike).sum())
    if excluded:
        words += f" {excluded:,} are of other data or another N: their changes are left blank."
    return Section("Models that moved", words, moved)


def _cells(of: Differences) -> Section:
    words = (
        "moved: cells that differ by more than 1e-9 of the number, rounding: those that differ by"
        " less; change: the largest, median: the usual one of those that moved."
    )
    moved = of.cells[of.cells["moved"] + of.cells["rounding"] > 0]
    return Section("Numbers of all cells", words, moved)

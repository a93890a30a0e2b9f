"""Which model won a data set, and every number that says how far to believe it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gmmpipe.figures import DatasetTables
from gmmpipe.mixture.bootstrap.intervals import KEPT, UNDECIDED
from gmmpipe.mixture.diagnostics.criteria import CRITERIA, in_words
from gmmpipe.mixture.diagnostics.matching import MOST_ROWS
from gmmpipe.mixture.mixture import FIRST
from gmmpipe.results.build.stability import agreement
from gmmpipe.results.preconditions import other_choices, others
from gmmpipe.results.verdict import EQUAL, Verdict, strength
from gmmpipe.results.words.language import listing
from gmmpipe.results.words.wording import elide, model, number, p_words, percent, share

MOST_FEATURES = 6  # whose means are shown in the summary


@dataclass(frozen=True)
class Fact:
    """One line of evidence: what it is about, what was found, and what that means."""

    name: str
    value: str
    meaning: str = ""


def facts(tables: DatasetTables, verdict: Verdict) -> list[Fact]:
    """Return the evidence for the selected model of a data set that has one.

    A difference in BIC is weighed, and criteria are counted, only where the preconditions hold.
    """
    evidence = [_runner_up(tables, verdict), _weight(tables, verdict), _restarts(tables)]
    evidence += [*_stability(tables), _tests(tables), _groups(tables), _criteria(tables, verdict)]
    return [fact for fact in evidence if fact is not None]


def _runner_up(tables: DatasetTables, verdict: Verdict) -> Fact:
    best = tables.selected()
    rest = others(best, tables.best_by_family())
    if rest.empty:
        alone = any(reason.code == "alone" for reason in verdict.reasons)
        return Fact("Runner-up", "none", f"no other model {'was tried' if alone else 'is sound'}")
    gap = float(rest.iloc[0]["bic"] - best["bic"])
    meaning = "not interpreted, for the reasons below"
    if verdict.comparable or gap < EQUAL:
        meaning = f"evidence for the best over it: {strength(gap)}"
    return Fact("Runner-up", f"{model(rest.iloc[0])}, ΔBIC {number(gap)}", meaning)


def _weight(tables: DatasetTables, verdict: Verdict) -> Fact | None:
    """Return the share of exp(-BIC / 2) that the best model has among all that were tried."""
    best = tables.selected()
    rest = others(best, tables.best_by_family())
    if rest.empty or not verdict.comparable:
        return None
    weight = 1 / (1 + float(np.exp((best["bic"] - rest["bic"]) / 2).sum()))
    return Fact(
        "Weight",
        share(weight),
        f"approximate posterior probability (by BIC) among the {len(rest) + 1} models tried",
    )


def _restarts(tables: DatasetTables) -> Fact:
    row = tables.selected()
    draws, finished = int(row["draws"]), int(row.get("finished", row["draws"]))
    if np.isnan(row["hits"]):
        if row["k"] == 1:
            return Fact("Restarts", "none needed", "one component has one optimum")
        return Fact("Restarts", "none drawn", "these starts are not random")
    if draws == 1:
        return Fact("Restarts", "1", "a single run cannot tell whether a better optimum exists")
    if not finished:
        return Fact("Restarts", f"0 of {draws} finished", _not_finished(row))
    optima = int(row["optima"])
    return Fact(
        "Restarts",
        f"{row['hits']:.0f} of {finished} found it",
        f"{optima} distinct optim{'um' if optima == 1 else 'a'}; the chance that one more random"
        f" restart finds a better one is below {share(row['p_better_bound'])} (95 % confidence)"
        + (f"; left out: {_not_finished(row)}" if finished < draws else ""),
    )


def _not_finished(row: pd.Series) -> str:
    """Say how the restarts end that are not at a maximum."""
    counts = {"unfinished": row.get("unfinished", 0), "at a saddle": row.get("saddles", 0)}
    counts["degenerate"] = row["draws"] - row.get("finished", row["draws"]) - sum(counts.values())
    return listing("en", [f"{n:.0f} {word}" for word, n in counts.items() if n])


def _stability(tables: DatasetTables) -> list[Fact]:
    """Return the agreement of resamples, then that of seeds."""
    result = []
    for _, row in agreement(tables.selected(), tables.stability).iterrows():
        name, origin = "Resamples", ""
        if row["kind"] == "seeds":
            name, origin = "Seeds", f" from start {elide(row['start'], 16)}"
        meaning = f"mean agreement of {row['runs']}{origin} (1: the same clusters)"
        value = f"ARI {number(row['ari'], 3)}"
        result.append(Fact(name, value, meaning + _compared(tables.n_samples)))
    return result


def _compared(n: int) -> str:
    """Say that clusterings were compared by some of n samples, or nothing."""
    return f", by {MOST_ROWS:,} of {n:,} samples drawn at random" if n > MOST_ROWS else ""


def _tests(tables: DatasetTables) -> Fact | None:
    if tables.tests is None:
        return None
    rows, row = tables.of_selected(tables.tests), tables.stopped()
    if rows.empty:
        return None
    level = f"at {percent(rows['level'].iloc[0])}"
    if row is None:
        return Fact("Bootstrap test", "every K rejected", f"up to K = {rows['k0'].max()}, {level}")
    if row["decision"] == UNDECIDED:
        more = f"p = {p_words(row)} with {row['replicates']} replicates; more would decide"
        return Fact("Bootstrap test", f"undecided {level}", f"K = {row['k0']} or more: {more}")
    if row["decision"] != KEPT:
        return Fact("Bootstrap test", "no answer", f"no sound replicate of K = {row['k0']}")
    return Fact(
        "Bootstrap test",
        f"K = {row['k0']}",
        f"the first that is not rejected {level} against one more component (p = {p_words(row)},"
        f" {row['replicates']} replicates)",
    )


def _groups(tables: DatasetTables) -> Fact | None:
    if tables.labels is None:
        return None
    row, (codes, names) = tables.selected(), tables.groups()
    known = (codes >= 0).mean()
    part = "" if known == 1 else f", on the {known:.0%} of samples whose group is known"
    return Fact(
        "Known groups",
        f"ARI {number(row['ari'], 3)}",
        f"agreement with the {len(names)} groups of the data, which the fits do not use{part}",
    )


def _criteria(tables: DatasetTables, verdict: Verdict) -> Fact | None:
    """Return which criteria choose which model; where they are at one only if that can be said."""
    picks = other_choices(tables.selected(), tables.best)
    agreeing = [word for word in map(in_words, CRITERIA) if word not in picks]
    if picks:
        return Fact("Criteria", "they disagree", f"chosen by {listing('en', agreeing)}")
    if not verdict.comparable:
        return None
    return Fact("Criteria", f"{len(agreeing)} of {len(CRITERIA)} agree", listing("en", agreeing))


def components(tables: DatasetTables) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the names of the features shown, and weight and place of every component."""
    mixture = tables.mixture(tables.selected())
    features = tables.features[:MOST_FEATURES]
    deviations = np.sqrt(np.diagonal(mixture.covariances, axis1=1, axis2=2))
    rows: list[dict[str, Any]] = [
        {
            "number": index + FIRST,
            "index": index,
            "weight": number(float(mixture.weights[index]), 3),
            "means": [
                f"{_short(mixture.means[index, j], 4)} ± {_short(deviations[index, j], 3)}"
                for j in range(len(features))
            ],
        }
        for index in range(mixture.n_components)
    ]
    if mixture.box is not None:
        even = [f"{_short(low, 4)} to {_short(high, 4)}" for low, high in mixture.box.T]
        head = {"number": "noise, even", "index": None, "weight": number(mixture.noise, 3)}
        rows.append({**head, "means": even[: len(features)]})
    return [elide(name, 28) for name in features], rows


def _short(value: float, digits: int) -> str:
    return f"{value:.{digits}g}".replace("-", "\N{MINUS SIGN}")

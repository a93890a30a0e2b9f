"""Two versions beside each other: what made them differ, and which numbers moved."""

from __future__ import annotations

import html
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from gmmpipe import artifacts, typeset
from gmmpipe.comparison import models, numbers, settings, words
from gmmpipe.errors import InputError, suggest
from gmmpipe.experiment import Experiment, load
from gmmpipe.numerics.mixture import Mixture
from gmmpipe.tables.verdict import Verdict
from gmmpipe.terminal import print_data

__all__ = ["Comparison", "compare"]

SUFFIXES = {".html": "html", ".md": "markdown", ".csv": "csv", ".txt": "text"}
FORMS = ("text", "markdown", "csv")  # on the terminal


class Comparison:
    """What changed from one version to another, as data frames and as a page.

    In all tables the suffix _a is before and _b after; components are matched.
    """

    def __init__(self, before: Experiment, after: Experiment) -> None:
        self.before, self.after = before, after

    @cached_property
    def settings(self) -> pd.DataFrame:
        """One row per key of config, data, code or environment that differs: before, after."""
        return settings.changes(self.before, self.after)

    @cached_property
    def matched(self) -> numbers.Matched:
        """The cells of both, and how many one has alone."""
        return numbers.cells(self.before, self.after)

    @cached_property
    def cells(self) -> pd.DataFrame:
        """One row per number of ``fits``: in how many cells it moved, how far, and where most.

        Of the cells of data sets that are not ``unlike``.
        """
        alike = numbers.comparable(self.matched, self.unlike)
        return numbers.movements(self.matched._replace(both=self.matched.both[alike]))

    @cached_property
    def unlike(self) -> dict[tuple[Any, ...], str]:
        """Why log-likelihoods and BIC of a data set cannot be compared; keys as in ``verdicts``."""
        return numbers.unlike(self.before, self.after)

    @cached_property
    def verdicts(self) -> tuple[dict[tuple[Any, ...], Verdict], ...]:
        """The verdicts before and after, by (data set, *outer point)."""
        outer = numbers.outer_axes(self.before, self.after)
        return tuple(models.verdicts(e, outer) for e in (self.before, self.after))

    @cached_property
    def selected(self) -> pd.DataFrame:
        """One row per data set: models of lowest BIC, verdicts, the share of samples that moved."""
        return models.selected(self.before, self.after, self.unlike, self.verdicts)

    @cached_property
    def best(self) -> numbers.Matched:
        """The rows of ``best`` that both have, and how many one has alone."""
        return numbers.models(self.before, self.after)

    @cached_property
    def models(self) -> pd.DataFrame:
        """One row per model of ``best``: ranks, log-likelihoods, BIC, deviations of parameters."""
        return models.compared(self.before, self.after, self.best, self.unlike)

    @cached_property
    def components(self) -> pd.DataFrame:
        """One row per component of the selected models: weights, means, how far apart."""
        return models.components(self.pairs)

    @cached_property
    def pairs(self) -> list[tuple[str, Mixture, Mixture]]:
        """The selected mixtures: data set, before, after."""
        return models.pairs(self.before, self.after)

    @property
    def same(self) -> bool:
        """Whether nothing changed at all."""
        alone = [n for m in (self.matched, self.best) for n in (m.only_a, m.only_b)]
        moved = self.cells["moved"].sum() + self.cells["rounding"].sum()
        return self.settings.empty and not any(alone) and moved == 0

    def summary(self) -> list[str]:
        """Return what changed, one sentence each."""
        return words.summary(self)

    def tidy(self) -> pd.DataFrame:
        """Return all that changed as one table: section, item, quantity, before, after."""
        return words.tidy(self)

    def typeset(self, form: str = "text", most: int | None = 20) -> str:
        """Return the comparison as text, markdown, csv or html; most: rows of a table, not of csv.

        Raises InputError for another form.
        """
        if form == "html":
            from gmmpipe.comparison.page import page

            return page(self)
        if form == "csv":
            return typeset.typeset(self.tidy(), "csv")
        if form not in FORMS:
            raise InputError(suggest("format", form, [*FORMS, "html"]))
        return words.text(self, form, most)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the summary and the selected models."""
        lines = "<br>\n".join(html.escape(line) for line in self.summary())
        return f"<div><p>{lines}</p>\n{typeset.typeset(self.selected, 'html')}</div>"


def compare(before: str | Path | Experiment, after: str | Path | Experiment) -> Comparison:
    """Return how the version ``after`` differs from ``before``; folders or loaded experiments.

    Raises InputError where there is no finished version.
    """
    a, b = (e if isinstance(e, Experiment) else load(e) for e in (before, after))
    return Comparison(a, b)


def run(before: str, after: str, form: str = "text", output: str | None = None) -> None:
    """Print how two versions differ, or write it to ``output``, whose suffix says the form."""
    if form not in FORMS:
        raise InputError(suggest("--format", form, list(FORMS)))
    if output is not None and Path(output).suffix not in SUFFIXES:
        raise InputError(f"-o is {output!r}; give a file ending in {', '.join(SUFFIXES)}")
    found = compare(before, after)
    if output is None:
        print_data(found.typeset(form))
    else:
        artifacts.write(output, found.typeset(SUFFIXES[Path(output).suffix], most=None))
        print("\n".join(found.summary()))

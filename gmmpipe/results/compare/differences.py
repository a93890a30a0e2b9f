"""What changed from one version to another, as data frames."""

from functools import cached_property
from typing import Any

import pandas as pd

from gmmpipe.mixture.mixture import Mixture
from gmmpipe.results.compare import models, numbers, settings
from gmmpipe.results.experiment import StoredExperiment
from gmmpipe.results.verdict import Verdict


class Differences:
    """What changed: tables of ``before`` have the suffix _a, those of ``after`` _b."""

    def __init__(self, before: StoredExperiment, after: StoredExperiment) -> None:
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
        return bool(self.settings.empty and not any(alone) and moved == 0)

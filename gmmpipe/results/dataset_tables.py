"""The tables of one data set, which figures and the report read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from gmmpipe.mixture.bootstrap.intervals import stop
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.results.columns import CELL, FAMILY, FAMILY_AND_K, RUN
from gmmpipe.results.mixtures import mixtures, rows_at, to_mixture

if TYPE_CHECKING:
    import pandas as pd

Replay = Callable[["pd.Series", Sequence[int]], list[Mixture]]
MOST_SHOWN = 100_000  # samples of a data set that figures and the report use
MOST_NUMBERS = 2**24  # of parameters and trajectories that they read at a time


def _none() -> pd.DataFrame:
    """Return a table without rows, for a figure that looks at none."""
    import pandas as pd

    return pd.DataFrame({"covariance": []})


@dataclass(frozen=True)
class DatasetTables:
    """The tables of one experiment, filtered to one data set; all in original units.

    x has one column a feature, and of very many samples a random choice, N of ``n_samples``;
    labels (N,) are the true classes where known, a categorical in
    the order of the classes or plain values, then ordered by first appearance. fits, best,
    parameters and trajectories have the columns of the written tables; in parameters the name
    of the family is ``covariance`` and a component's matrix ``covariance_matrix`` (D*D values).
    These two have the rows of the runs that are ``drawn``, a column of fits, where that is there.
    assignments (N rows) are the ``component`` (-1: noise) and ``probability`` of the selected
    model, the one of rank 1. Components count from 1; they have the same number in all fits that
    share samples (of any seed, K, family), and keep it from snapshot to snapshot. lineage,
    stability and recovery are the tables of that name, recovery with the rows of all points of the
    outer axes. tests and intervals are the tables of the bootstrap, None where there was none; a
    feature of intervals is named as in x. replay(row, counts) is the mixture of the run of ``row``
    after each of these iteration counts, the start being 0, as EM goes once more; None where it
    cannot.
    """

    dataset: str
    x: pd.DataFrame
    labels: pd.Series | None
    fits: pd.DataFrame
    best: pd.DataFrame
    parameters: pd.DataFrame
    trajectories: pd.DataFrame
    assignments: pd.DataFrame
    certificates: pd.DataFrame
    lineage: pd.DataFrame = field(default_factory=_none)
    stability: pd.DataFrame = field(default_factory=_none)
    recovery: pd.DataFrame = field(default_factory=_none)
    tests: pd.DataFrame | None = None
    intervals: pd.DataFrame | None = None
    replay: Replay | None = None
    whole: int | None = None  # how many samples there are, where x has but some

    @property
    def n_samples(self) -> int:
        """Return how many samples the data set has."""
        return len(self.x) if self.whole is None else self.whole

    @property
    def features(self) -> list[str]:
        """Return the D feature names."""
        return [str(name) for name in self.x.columns]

    @property
    def has_selection(self) -> bool:
        """Say whether any fit was sound enough to be selected."""
        return bool((self.best["rank"] == 1).any())

    def selected(self) -> pd.Series:
        """Return the row of ``best`` of rank 1; of several the first."""
        return self.best[self.best["rank"] == 1].iloc[0]

    def of_selected(self, frame: pd.DataFrame | None) -> pd.DataFrame:
        """Return the rows of ``frame`` that have the selected model's normaliser and family."""
        if frame is None:
            raise ValueError(f"{self.dataset} was not bootstrapped")
        return rows_at(frame, self.selected()[FAMILY])

    def stopped(self) -> pd.Series | None:
        """Return the test of the selected family at which testing upwards stops; None: at none."""
        rows = self.of_selected(self.tests)
        k = stop(dict(zip(rows["k0"].tolist(), rows["decision"].tolist(), strict=True)))
        return None if k is None else rows[rows["k0"] == k].iloc[0]

    def best_by_family(self) -> pd.DataFrame:
        """Return the row of lowest BIC of each covariance family and k, over the normalisers."""
        return by_model(self.best)

    def ends(self) -> pd.DataFrame:
        """Return each run at its largest iteration count, degenerate runs included."""
        return self._ends.copy(deep=False)

    @cached_property
    def _ends(self) -> pd.DataFrame:
        rows = self.fits.sort_values("iteration", kind="stable")
        return rows.drop_duplicates(RUN, keep="last")

    def sound_ends(self) -> pd.DataFrame:
        """Return each sound run at its largest iteration count."""
        rows = self.ends()
        return rows[~rows["degenerate"] & rows["bic"].notna()]

    def snapshots(self, row: pd.Series) -> pd.DataFrame:
        """Return the cells of the run that ``row`` belongs to, by iteration."""
        return rows_at(self.fits, row[RUN]).sort_values("iteration", kind="stable")

    def mixture(self, row: pd.Series) -> Mixture:
        """Return the mixture of the cell that ``row`` names, components in the table's order."""
        return to_mixture(rows_at(self.parameters, row[CELL]))

    def mixtures(self, cells: pd.DataFrame) -> list[Mixture]:
        """Return the mixture of each row of ``cells``."""
        return mixtures(cells[CELL], self.parameters)

    def runs(self, covariance: str, k: int) -> pd.DataFrame:
        """Return the ends of the drawn runs of one family and k, with the selected normaliser."""
        return self.drawn(self._runs(covariance, k))

    def n_hidden(self, covariance: str, k: int) -> int:
        """Return how many further runs there are that are not drawn."""
        rows = self._runs(covariance, k)
        return len(rows) - len(self.drawn(rows))

    def drawn(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return those of some rows of fits whose parameters and trajectory are here."""
        return rows[rows["drawn"]] if "drawn" in rows else rows

    def _runs(self, covariance: str, k: int) -> pd.DataFrame:
        ends, normaliser = self.ends(), self.selected()["normaliser"]
        return rows_at(ends, {"normaliser": normaliser, "covariance": covariance, "k": k})

    def trajectory(self, row: pd.Series) -> npt.NDArray[np.float64]:
        """Return the log-likelihoods of a run after 0, 1, ... iterations; empty if not kept."""
        rows = rows_at(self.trajectories, row[RUN])["log_likelihood"]
        return np.asarray(rows.iloc[0] if len(rows) else [], dtype=np.float64)

    def families(self) -> list[str]:
        """Return the covariance families in the order of the sweep."""
        return [str(name) for name in self.fits["covariance"].unique()]

    def starts(self) -> list[str]:
        """Return the starts in the order of the sweep."""
        return [str(name) for name in self.fits["start"].unique()]

    def groups(self) -> tuple[npt.NDArray[np.int64], list[str]]:
        """Return the true class of each sample (N,) as a number, and the classes' names."""
        import pandas as pd

        if self.labels is None:
            raise ValueError(f"{self.dataset} has no labels")
        if isinstance(self.labels.dtype, pd.CategoricalDtype):
            codes, names = self.labels.cat.codes.to_numpy(), self.labels.cat.categories
        else:
            codes, names = pd.factorize(self.labels, use_na_sentinel=False)
        return np.array(codes, dtype=np.int64), [str(name) for name in names]


def by_model(best: pd.DataFrame) -> pd.DataFrame:
    """Return the row of lowest BIC of each covariance family and K, over the normalisers."""
    rows = best.dropna(subset=["bic"]).sort_values("bic", kind="stable")
    return rows.drop_duplicates(FAMILY_AND_K)

"""An experiment's results back in Python: ``gmmpipe.load("results/tutorial/latest")``."""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gmmpipe import artifacts
from gmmpipe.errors import InputError
from gmmpipe.numerics.mixture import Mixture


class Experiment:
    """One version of an experiment, read from its folder when asked.

    Tables are tidy data frames in original units; their columns are those of the files.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).resolve()
        if not (self.folder / "manifest.json").is_file():
            raise InputError(
                f"{folder}: no finished experiment; give results/<experiment>/latest or a version"
            )

    def __repr__(self) -> str:
        """Name the version and what there is to look at."""
        tables = "fits, best, parameters, trajectories, labels, certificates"
        tables += ", lineage, stability, recovery"
        return f"<Experiment {self.folder.parent.name} {self.folder.name}: {tables}>"

    @cached_property
    def config(self) -> dict[str, Any]:
        """The configuration, every key of it."""
        import yaml

        config: dict[str, Any] = yaml.safe_load(artifacts.read(self.folder / "config.yaml"))
        return config

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Digests of all inputs and artifacts, and the versions of the libraries."""
        manifest: dict[str, Any] = artifacts.read_json(self.folder / "manifest.json")
        return manifest

    @cached_property
    def fits(self) -> pd.DataFrame:
        """One row per cell of the sweep."""
        return self._table("fits")

    @cached_property
    def best(self) -> pd.DataFrame:
        """The best sound cell of each (data set, normaliser, family, k), ranked by BIC."""
        return self._table("best")

    @cached_property
    def parameters(self) -> pd.DataFrame:
        """One row per cell and component: weight, mean (D), covariance_matrix (D * D), start."""
        return self._table("parameters")

    @cached_property
    def trajectories(self) -> pd.DataFrame:
        """One row per fit: the log-likelihood after 0, 1, ... iterations."""
        return self._table("trajectories")

    @cached_property
    def labels(self) -> pd.DataFrame:
        """One row per sample: its component in the selected model, and the true class if known."""
        return self._table("labels")

    @cached_property
    def lineage(self) -> pd.DataFrame:
        """What each component shares with those of the K before, best fit of each family."""
        return self._table("lineage")

    @cached_property
    def stability(self) -> pd.DataFrame:
        """Mean adjusted Rand index between the fits of equal settings, with its error."""
        return self._table("stability")

    @cached_property
    def recovery(self) -> pd.DataFrame:
        """Errors of the best fits of the true K, for data drawn from a known mixture."""
        return self._table("recovery")

    @cached_property
    def certificates(self) -> pd.DataFrame:
        """How often the restarts of each model and start found its best, and what may be left."""
        return self._table("certificates")

    @cached_property
    def bootstrap(self) -> pd.DataFrame:
        """One row per test of k0 against k1 components; ``null`` has the replicates' statistics."""
        return self._table("bootstrap")

    @cached_property
    def intervals(self) -> pd.DataFrame:
        """One row per resampled parameter: estimate, standard error, percentile interval."""
        return self._table("intervals")

    def mixture(self, dataset: str | None = None, **cell: Any) -> Mixture:
        """Return a fitted mixture in original units.

        Without keys: the selected model of the data set (of the only one, if there is one).
        cell: columns of ``best`` that pick another, e.g. ``k=3, covariance="tied"``; of several
        the one ranked first. Raises InputError if there is none.
        """
        rows = self.best if dataset is None else self.best[self.best["dataset"] == dataset]
        for column, value in cell.items():
            if column not in rows.columns:
                raise InputError(f"{column!r} is no column of best: {', '.join(rows.columns)}")
            rows = rows[rows[column] == value]
        if rows.empty:
            raise InputError(f"no sound fit has dataset={dataset!r}, {cell}")
        if dataset is None and rows["dataset"].nunique() > 1:
            names = ", ".join(rows["dataset"].unique())
            raise InputError(f"several data sets ({names}): say which, e.g. dataset='...'")
        for axis in (column for column in rows.columns if "." in column):  # an outer axis
            if axis not in cell and rows[axis].nunique() > 1:
                values = ", ".join(map(str, rows[axis].unique()))
                raise InputError(f"several {axis} ({values}): say which, **{{{axis!r}: ...}}")
        keys = [c for c in self.parameters.columns if c in rows.columns]
        found = (
            rows.sort_values("rank", kind="stable").head(1)[keys].merge(self.parameters, on=keys)
        )
        return to_mixture(found)

    def _table(self, name: str) -> pd.DataFrame:
        path = self.folder / f"tables/{name}.parquet"
        if name in ("bootstrap", "intervals") and not path.exists():
            raise InputError(
                f"{self.folder}: no table {name}; run with bootstrap.replicates=199, say"
            )
        return artifacts.read_frame(path)


def load(folder: str | Path) -> Experiment:
    """Return the experiment in ``folder``, e.g. results/tutorial/latest.

    Raises InputError if no finished version is there.
    """
    return Experiment(folder)


def to_mixture(rows: pd.DataFrame) -> Mixture:
    """Return the mixture of one cell from its rows of ``parameters``."""
    rows = rows.sort_values("component", kind="stable")
    means = np.stack(rows["mean"].to_list())
    k, d = means.shape
    covariances = np.stack(rows["covariance_matrix"].to_list()).reshape(k, d, d)
    return Mixture(rows["weight"].to_numpy(), means, covariances)

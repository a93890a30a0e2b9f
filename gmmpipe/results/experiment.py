"""A version of an experiment in its folder: tables, data and mixtures."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gmmpipe.errors import InputError
from gmmpipe.mixture.affine import Affine
from gmmpipe.mixture.diagnostics.criteria import n_samples
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.results.choice import Runs, chosen
from gmmpipe.results.mixtures import to_mixture, trajectory_of
from gmmpipe.results.notebook import experiment_html
from gmmpipe.results.tables import TABLES
from gmmpipe.results.version_tables import VersionTables
from gmmpipe.store import layout
from gmmpipe.store.entries import Settings
from gmmpipe.store.layout import CONFIG
from gmmpipe.store.manifest import again, arrays_of, manifest_of, refuse_unlisted, version_folder
from gmmpipe.store.names import project_of
from gmmpipe.store.plan import AXES, Plan, fit_of, outer_axes
from gmmpipe.store.validate import refuse_other

if TYPE_CHECKING:
    from gmmpipe.mixture.estimator.gaussian_mixture import GaussianMixture


class StoredExperiment:
    """One version of an experiment: tables and mixtures, read from its folder when asked."""

    fits: pd.DataFrame
    best: pd.DataFrame
    parameters: pd.DataFrame
    trajectories: pd.DataFrame
    labels: pd.DataFrame
    certificates: pd.DataFrame
    lineage: pd.DataFrame
    stability: pd.DataFrame
    recovery: pd.DataFrame
    bootstrap: pd.DataFrame
    intervals: pd.DataFrame
    resamples: pd.DataFrame
    imputed: pd.DataFrame

    def __init__(self, folder: str | Path) -> None:
        self.folder = version_folder(folder)
        _ = self.manifest  # of a newer gmmpipe it is refused at once

    if not TYPE_CHECKING:  # a type checker knows the tables above, and misspelt ones as such

        def __getattr__(self, name: str) -> pd.DataFrame:
            """Return a table, which stays an attribute."""
            if name not in TABLES:
                raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
            frame = self.__dict__[name] = self._tables.frame(name)
            return frame

    def __dir__(self) -> list[str]:
        """Name the tables too."""
        return [*{*super().__dir__(), *TABLES}]

    def __repr__(self) -> str:
        """Name the version and what there is to look at."""
        return f"<Experiment {self.name} {self.version}: {', '.join(self.tables)}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the selected models and what there is to look at."""
        return experiment_html(self.name, self.version, self.fits, self.best, self.tables)

    @property
    def name(self) -> str:
        """The name of the experiment."""
        return str(self.manifest["experiment"])

    @property
    def version(self) -> str:
        """The digest of configuration and input."""
        return str(self.manifest["version"])

    @property
    def tables(self) -> list[str]:
        """The names of the tables that this version has."""
        return self._tables.names

    @property
    def outer(self) -> list[str]:
        """The axes of the sweep that have dotted names, e.g. fit.tol."""
        return outer_axes(self.config["sweep"])

    @property
    def axes(self) -> list[str]:
        """The columns that name a cell: the axes of the sweep."""
        return [column for column in self.best.columns if column in self.config["sweep"]]

    @cached_property
    def config(self) -> dict[str, Any]:
        """The configuration, every key of it."""
        from gmmpipe.store import yaml_file  # which loads yaml

        home = layout.version(self.name, self.version)
        refuse_unlisted(self.folder / CONFIG, self.manifest, f"{home}/{CONFIG}")
        settings = yaml_file.settings(self.folder / CONFIG)
        refuse_other(Settings, settings, f"{self.folder}/{CONFIG}: settings")
        return settings

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Digests of all inputs and artifacts, and the versions of the libraries."""
        return manifest_of(self.folder)

    @cached_property
    def study(self) -> Plan:
        """The plan; raises InputError where the store has lost it."""
        plan = project_of(self.folder) / layout.plan(self.name, self.version)
        if not plan.is_file():
            raise InputError(f"{plan}: the plan of this version is missing; {again()}")
        refuse_unlisted(plan, self.manifest, layout.plan(self.name, self.version))
        return Plan.read(plan)

    @cached_property
    def _tables(self) -> VersionTables:
        return VersionTables(self.folder, self.outer, manifest=self.manifest)

    def frame(self, name: str) -> pd.DataFrame:
        """Return a table that need not be kept.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        DataFrame
            All of it.

        """
        frame: pd.DataFrame = (
            self.__dict__[name] if name in self.__dict__ else self._tables.frame(name)
        )
        return frame

    def stored(self, path: str) -> dict[str, Any]:
        """Return the arrays of an artifact in the store, the very bytes of this version.

        Parameters
        ----------
        path : str
            As in manifest.json.

        Returns
        -------
        dict of str to array
            By the names they have in the artifact.

        Raises
        ------
        InputError
            Where the store has lost it or holds another.

        """
        return arrays_of(project_of(self.folder), self.manifest, path)

    def data(self, dataset: str | None = None, **outer: Any) -> pd.DataFrame:
        """Return a data set in original units, one column a feature, its rows those of ``labels``.

        Parameters
        ----------
        dataset : str, optional
            Its name; may be left out where there is one alone.
        **outer
            Points on outer axes that change the data, e.g. ``**{"dataset.blobs.n": 200}``.

        Returns
        -------
        DataFrame
            Its index is the number ``row`` in the file, from 0: rows left out have none here.

        Raises
        ------
        InputError
            Where none or several are meant, and where the store has lost it.

        """
        wanted = outer if dataset is None else {"dataset": dataset, **outer}
        points = list(self.study.cases())
        cases = {name for name, point in points if wanted.items() <= point.items()}
        if len(cases) != 1:
            every = [", ".join(f"{k}={v}" for k, v in point.items()) for _, point in points]
            what = "several data sets have" if cases else "no data set has"
            raise InputError(f"{what} {wanted}; there are {'; '.join(every)}")
        (name,) = cases
        data_set = self.study.data_sets[name]
        arrays = arrays_of(
            project_of(self.folder),
            self.manifest,
            self.study.stored(name),
            (data_set.n, data_set.d),
            ("x", "features"),
        )
        index = pd.Index(arrays["row"], name="row") if "row" in arrays else None
        return pd.DataFrame(arrays["x"], index, arrays["features"].tolist())

    def mixture(
        self, dataset: str | None = None, *, normalised: bool = False, **cell: Any
    ) -> Mixture:
        """Return a fitted mixture.

        Parameters
        ----------
        dataset : str, optional
            The data set; may be left out where there is one alone.
        normalised : bool, default False
            In the units in which it was fitted, such as min-max; by default in original ones.
        **cell
            Columns of ``best`` that pick a model, e.g. ``k=3, covariance="tied"``; of several the
            one ranked first is returned, by BIC or by ``criterion="icl"``, say. With ``start``,
            ``seed`` or ``iteration`` that run of it, or its snapshot after so many iterations.

        Returns
        -------
        Mixture
            Its arrays count from 0: row i - 1 is component i of the tables.

        Raises
        ------
        InputError
            Where there is none, or it is not said of which data set.

        """
        row = self._chosen(dataset, cell)
        return self.affine(row).map(self.mixture_of(row)) if normalised else self.mixture_of(row)

    def affine(self, row: Mapping[Hashable, Any] | pd.Series) -> Affine:
        """Return the map from original units to those in which a fit was made.

        Parameters
        ----------
        row : Series or mapping
            A row of ``best`` or ``fits``.

        Returns
        -------
        Affine
            Its shift and scale are those of the normaliser.

        Raises
        ------
        InputError
            Where the store has lost it.

        """
        axes = ["dataset", "normaliser", *self.outer]
        for block in self.study.fit_blocks.values():
            if all(block.config.coordinates[axis] == row[axis] for axis in axes):
                arrays = self.stored(self.study.normalised(block.name))
                return Affine(arrays["shift"], arrays["scale"])
        raise InputError(f"{self.study.path}: plans no fit of {row['dataset']}; run it again")

    def mixture_of(self, row: Mapping[Hashable, Any] | pd.Series) -> Mixture:
        """Return the mixture of a row, in original units.

        Parameters
        ----------
        row : Series or mapping
            A row of ``best`` or ``fits``.

        Returns
        -------
        Mixture
            Its arrays count from 0.

        """
        return to_mixture(self.rows("parameters", row))

    def rows(self, table: str, of: Mapping[Any, Any] | pd.Series | pd.DataFrame) -> pd.DataFrame:
        """Return the rows of a table that have the keys of one row, or of several.

        Parameters
        ----------
        table : str
            Name of the table; of a large one no more than these rows are read.
        of : Series, mapping or DataFrame
            A row, or rows, of ``best``, say.

        Returns
        -------
        DataFrame
            With all columns of the table.

        """
        wanted = of if isinstance(of, pd.DataFrame) else pd.DataFrame([dict(of)])
        wanted = wanted[[name for name in map(str, wanted) if name in AXES or "." in name]]
        if table not in self.__dict__ and self._tables.is_large(table):
            return self._tables.rows(table, wanted)
        frame: pd.DataFrame = getattr(self, table)
        keys = [name for name in frame.columns if name in wanted]
        return frame.merge(wanted[keys].drop_duplicates(), on=keys)

    def estimator(self, dataset: str | None = None, **cell: Any) -> GaussianMixture:
        """Return a fitted mixture as an estimator, in original units.

        Parameters
        ----------
        dataset : str, optional
            As in ``mixture``.
        **cell
            As in ``mixture``.

        Returns
        -------
        GaussianMixture
            As if it had been fitted here: ``bic`` of the data is the BIC of the table. Its arrays
            and predictions count components from 0, one less than ``labels``; a sample that is most
            probably noise is predicted to be -1. It knows the features' names while the store has
            the data.

        Notes
        -----
        Where the normaliser took the covariances out of their family (as spherical ones in other
        units are ellipses) its ``covariance_type`` is diag or full.

        """
        from gmmpipe.mixture.estimator.from_mixture import from_mixture

        row = self._chosen(dataset, cell)
        trajectory = trajectory_of(self.rows("trajectories", row))
        model = from_mixture(
            self.mixture_of(row),
            self.config["covariance"][row["covariance"]]["family"],
            n_samples=n_samples(row["bic"], row["log_likelihood"], row["n_parameters"]),
            n_parameters=int(row["n_parameters"]),
            trajectory=trajectory[: int(row["n_iter"]) + 1],
            converged=bool(row["converged"]),
            missing=row.get(
                "fit.missing", fit_of(self.config, dict(row)).get("missing") or "refuse"
            ),
        )
        with suppress(InputError):
            names = self.data(row["dataset"], **{axis: row[axis] for axis in self.outer}).columns
            model.feature_names_in_ = np.asarray(names, dtype=object)
        return model

    def chosen(self, cell: Mapping[str, Any]) -> pd.DataFrame:
        """Return the fit that is meant of each data set and outer point.

        Parameters
        ----------
        cell : mapping
            As in ``mixture``, empty for the selected models.

        Returns
        -------
        DataFrame
            A row for each, with the columns of ``best``.

        Raises
        ------
        InputError
            For a key or a value that is not there, naming those that are.

        """
        return chosen(Runs(self.folder, lambda: self.fits, self.best, self.axes, self.outer), cell)

    def _chosen(self, dataset: str | None, cell: Mapping[str, Any]) -> pd.Series:
        """Return the row that is meant; of several data sets none."""
        rows = self.chosen(dict(cell) if dataset is None else {"dataset": dataset, **cell})
        for axis in ("dataset", *self.outer):
            if rows[axis].nunique() > 1:
                values = ", ".join(map(str, rows[axis].unique()))
                what = "data sets" if axis == "dataset" else axis
                raise InputError(f"several {what} ({values}): say which, **{{{axis!r}: ...}}")
        if rows.empty:
            raise InputError(f"{self.folder}: every fit is degenerate, so no model is selected")
        return rows.iloc[0]

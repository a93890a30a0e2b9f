"""An experiment's results back in Python: ``gmmpipe.load("results/tutorial/latest")``."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gmmpipe.errors import InputError, suggest
from gmmpipe.mixture.diagnostics.criteria import n_samples
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.results import printing
from gmmpipe.results.columns import DEFECTS
from gmmpipe.results.mixtures import rows_at, to_mixture, trajectory_of
from gmmpipe.results.notebook import experiment_html
from gmmpipe.results.tables import TABLES, TableAttributes
from gmmpipe.results.version_tables import VersionTables
from gmmpipe.store import layout
from gmmpipe.store.entries import Settings
from gmmpipe.store.manifest import again, arrays_of, manifest_of, version_folder
from gmmpipe.store.names import project_of
from gmmpipe.store.plan import AXES, Plan
from gmmpipe.store.validate import refuse_other

if TYPE_CHECKING:
    from gmmpipe.mixture.estimator.gaussian_mixture import GaussianMixture


def _attributes() -> str:
    """Return the section on the tables, before the next, which says what is raised."""
    tables = "\n".join(f"{table.name} : DataFrame\n    {table.note}" for table in TABLES.values())
    return f"Attributes\n----------\n{tables}\n\nRaises\n"


class Experiment(TableAttributes):
    """One version of an experiment, read from its folder when asked.

    Parameters
    ----------
    folder : str or Path
        The version's folder, such as results/tutorial/latest.

    Raises
    ------
    InputError
        Where no finished version is there; by an attribute, where the version does not have the
        table.

    Notes
    -----
    Tables are tidy data frames in original units; their columns are those of the files, see
    docs/tables.md. In them components count from 1 (noise is -1); in the arrays of mixtures and
    estimators from 0. Each table is read when first asked for.

    Examples
    --------
    >>> import gmmpipe
    >>> found = gmmpipe.load("results/smoke/latest")
    >>> found.best[["rank", "dataset", "covariance", "k"]].head(1).to_dict("records")
    [{'rank': 1, 'dataset': 'gmm', 'covariance': 'full', 'k': 2}]
    >>> found.mixture().n_components, found.mixture(k=1).n_components
    (2, 1)

    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = version_folder(folder)
        _ = self.manifest  # of a newer gmmpipe it is refused at once

    if not TYPE_CHECKING:  # a type checker knows ``TableAttributes``, and misspelt ones as such

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
        return [axis for axis in self.config["sweep"] if axis not in AXES]

    @cached_property
    def config(self) -> dict[str, Any]:
        """The configuration, every key of it."""
        from gmmpipe.store import yaml_file  # which loads yaml

        settings = yaml_file.settings(self.folder / "config.yaml")
        refuse_other(Settings, settings, f"{self.folder}/config.yaml: settings")
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
        return Plan.read(plan)

    @cached_property
    def _tables(self) -> VersionTables:
        return VersionTables(self.folder, self.outer, manifest=self.manifest)

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
        arrays = self.stored(self.study.stored(*cases))
        index = pd.Index(arrays["row"], name="row") if "row" in arrays else None
        return pd.DataFrame(arrays["x"], index, arrays["features"].tolist())

    def mixture(self, dataset: str | None = None, **cell: Any) -> Mixture:
        """Return a fitted mixture in original units.

        Parameters
        ----------
        dataset : str, optional
            The data set; may be left out where there is one alone.
        **cell
            Columns of ``best`` that pick a model, e.g. ``k=3, covariance="tied"``; of several the
            one ranked first is returned. By default the selected model.

        Returns
        -------
        Mixture
            Its arrays count from 0: row i - 1 is component i of the tables.

        Raises
        ------
        InputError
            Where there is none, or it is not said of which data set.

        """
        return self.mixture_of(self._chosen(dataset, cell))

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
            missing=row.get("fit.missing", self.config["fit"].get("missing", "refuse")),
        )
        with suppress(InputError):
            names = self.data(row["dataset"], **{axis: row[axis] for axis in self.outer}).columns
            model.feature_names_in_ = np.asarray(names, dtype=object)
        return model

    def typeset(
        self,
        table: str,
        form: str = "text",
        *,
        columns: Sequence[str] | None = None,
        rows: int | None = None,
        digits: int = 3,
    ) -> str:
        """Return a table for print.

        Parameters
        ----------
        table : str
            Name of the table.
        form : {"text", "markdown", "latex", "html", "csv", "json"}, default "text"
            latex is for booktabs; csv and json are exact.
        columns : sequence of str, optional
            Which, in this order; by default those that a person reads, for csv and json all
            but `defects`, which `reason` says in words.
        rows : int, optional
            At most so many; by default all.
        digits : int, default 3
            Decimals, see ``printing.cells``.

        Returns
        -------
        str
            The table.

        Raises
        ------
        InputError
            For unknown names, and for less than one row.

        """
        if table not in self.tables:
            raise InputError(suggest(f"{self.folder}: table", table, self.tables))
        if rows is not None and rows < 1:
            raise InputError(f"rows is {rows}; give 1 or more")
        frame = self._tables.frame(table)[:rows]
        if columns is None and form in ("csv", "json"):
            columns = [name for name in map(str, frame) if name != DEFECTS]
        elif columns is None:
            columns = printing.readable(table, frame, self.outer)
        return printing.typeset(printing.selected(table, frame, columns), form, digits)

    def _chosen(self, dataset: str | None, cell: Mapping[str, Any]) -> pd.Series:
        """Return the row of ``best`` that is meant, of several the one ranked first."""
        wanted = dict(cell) if dataset is None else {"dataset": dataset, **cell}
        for column in wanted:
            if column not in self.best:
                raise InputError(suggest("column of best", column, list(self.best.columns)))
        rows = rows_at(self.best, wanted)
        if rows.empty:
            raise InputError(f"no sound fit has dataset={dataset!r}, {dict(cell)}")
        for axis in ("dataset", *self.outer):
            if axis not in wanted and rows[axis].nunique() > 1:
                values = ", ".join(map(str, rows[axis].unique()))
                what = "data sets" if axis == "dataset" else axis
                raise InputError(f"several {what} ({values}): say which, **{{{axis!r}: ...}}")
        return rows.sort_values("rank", kind="stable").iloc[0]


Experiment.__doc__ = cleandoc(Experiment.__doc__ or "").replace("Raises\n", _attributes(), 1)


def load(folder: str | Path) -> Experiment:
    """Return the experiment in a folder.

    Parameters
    ----------
    folder : str or Path
        The version's folder, such as results/tutorial/latest.

    Returns
    -------
    Experiment
        Its tables and mixtures.

    Raises
    ------
    InputError
        Where no finished version is there.

    Examples
    --------
    >>> import gmmpipe
    >>> gmmpipe.load("results/smoke/latest").name
    'smoke'

    """
    return Experiment(folder)

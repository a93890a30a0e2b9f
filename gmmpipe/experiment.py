"""An experiment back in Python: ``gmmpipe.load("results/tutorial/latest")``."""

from __future__ import annotations

from dataclasses import fields
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gmmpipe.errors import InputError, suggest
from gmmpipe.results import printing
from gmmpipe.results.experiment import StoredExperiment
from gmmpipe.results.table_view import View, caption_of, view
from gmmpipe.results.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

VIEWED = [field.name for field in fields(View)]


def _attributes() -> str:
    """Return the section on the tables, before the next, which says what is raised."""
    tables = "\n".join(f"{table.name} : DataFrame\n    {table.note}" for table in TABLES.values())
    return f"Attributes\n----------\n{tables}\n\nRaises\n"


class Experiment(StoredExperiment):
    """One version of an experiment, read from its folder when asked.

    Parameters
    ----------
    folder : str or Path
        The version's folder, or that of the experiment, which means its latest version.

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
    >>> run = gmmpipe.load("results/smoke")
    >>> run.best[["rank", "dataset", "covariance", "k"]].head(1).to_dict("records")
    [{'rank': 1, 'dataset': 'gmm', 'covariance': 'full', 'k': 2}]
    >>> run.mixture().n_components, run.mixture(k=1).n_components
    (2, 1)

    """

    def table(self, name: str, **options: Any) -> pd.DataFrame:
        """Return a table as a person reads it.

        Parameters
        ----------
        name : str
            Name of the table, or winner: weight, mean and standard deviation (sd) of each component
            of the selected model, with standard errors (se) where it was bootstrapped.
        **options
            cell, where, sort, columns, rows, heads, normalised and probabilities, see ``View``.

        Returns
        -------
        DataFrame
            A copy.

        Raises
        ------
        InputError
            For unknown names and values, and for less than one row.

        """
        unknown = next((key for key in options if key not in VIEWED), None)
        if unknown is not None:
            raise InputError(suggest("option of table", unknown, VIEWED))
        return view(self, name, View(**options))

    def typeset(
        self,
        table: str,
        form: str = "text",
        *,
        digits: int = 3,
        caption: str | None = None,
        **options: Any,
    ) -> str:
        """Return a table for print.

        Parameters
        ----------
        table : str
            Name of the table, or winner.
        form : {"text", "markdown", "latex", "html", "csv", "json"}, default "text"
            latex is for booktabs; csv and json are exact.
        digits : int, default 3
            Decimals, see ``printing.cells``.
        caption : str, optional
            Above the table; "" for a sentence on what it shows.
        **options
            As in ``table``; for csv and json all columns are the default.

        Returns
        -------
        str
            The table.

        """
        if form in ("csv", "json") and options.get("columns") is None:
            options["columns"] = ()
        frame = self.table(table, **options)
        if caption == "":
            caption = caption_of(self, table, View(**options), frame)
        return printing.typeset(frame, form, digits, caption)


Experiment.__doc__ = cleandoc(Experiment.__doc__ or "").replace("Raises\n", _attributes(), 1)


def load(folder: str | Path) -> Experiment:
    """Return the experiment in a folder.

    Parameters
    ----------
    folder : str or Path
        The version's folder, or that of the experiment, which means its latest version.

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

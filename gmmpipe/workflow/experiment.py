"""An experiment back in Python: ``gmmpipe.load("results/tutorial/latest")``."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gmmpipe.errors import InputError, suggest
from gmmpipe.figures.render import METADATA
from gmmpipe.results import printing
from gmmpipe.results.experiment import StoredExperiment
from gmmpipe.results.table_view import View, caption_of, view
from gmmpipe.results.tables import TABLES
from gmmpipe.store import artifacts
from gmmpipe.store.names import project_of
from gmmpipe.store.open_files import destination

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

VIEWED = [field.name for field in fields(View)]


def _attributes() -> str:
    """Return the section on the tables, before the next, which says what is raised."""
    tables = "\n".join(f"{table.name} : DataFrame\n    {table.note}" for table in TABLES.values())
    return f"Attributes\n----------\n{tables}\n\nRaises\n"


@dataclass(frozen=True)
class DrawnFigure:
    """A figure of a version: matplotlib's, its caption, and what its files say of its origin."""

    figure: Figure
    caption: str
    dpi: int
    origin: str

    def _repr_png_(self) -> bytes:
        """Return what a notebook shows."""
        return self._content("png")

    def save(self, path: str | Path) -> None:
        """Write the figure to a .png, .svg or .pdf file."""
        self_format = Path(path).suffix.removeprefix(".")
        if self_format not in METADATA:
            raise InputError(suggest("the ending of a figure's file", self_format, [*METADATA]))
        artifacts.write(destination(str(path)), self._content(self_format))

    def _content(self, suffix: str) -> bytes:
        from gmmpipe.figures import render

        return render(self.figure, suffix, self.dpi, self.origin)


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

    def figure(
        self,
        name: str,
        dataset: str | None = None,
        *,
        cell: Mapping[str, Any] | None = None,
        columns: Sequence[str] = (),
        **settings: Any,
    ) -> DrawnFigure:
        """Draw a figure, which a notebook shows; the version is not changed.

        Parameters
        ----------
        name : str
            One of ``gmmpipe list figure``.
        dataset : str, optional
            The data set; may be left out where there is one alone.
        cell : mapping, optional
            Another fit than the selected one, e.g. ``{"k": 3, "seed": 1}``, as in ``mixture``.
        columns : sequence of str, optional
            Only these features; by default all.
        **settings
            Other values of keys of `figures`, e.g. ``sigmas=[2], width="page", dpi=300``.

        Returns
        -------
        DrawnFigure
            With the matplotlib figure, its caption and ``save``.

        Raises
        ------
        InputError
            Where one of these is wrong, or the figure shows nothing there.

        """
        from gmmpipe.config.schema import check_figures
        from gmmpipe.figures import FIGURES
        from gmmpipe.figures.case_tables import style_from
        from gmmpipe.figures.origin import origin_of
        from gmmpipe.figures.redraw import Shown, tables_to_draw

        section = check_figures({**self.config["figures"], **settings})
        wanted = {**(cell or {}), **({} if dataset is None else {"dataset": dataset})}
        with contextlib.chdir(project_of(self.folder)):
            by_case = tables_to_draw(name, self, Shown(wanted, columns))
            if len(by_case) > 1:
                raise InputError(f"{name} is there of {', '.join(by_case)}; give dataset=...")
            (tables,), style = by_case.values(), style_from(section)
            return DrawnFigure(
                FIGURES[name].draw(tables, style),
                FIGURES[name].caption(tables, style),
                section["dpi"],
                str(origin_of(self.study)),
            )

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

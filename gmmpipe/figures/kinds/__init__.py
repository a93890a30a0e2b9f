"""Figures, each a module that is a ``FigureModule``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gmmpipe.figures.movie import Movie
    from gmmpipe.figures.style import Style
    from gmmpipe.results.dataset_tables import DatasetTables


class FigureModule(Protocol):
    """A module that draws one figure; ``FIGURES`` names it.

    Its ``draw`` and ``animate`` are ``styled``: each runs in its style.
    """

    def applies(self, tables: DatasetTables) -> bool:
        """Say whether the tables hold what the figure shows.

        Parameters
        ----------
        tables : DatasetTables
            All of one data set.

        Returns
        -------
        bool
            Without it the figure is left out.

        """

    def caption(self, tables: DatasetTables, style: Style) -> str:
        """Return one or two sentences on what the figure shows.

        Parameters
        ----------
        tables : DatasetTables
            All of one data set.
        style : Style
            In whose language.

        Returns
        -------
        str
            Plain text.

        """

    def draw(self, tables: DatasetTables, style: Style) -> Figure:
        """Return the figure.

        Parameters
        ----------
        tables : DatasetTables
            All of one data set, to which the figure ``applies``.
        style : Style
            Sizes, colours, language.

        Returns
        -------
        matplotlib.figure.Figure
            Made by ``Style.figure``.

        """

    def animate(self, tables: DatasetTables, style: Style) -> Movie:
        """Return the animation; only a figure that moves has one.

        Parameters
        ----------
        tables : DatasetTables
            All of one data set, to which the figure ``applies``.
        style : Style
            Sizes, colours, language.

        Returns
        -------
        Movie
            Its scene, and what each picture has on top.

        """


def load(name: str) -> FigureModule:
    """Return the module of a figure, imported when it is first drawn."""
    return cast(FigureModule, import_module(f"{__name__}.{name}"))

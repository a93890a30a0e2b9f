"""Figures: tables in, a matplotlib figure out, and from there the bytes of a file.

One figure is one module with ``draw(tables, style)``, ``caption(tables, style)`` and
``applies(tables)``. A new figure is such a module and one entry in ``FIGURES`` below. Neither
matplotlib nor pandas is imported before a figure is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gmmpipe.figures.rendering import render
from gmmpipe.figures.style import Style
from gmmpipe.figures.tables import Tables

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FIGURES", "FigureKind", "Style", "Tables", "render"]


@dataclass(frozen=True)
class FigureKind:
    """A kind of figure: its module in this package, its title and its place in the report.

    across: one figure shows all outer points of the sweep, so it is drawn once for a data set.
    """

    module: str
    title: str
    category: str
    across: bool = False

    def draw(self, tables: Tables, style: Style) -> Figure:
        """Return the figure; where ``applies`` says no, the tables lack what it shows."""
        figure: Figure = self._loaded().draw(tables, style)
        return figure

    def caption(self, tables: Tables, style: Style) -> str:
        """Return one or two sentences on what the figure shows, plain text."""
        return str(self._loaded().caption(tables, style))

    def applies(self, tables: Tables) -> bool:
        """Say whether the tables hold what the figure shows."""
        return bool(self._loaded().applies(tables))

    def _loaded(self) -> Any:
        return import_module(f"{__name__}.{self.module}")


FIGURES: dict[str, FigureKind] = {
    "clusters": FigureKind("clusters", "Selected mixture", "Clusters"),
    "bic": FigureKind("bic", "BIC against the number of components", "Selection"),
    "bootstrap": FigureKind("bootstrap", "Bootstrap test of K against K + 1", "Selection"),
    "intervals": FigureKind("intervals", "Bootstrap intervals of parameters", "Selection"),
    "heatmap": FigureKind("heatmap", "The sweep at a glance", "Sweep"),
    "convergence": FigureKind("convergence", "Log-likelihood of every seed", "Convergence"),
    "iterations": FigureKind("iterations", "The mixture as EM goes on", "Convergence"),
    "basins": FigureKind("basins", "Seeds that reach the best optimum", "Convergence"),
    "restarts": FigureKind("restarts", "How far the restarts can be trusted", "Selection"),
    "lineage": FigureKind("lineage", "Which component splits as K grows", "Selection"),
    "stability": FigureKind("stability", "Agreement from seed to seed", "Selection"),
    "recovery": FigureKind("recovery", "Recovery of the true mixture", "Recovery", across=True),
    "tutorial_clusters": FigureKind(
        "tutorial_clusters", "GMM Clustering By EM Algorithm", "Clusters"
    ),
    "sample_data": FigureKind("sample_data", "True groups", "Data"),
}

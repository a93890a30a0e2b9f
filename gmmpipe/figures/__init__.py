"""Figures: tables in, a matplotlib figure out, and from there the bytes of a file.

One figure is one module with ``draw(tables, style)``, ``caption(tables, style)`` and
``applies(tables)``; with ``animate(tables, style)`` too it is also a GIF. A new figure is such a
module, one line in ``FIGURES`` below, and its words in ``chinese``. Neither matplotlib nor pandas
is imported before a figure is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gmmpipe.figures import kinds
from gmmpipe.figures.kinds import FigureModule
from gmmpipe.figures.render import METADATA, render, render_movie
from gmmpipe.figures.style import Style
from gmmpipe.results.dataset_tables import DatasetTables

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gmmpipe.figures.movie import Movie

__all__ = ["FIGURES", "FORMATS", "DatasetTables", "FigureKind", "Style", "render", "render_movie"]

FORMATS = (*METADATA, "gif")


@dataclass(frozen=True)
class FigureKind:
    """A kind of figure: its name, which is that of its module, its title and its category.

    title and category are English, for ``say``. across: one figure shows all
    outer points of the sweep, so it is drawn once for a data set. moves: it is an animation too.
    samples: it shows them. of_model: it shows
    one model, which may be another than the selected one; each that shows samples does.
    """

    name: str
    title: str
    category: str
    across: bool = False
    moves: bool = False
    samples: bool = False
    of_model: bool = False

    def files(
        self,
        tables: DatasetTables,
        style: Style,
        formats: Sequence[str],
        dpi: float = 150,
        origin: str = "",
    ) -> Iterator[tuple[str, bytes]]:
        """Yield (format, content) of the ``FORMATS`` asked for; gif only if the figure moves.

        origin: what the files say of the run that they are of.
        """
        still = [suffix for suffix in formats if suffix != "gif"]
        if still:
            figure = self.draw(tables, style)
            for suffix in still:
                yield suffix, render(figure, suffix, dpi, origin)
        if "gif" in formats and self.moves:
            yield "gif", render_movie(self.animate(tables, style), dpi, origin)

    def draw(self, tables: DatasetTables, style: Style) -> Figure:
        """Return the figure; where ``applies`` says no, the tables lack what it shows."""
        return self._loaded().draw(tables, style)

    def animate(self, tables: DatasetTables, style: Style) -> Movie:
        """Return the animation of a figure that moves, under the same condition."""
        return self._loaded().animate(tables, style)

    def caption(self, tables: DatasetTables, style: Style) -> str:
        """Return one or two sentences on what the figure shows, plain text."""
        text = self._loaded().caption(tables, style)
        if not self.samples or len(tables.x) == tables.n_samples:
            return text
        some = style.say(
            "{n} of {total} samples are shown, drawn at random.",
            n=len(tables.x),
            total=tables.n_samples,
        )
        return style.sentences(text, some)

    def applies(self, tables: DatasetTables) -> bool:
        """Say whether the tables hold what the figure shows."""
        return self._loaded().applies(tables)

    def _loaded(self) -> FigureModule:
        return kinds.load(self.name)


FIGURES = {
    kind.name: kind
    for kind in (
        FigureKind("clusters", "Selected mixture", "Clusters", samples=True),
        FigureKind("density", "Density and responsibilities", "Clusters", samples=True),
        FigureKind("selection", "BIC and ICL against K", "Selection"),
        FigureKind("bootstrap", "Bootstrap test of K against K + 1", "Selection"),
        FigureKind("intervals", "Bootstrap intervals of parameters", "Selection"),
        FigureKind("heatmap", "The sweep at a glance", "Sweep"),
        FigureKind("convergence", "Log-likelihood of every seed", "Convergence", of_model=True),
        FigureKind("iterations", "The mixture during EM", "Convergence", samples=True),
        FigureKind(
            "animation",
            "EM from start to convergence",
            "Convergence",
            moves=True,
            samples=True,
            of_model=True,
        ),
        FigureKind("basins", "Seeds that reach the best optimum", "Convergence"),
        FigureKind("optima", "Optimum reached by each seed", "Convergence"),
        FigureKind("restarts", "Reliability of the restarts", "Selection"),
        FigureKind("lineage", "Component splits as K grows", "Selection"),
        FigureKind("stability", "Agreement from seed to seed", "Selection"),
        FigureKind("agreement", "Pairwise agreement of runs", "Selection", of_model=True),
        FigureKind("recovery", "Recovery of the true mixture", "Recovery", across=True),
        FigureKind(
            "tutorial_clusters",
            "GMM Clustering By EM Algorithm",
            "Clusters",
            samples=True,
            of_model=True,
        ),
        FigureKind("sample_data", "True groups", "Data", samples=True),
    )
}

"""A grid of coloured, annotated cells: covariance family by number of components."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.style import Style
from gmmpipe.results.words.wording import elide

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize

COLOURS = "viridis_r"


def cells(
    axes: Axes, grid: np.ndarray, word: Callable[[float], str], norm: Normalize, room: float
) -> None:
    """Colour one panel and write ``word`` of each value; NaN is hatched.

    room: the width of a cell in millimetres at 7 points; where it is too narrow no cell has words.
    """
    from matplotlib.patches import Rectangle

    axes.pcolormesh(
        np.ma.masked_invalid(grid), norm=norm, cmap=COLOURS, edgecolors="white", linewidth=0.8
    )
    axes.set_ylim(len(grid), 0)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    texts = {place: word(value) for place, value in np.ndenumerate(grid)}
    fits = max(len(text) for text in texts.values()) * 1.55 < room
    for (i, j), text in texts.items():
        if np.isnan(grid[i, j]):
            axes.add_patch(
                Rectangle((j, i), 1, 1, facecolor="0.9", edgecolor="0.6", hatch="////", linewidth=0)
            )
        elif fits:
            axes.text(
                j + 0.5,
                i + 0.5,
                text,
                ha="center",
                va="center",
                color="white" if norm(grid[i, j]) > 0.55 else "black",
            )


def outline(axes: Axes, chosen: tuple[int, int]) -> None:
    """Frame the cell (column, row) of the selected model."""
    from matplotlib.patches import Rectangle

    axes.add_patch(
        Rectangle(
            chosen, 1, 1, fill=False, edgecolor="#CC3311", linewidth=1.6, clip_on=False, zorder=5
        )
    )


def label(
    panels: Sequence[Axes], families: list[str], ks: list[int], style: Style, columns: int = 0
) -> None:
    """Name the rows and columns; of panels in so many columns, by default one or two, the last."""
    step = -(-len(ks) // style.pick(12, 12))
    for axes in panels:
        axes.set_xticks(np.arange(len(ks))[::step] + 0.5, [str(k) for k in ks[::step]])
        axes.set_yticks(np.arange(len(families)) + 0.5, [elide(name, 14) for name in families])
    for axes in panels[-(columns or style.pick(1, 2)) :]:
        axes.set_xlabel(style.say("number of components K"))

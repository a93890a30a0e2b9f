"""Figures of several panels in rows and columns, with names and numbers at the outer edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gmmpipe.figures.style import Style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Panel:
    """The axes of a panel, and whether it is in the first column and at the foot of its own."""

    axes: Axes
    left: bool
    bottom: bool

    def name(self, x: str, y: str) -> None:
        """Name the axes where the panel is at the outer edge."""
        self.axes.set(xlabel=x if self.bottom else "", ylabel=y if self.left else "")


def panel_figure(
    style: Style, n: int, height: tuple[float, float], columns: int = 0, share: str = "xy"
) -> tuple[Figure, list[Panel]]:
    """Return a figure with n panels, row by row.

    height: of the figure without its rows, and of a row, in millimetres. columns: at most, by
    default two or three. share: the axes that all panels have in common, whose numbers stand at the
    outer edges only.
    """
    columns = min(columns or style.pick(2, 3), n)
    rows = -(-n // columns)
    figure = style.figure(height[0] + height[1] * rows)
    panels: list[Panel] = []
    for index in range(n):
        first = panels[0].axes if panels else None
        shared = {f"share{axis}": first for axis in share}
        axes = figure.add_subplot(rows, columns, index + 1, **shared)
        panel = Panel(axes, index % columns == 0, index + columns >= n)
        axes.tick_params(
            labelleft=panel.left or "y" not in share, labelbottom=panel.bottom or "x" not in share
        )
        panels.append(panel)
    return figure, panels

"""Legends below the panels of a figure, and the handles in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gmmpipe.figures.style import MILLIMETRES, Look, Style
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import breadth, elide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.figure import Figure


def marker(look: Look) -> Artist:
    """Return the legend's handle of what is drawn as points."""
    return _handle(color=look.colour, marker=look.marker, linestyle="", markersize=4)


def markers(looks: Iterable[Look]) -> list[Artist]:
    """Return the legend's handles of groups drawn as points."""
    return [marker(look) for look in looks]


def line(look: Look) -> Artist:
    """Return the legend's handle of what is drawn as a solid line."""
    return _handle(color=look.colour, linewidth=1.2)


def dashed_line(look: Look) -> Artist:
    """Return the legend's handle of what is drawn as a line with the dashes of its look."""
    return _handle(color=look.colour, linewidth=1.3, dashes=look.dashes[1] or (None, None))


def _handle(**properties: Any) -> Artist:
    from matplotlib.lines import Line2D

    return Line2D([], [], **properties)


def start_looks(tables: DatasetTables, style: Style) -> dict[str, Look]:
    """Return the look of each start, in the order of the sweep."""
    return {start: style.series(index) for index, start in enumerate(tables.starts())}


def legend_of_starts(
    figure: Figure, style: Style, looks: Mapping[str, Look], handle: Callable[[Look], Artist]
) -> None:
    """Put a legend of starts below the axes; ``handle`` makes that of each look."""
    texts = [style.say("start: {start}", start=elide(start, 16)) for start in looks]
    legend_below(figure, style, [handle(look) for look in looks.values()], texts)


def legend_below(
    figure: Figure, style: Style, handles: Sequence[Artist], texts: Sequence[str], title: str = ""
) -> None:
    """Put a legend below the axes, in as many columns as fit; the figure grows with its rows."""
    em = style.font_size / 72 * 25.4  # millimetres
    widest = 0.5 * em * max(map(breadth, texts)) + 3.3 * em
    columns = max(1, int((MILLIMETRES[style.width] - 6) / widest))
    rows = -(-len(texts) // columns)
    figure.legend(
        handles=list(handles),
        labels=list(texts),
        loc="outside lower center",
        ncols=-(-len(texts) // rows),
        title=title or None,
    )
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + (rows - 1) * 1.55 * em / 25.4)

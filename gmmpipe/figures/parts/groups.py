"""Groups of samples as the EM tutorial plots them, and the table of two such groupings."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmpipe.figures.parts.ellipses import frame
from gmmpipe.figures.parts.grid import cells
from gmmpipe.figures.parts.legends import markers
from gmmpipe.figures.parts.projection import plane
from gmmpipe.figures.parts.scatter import Groups, draw_points, draw_stacks, name_axes
from gmmpipe.figures.style import Look, Style
from gmmpipe.mixture.diagnostics.matching import assign, overlap_of_labels
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import elide

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_groups(
    axes: Axes, tables: DatasetTables, style: Style, groups: Groups, mixture: Mixture
) -> tuple[list[Any], list[str]]:
    """Draw ``groups`` in the axes that show ``mixture``; return the legend's handles and texts."""
    x = tables.x.to_numpy(float)
    if len(tables.features) == 1:
        handles: list[Any] = [*draw_stacks(axes, x[:, 0], groups)]
        name_axes(axes, (tables.features[0], style.say("samples")), style)
    else:
        handles = markers(groups.looks)
        view = plane(tables.features, mixture, style)
        draw_points(axes, view.points(x), groups, style)
        frame(axes, view.points(x), view.mixture(mixture), max(style.sigmas))
        name_axes(axes, view.labels, style)
    counts = np.bincount(groups.codes[groups.codes >= 0], minlength=len(groups.names))
    texts = [f"{elide(name, 20)} ({n})" for name, n in zip(groups.names, counts, strict=True)]
    return handles, texts


def cross_table(groups: Groups, components: Groups) -> Array:
    """Return how many samples are in each group and each component."""
    k, other = len(groups.names), len(components.names)
    return overlap_of_labels(groups.codes, components.codes, k, other)


def matched_looks(table: Array, style: Style) -> list[Look]:
    """Return the looks of groups: each that of the component (column) matched to it.

    Matched one to one, so that most samples agree; groups that share none with what is left for
    them get looks that no component has.
    """
    partner = assign(table)
    free = itertools.count(table.shape[1])
    return [
        style.component(int(other) if other >= 0 and row[other] > 0 else next(free))
        for row, other in zip(table, partner, strict=True)
    ]


def draw_cross_table(axes: Axes, groups: Groups, components: Groups, style: Style) -> None:
    """Draw how many samples ``groups`` (rows) and ``components`` share, names in their colours."""
    from matplotlib.colors import Normalize

    table = cross_table(groups, components)
    room = style.pick(55.0, 50.0) / table.shape[1] / style.font_size * 7
    cells(axes, table, lambda value: f"{value:.0f}", Normalize(0, max(table.max(), 1)), room)
    sides = ((axes.yaxis, groups), (axes.xaxis, components))
    for axis, side in sides:
        names = [elide(name, style.pick(8, 14)) for name in side.names]
        axis.set_ticks(np.arange(len(names)) + 0.5, names)
        for text, look in zip(axis.get_ticklabels(), side.looks, strict=True):
            text.set_color(look.colour)
    axes.set_xlabel(style.say("component"))
    axes.set_ylabel(style.say("true group"))

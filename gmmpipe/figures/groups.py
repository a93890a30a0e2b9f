"""Groups of samples as the EM tutorial plots them: plain markers, a title and a legend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gmmpipe.figures.ellipses import frame
from gmmpipe.figures.projection import plane
from gmmpipe.figures.scatter import (
    Groups,
    draw_points,
    draw_stacks,
    legend_below,
    markers,
    name_axes,
)
from gmmpipe.figures.wording import elide

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gmmpipe.figures.style import Style
    from gmmpipe.figures.tables import Tables
    from gmmpipe.numerics.mixture import Mixture


def draw_groups(tables: Tables, style: Style, groups: Groups, mixture: Mixture) -> Figure:
    """Return the figure of ``groups``, projected to show ``mixture`` where D > 2."""
    figure = style.figure(style.pick(72, 110))
    axes = figure.add_subplot()
    x = tables.x.to_numpy(float)
    if len(tables.features) == 1:
        handles: list[Any] = [*draw_stacks(axes, x[:, 0], groups)]
        name_axes(axes, (tables.features[0], style.say("samples")), style)
    else:
        handles = markers(groups.looks)
        view = plane(tables.features, mixture, style)
        draw_points(axes, view.points(x), groups, style)
        frame(axes, view.points(x))
        name_axes(axes, view.labels, style)
    counts = np.bincount(groups.codes[groups.codes >= 0], minlength=len(groups.names))
    texts = [f"{elide(name, 20)} ({n})" for name, n in zip(groups.names, counts, strict=True)]
    legend_below(figure, style, handles, texts)
    return figure

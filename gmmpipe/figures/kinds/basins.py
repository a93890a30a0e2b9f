"""How many seeds reached the best optimum after how many iterations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.parts.runs import (
    ModelRuns,
    common,
    left_out,
    models,
    not_drawn,
    not_finished,
    runs_of,
)
from gmmpipe.figures.parts.scatter import legend_below
from gmmpipe.figures.style import Style, styled
from gmmpipe.mixture.diagnostics.restarts import NATS
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import elide, iteration_axis, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D


def applies(tables: DatasetTables) -> bool:
    """Say whether any model was fitted by several runs whose trajectories were kept."""
    return tables.has_selection and len(_panels(tables)) > 0


def caption(tables: DatasetTables, style: Style) -> str:
    """Return what counts as reached, and of what share."""
    panels = _panels(tables)
    text = style.say(
        "{dataset}, {fixed}: share of the runs of each start whose log-likelihood is within {nats}"
        " nats of the best maximum found ({optima} nats).",
        nats=number(NATS, 2),
        dataset=tables.dataset,
        fixed=common(tables),
        optima="; ".join(f"{title}: {number(runs.best, 3)}" for title, runs in panels),
    )
    return style.sentences(
        text,
        not_finished(sum(runs.n_open for _, runs in panels), style),
        left_out(sum(runs.n_degenerate for _, runs in panels), style),
        not_drawn(tables, ((family, k) for _, family, k in models(tables)), style),
    )


@styled
def draw(tables: DatasetTables, style: Style) -> Figure:
    """Return the share of runs at the best optimum against iteration, by start."""
    panels, starts = _panels(tables), tables.starts()
    columns = min(style.pick(2, 3), len(panels))
    rows = -(-len(panels) // columns)
    figure = style.figure(style.pick(24, 28) + style.pick(36, 46) * rows)
    figure.suptitle(style.title(tables.dataset, f": {common(tables)}"))
    largest = max(len(values) for _, runs in panels for values in runs.trajectories)
    first = None
    for index, (title, runs) in enumerate(panels):
        axes = figure.add_subplot(rows, columns, index + 1, sharex=first, sharey=first)
        first = first or axes
        for start in dict.fromkeys(runs.starts):
            look = style.series(starts.index(start))
            share = 100 * runs.reached(start, largest, NATS) / runs.starts.count(start)
            axes.plot(
                np.arange(1, largest + 1),
                share,
                color=look.colour,
                linewidth=1.3,
                dashes=look.dashes[1] or (None, None),
                marker="." if largest == 1 else "",
            )
        unfinished = style.say("{title} ({n} not finished)", title=title, n=runs.n_open)
        axes.set_title(unfinished if runs.n_open else title)
        outer = (index % columns == 0, index + columns >= len(panels))
        _label(axes, largest, outer, style)
    legend_below(
        figure,
        style,
        [_line(style, index) for index in range(len(starts))],
        [style.say("start: {start}", start=elide(start, 16)) for start in starts],
    )
    return figure


def _label(axes: Axes, largest: int, outer: tuple[bool, bool], style: Style) -> None:
    axes.margins(x=0.03)
    axes.set(ylim=(-4, 104), yticks=(0, 25, 50, 75, 100))
    iteration_axis(axes, largest, narrow=True)
    axes.tick_params(labelleft=outer[0], labelbottom=outer[1])
    if outer[0]:
        axes.set_ylabel(style.say("runs at the best (%)"))
    if outer[1]:
        axes.set_xlabel(style.say("iteration"))


def _line(style: Style, index: int) -> Line2D:
    from matplotlib.lines import Line2D

    look = style.series(index)
    return Line2D([], [], color=look.colour, linewidth=1.3, dashes=look.dashes[1] or (None, None))


def _panels(tables: DatasetTables) -> list[tuple[str, ModelRuns]]:
    """Return title and runs of each panel that has several."""
    normaliser = tables.selected()["normaliser"]
    every = [(title, runs_of(tables, name, k, normaliser)) for title, name, k in models(tables)]
    return [(title, runs) for title, runs in every if len(runs.trajectories) > 1]

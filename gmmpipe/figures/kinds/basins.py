"""How many seeds reached the best optimum after how many iterations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.parts.legends import dashed_line, legend_of_starts, start_looks
from gmmpipe.figures.parts.panels import panel_figure
from gmmpipe.figures.parts.runs import (
    ModelRuns,
    common,
    left_out,
    models,
    not_drawn,
    not_finished,
    runs_of,
)
from gmmpipe.figures.style import Style, styled
from gmmpipe.mixture.diagnostics.restarts import NATS
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import iteration_axis, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
    panels, looks = _panels(tables), start_looks(tables, style)
    figure, grid = panel_figure(style, len(panels), style.pick((24, 36), (28, 46)))
    figure.suptitle(style.title(tables.dataset, f": {common(tables)}"))
    largest = max(len(values) for _, runs in panels for values in runs.trajectories)
    for panel, (title, runs) in zip(grid, panels, strict=True):
        axes = panel.axes
        for start in dict.fromkeys(runs.starts):
            look = looks[start]
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
        axes.margins(x=0.03)
        axes.set(ylim=(-4, 104), yticks=(0, 25, 50, 75, 100))
        iteration_axis(axes, largest, narrow=True)
        panel.name(style.say("iteration"), style.say("runs at the best (%)"))
    legend_of_starts(figure, style, looks, dashed_line)
    return figure


def _panels(tables: DatasetTables) -> list[tuple[str, ModelRuns]]:
    """Return title and runs of each panel that has several."""
    normaliser = tables.selected()["normaliser"]
    every = [(title, runs_of(tables, name, k, normaliser)) for title, name, k in models(tables)]
    return [(title, runs) for title, runs in every if len(runs.trajectories) > 1]

"""Log-likelihood against iteration, a line for each seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.parts.legends import legend_of_starts, line, start_looks
from gmmpipe.figures.parts.runs import ModelRuns, left_out, not_drawn, runs_of
from gmmpipe.figures.style import Style, styled
from gmmpipe.mixture.mixture import Array
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import iterations_from_start, model, number, powers_of_ten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FLOOR = 1e-8  # nats; below it the gap is rounding


def applies(tables: DatasetTables) -> bool:
    """Say whether a run of the selected model gained anything after its first iteration."""
    if not tables.has_selection:
        return False
    return any(values[-1] - values[0] > FLOOR for values in _runs(tables).trajectories)


def caption(tables: DatasetTables, style: Style) -> str:
    """Return what the lines are and where the best optimum lies."""
    runs, row = _runs(tables), tables.selected()
    text = style.say(
        "{dataset}, {model}: log-likelihood at the start (0) and after each iteration, one line"
        " for each of {n} runs, and the gap to the best optimum, {best} nats (gaps of converged"
        " runs below 10⁻⁸ nats are drawn at 10⁻⁸).",
        dataset=tables.dataset,
        model=model(row),
        n=len(runs.trajectories),
        best=number(runs.best, 3),
    )
    hidden = not_drawn(tables, [(row["covariance"], row["k"])], style)
    below = np.min(runs.origins) < _edge(runs)
    starts = style.say("Triangles: starts whose log-likelihood lies below the panel.")
    rest = (left_out(runs.n_degenerate, style), hidden)
    return style.sentences(text, starts if below else "", *rest)


@styled
def draw(tables: DatasetTables, style: Style) -> Figure:
    """Return log-likelihood and log gap to the best optimum of the selected family and K."""
    runs, row, looks = _runs(tables), tables.selected(), start_looks(tables, style)
    figure = style.figure(style.pick(105, 72))
    figure.suptitle(style.title(tables.dataset, f": {model(row)}"))
    upper, lower = figure.subplots(*style.pick((2, 1), (1, 2)), sharex=True)
    opacity = min(0.75, 5 / len(runs.starts) ** 0.5)  # many lines shade each other
    edge = _edge(runs)
    for start, origin, after in zip(runs.starts, runs.origins, runs.trajectories, strict=True):
        look, values = looks[start], np.append(origin, after)
        iterations = np.arange(len(values))
        drawing = {"color": look.colour, "linewidth": 0.8, "alpha": opacity}
        drawing["marker"] = "." if len(values) <= 4 else ""
        upper.plot(iterations, values, **drawing)
        lower.plot(iterations, _gap(runs.best, values), **drawing)
        if origin < edge:
            upper.plot(0, edge, "v", color=look.colour, markersize=3.5, clip_on=False, zorder=4)
    _label(upper, lower, runs, style)
    drawn = {start: look for start, look in looks.items() if start in runs.starts}
    legend_of_starts(figure, style, drawn, line)
    return figure


def _label(upper: Axes, lower: Axes, runs: ModelRuns, style: Style) -> None:
    largest = max(len(values) for values in runs.trajectories)
    lower.set_yscale("log")
    powers_of_ten(lower.yaxis, 7)
    if lower.dataLim.y0 <= FLOOR:
        lower.set_ylim(bottom=FLOOR / 2)
    if min(runs.origins) < (edge := _edge(runs)):
        upper.set_ylim(bottom=edge)
    for axes in (upper, lower):
        axes.margins(x=0.03)
        iterations_from_start(axes, largest)
    upper.set(ylabel=style.say("log-likelihood (nats)"))
    lower.set(ylabel=style.say("gap to the best (nats)"), xlabel=style.say("iteration"))
    if style.width == "page":
        upper.set(xlabel=style.say("iteration"))


def _runs(tables: DatasetTables) -> ModelRuns:
    """Return the runs of the selected family, K and normaliser."""
    row = tables.selected()
    return runs_of(tables, row["covariance"], row["k"], row["normaliser"])


def _edge(runs: ModelRuns) -> float:
    """Return where the panel ends below: under what follows the starts, which would flatten it."""
    after = np.concatenate(runs.trajectories)
    room = max(float(after.max() - after.min()), 1e-3)
    return float(after.min()) - room


def _gap(best: float, values: Array) -> Array:
    """Return the gap to ``best``; not drawn where it only vanishes because the run stops there."""
    gap = np.maximum(best - values, FLOOR)
    if len(values) > 1 and values[-1] - values[-2] > FLOOR:
        gap[gap <= FLOOR] = np.nan
    return gap

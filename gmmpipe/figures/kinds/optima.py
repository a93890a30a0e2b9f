"""Which seeds fell into which optimum: a mark for each run, a line for each optimum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmpipe.figures.parts.runs import (
    common,
    is_open,
    left_out,
    limits,
    models,
    not_drawn,
    optimum_of,
)
from gmmpipe.figures.parts.scatter import legend_below
from gmmpipe.figures.style import Style, styled
from gmmpipe.mixture.diagnostics.restarts import DEGENERATE, NATS
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import elide, number

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from gmmpipe.mixture.mixture import Array

LINEAR = 0.1  # nats; a smaller gap is drawn to scale, a larger one on a logarithmic axis
APART = 0.1  # of the height of a panel, between two counts beside it


@dataclass(frozen=True)
class Panel:
    """The runs of one model: ``which`` optimum each finished one (R,) fell into, 0 being the best.

    gap (R,): how far that optimum is below the best, nats, 0 where log-likelihoods are equal.
    short: the runs that end at no maximum, with their ``gap``; lost: the degenerate ones.
    """

    title: str
    runs: pd.DataFrame
    short: pd.DataFrame
    lost: pd.DataFrame
    which: npt.NDArray[np.int64]
    gap: Array


def applies(tables: DatasetTables) -> bool:
    """Say whether several runs of a model are at a maximum."""
    return tables.has_selection and any(len(p.runs) > 1 for p in _panels(tables))


def caption(tables: DatasetTables, style: Style) -> str:
    """Return what the marks, lines and numbers are."""
    panels = _panels(tables)
    lost = sum(len(panel.lost) for panel in panels)
    text = style.say(
        "{dataset}, {fixed}: the optimum that each run ended in, by how far it lies below the best"
        " one found (0). Lines: distinct optima ({counts}), with the number of runs that found"
        " them; log-likelihoods within {nats} nats and alike mixtures are one.",
        dataset=tables.dataset,
        fixed=common(tables),
        counts="; ".join(f"{panel.title}: {panel.which.max() + 1}" for panel in panels),
        nats=number(NATS, 2),
    )
    crosses = style.say("Crosses at the top: degenerate runs.")
    short = sum(len(panel.short) for panel in panels)
    hollow = style.say(
        "Hollow: {n} runs that ended at no maximum (unfinished, or at a saddle).", n=short
    )
    hidden = not_drawn(tables, ((family, k) for _, family, k in models(tables)), style)
    return style.sentences(
        text, left_out(lost, style), crosses if lost else "", hollow if short else "", hidden
    )


@styled
def draw(tables: DatasetTables, style: Style) -> Figure:
    """Return gap to the best against seed, one panel for each K or family."""
    panels, starts = _panels(tables), tables.starts()
    columns = min(style.pick(2, 3), len(panels))
    rows = -(-len(panels) // columns)
    figure = style.figure(style.pick(24, 28) + style.pick(38, 46) * rows)
    figure.suptitle(style.title(tables.dataset, f": {common(tables)}"))
    grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    largest = max(float(gap) for panel in panels for gap in (*panel.gap, *panel.short["gap"]))
    _scale(grid[0], max(largest, 1.0), tables.fits["seed"].to_numpy(int))
    for index, (axes, panel) in enumerate(zip(grid, panels, strict=False)):
        for number_, start in enumerate(starts):
            _draw_start(axes, panel, start, (number_, len(starts)), style)
        _count(axes, panel)
        axes.set_title(panel.title)
        outer = (index % columns == 0, index + columns >= len(panels))
        axes.tick_params(labelleft=outer[0], labelbottom=outer[1])
        axes.set_xlabel(style.say("seed") if outer[1] else "")
        axes.set_ylabel(style.say("below the best (nats)") if outer[0] else "")
    for empty in grid[len(panels) :]:
        empty.remove()
    handles = [_mark(style, index) for index in range(len(starts))]
    texts = [style.say("start: {start}", start=elide(start, 16)) for start in starts]
    legend_below(figure, style, handles, texts)
    return figure


def _scale(axes: Axes, largest: float, seeds: npt.NDArray[np.int64]) -> None:
    """Set both axes, which all panels share: linear up to ``LINEAR``, then logarithmic."""
    from matplotlib.ticker import MaxNLocator, NullLocator

    axes.set_yscale("symlog", linthresh=LINEAR, linscale=0.4)
    last = int(np.ceil(np.log10(largest)))
    decades = range(-1 if last < 3 else 0, last + 1)  # the first must not lie on the 0
    ticks = [10.0**decade for decade in decades[:: -(-len(decades) // 6)]]
    axes.set_yticks([0.0, *ticks], ["0", *(f"{tick:g}" for tick in ticks)])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(-0.05, 2.5 * largest)
    margin = 0.04 * max(float(np.ptp(seeds)), 1.0) + 0.4
    axes.set_xlim(seeds.min() - margin, seeds.max() + margin)
    room = 4 if seeds.max() < 10_000 else 2
    axes.xaxis.set_major_locator(MaxNLocator(nbins=room, integer=True))


def _draw_start(axes: Axes, panel: Panel, start: str, place: tuple[int, int], style: Style) -> None:
    """Draw the runs of one start, beside those of the others with the same seed."""
    (index, n), look = place, style.series(place[0])
    shift = 0.0 if n == 1 else 0.5 * (index / (n - 1) - 0.5)
    mine = (panel.runs["start"] == start).to_numpy(bool)
    marks: dict[str, Any] = {"color": look.colour, "linestyle": "", "clip_on": False}
    size = 3.2 if len(panel.runs) <= 200 else 1.8
    axes.plot(
        panel.runs["seed"][mine] + shift,
        panel.gap[mine],
        marker=look.marker,
        markersize=size,
        markeredgewidth=0,
        zorder=3,
        rasterized=len(panel.runs) > 2000,
        **marks,
    )
    short = panel.short[panel.short["start"] == start]
    if len(short):
        hollow = {"marker": look.marker, "markerfacecolor": "none", "zorder": 2}
        axes.plot(short["seed"] + shift, short["gap"], markersize=size, **(marks | hollow))
    lost = panel.lost[panel.lost["start"] == start]
    if len(lost):
        marks |= {"marker": "x", "transform": axes.get_xaxis_transform()}
        axes.plot(lost["seed"] + shift, np.ones(len(lost)), markersize=size, **marks)


def _count(axes: Axes, panel: Panel) -> None:
    """Draw a line for each optimum, and beside it, where there is room, how many runs found it."""
    times, taken = np.bincount(panel.which), list[float]()
    for optimum in np.lexsort((np.arange(len(times)), -times)).tolist():
        gap = float(panel.gap[panel.which == optimum][0])
        axes.axhline(gap, color="0.8", linewidth=0.5, zorder=1)
        height = float(axes.transLimits.transform(axes.transScale.transform((0.0, gap)))[1])
        if all(abs(height - other) >= APART for other in taken):
            taken.append(height)
            side = axes.get_yaxis_transform()
            axes.text(1.02, gap, f"{times[optimum]}", transform=side, va="center", color="0.3")


def _mark(style: Style, index: int) -> Any:
    from matplotlib.lines import Line2D

    look = style.series(index)
    return Line2D([], [], color=look.colour, marker=look.marker, linestyle="", markersize=4)


def _panels(tables: DatasetTables) -> list[Panel]:
    """Return the panels of which a run is at a maximum."""
    panels = []
    for title, family, k in models(tables):
        ends = tables.runs(family, k)
        ends = ends.assign(end_value=limits(ends))
        lost = (ends["degenerate"] | ends["bic"].isna()).to_numpy(bool)
        if "end" in ends:
            lost = lost | (ends["end"] == DEGENERATE).to_numpy(bool)
        short = is_open(ends) & ~lost
        runs = ends[~lost & ~short]
        if runs.empty:
            continue
        values, which = runs["end_value"].to_numpy(float), optimum_of(tables, runs)
        best = np.array([values[which == index].max() for index in range(which.max() + 1)])
        beside = ends[short].assign(gap=np.maximum(best.max() - ends["end_value"][short], 0))
        gap = (best.max() - best)[which]
        panels.append(Panel(title, runs, beside, ends[lost], which, gap))
    return panels

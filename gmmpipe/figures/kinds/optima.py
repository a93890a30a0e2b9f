"""Which seeds fell into which optimum: a mark for each run, a line for each optimum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmpipe.figures.parts.legends import legend_of_starts, marker, start_looks
from gmmpipe.figures.parts.panels import panel_figure
from gmmpipe.figures.parts.runs import (
    common,
    is_open,
    left_out,
    limits,
    models,
    not_drawn,
    optimum_of,
)
from gmmpipe.figures.style import Look, Style, styled
from gmmpipe.mixture.diagnostics.restarts import DEGENERATE, NATS
from gmmpipe.mixture.mixture import Array
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import number

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINEAR = 0.1  # nats; a smaller gap is drawn to scale, a larger one on a logarithmic axis
APART = 0.1  # of the height of a panel, between two counts beside it


@dataclass(frozen=True)
class Panel:
    """The runs of one model: ``which`` optimum each finished one (R,) fell into, 0 being the best.

    gap (R,): how far that optimum is below the best, nats, 0 where log-likelihoods are equal.
    unfinished: the runs that end at no maximum, with their ``gap``; degenerate: the others.
    """

    title: str
    runs: pd.DataFrame
    unfinished: pd.DataFrame
    degenerate: pd.DataFrame
    which: npt.NDArray[np.int64]
    gap: Array


def applies(tables: DatasetTables) -> bool:
    """Say whether several runs of a model are at a maximum."""
    return tables.has_selection and any(len(p.runs) > 1 for p in _panels(tables))


def caption(tables: DatasetTables, style: Style) -> str:
    """Return what the marks, lines and numbers are."""
    panels = _panels(tables)
    n_degenerate = sum(len(panel.degenerate) for panel in panels)
    text = style.say(
        "{dataset}, {fixed}: the optimum that each run ended in, as its distance below the best"
        " one found (0). Lines: distinct optima ({counts}), with the number of runs that found"
        " them; similar mixtures with log-likelihoods within {nats} nats count as one.",
        dataset=tables.dataset,
        fixed=common(tables),
        counts="; ".join(f"{panel.title}: {panel.which.max() + 1}" for panel in panels),
        nats=number(NATS, 2),
    )
    crosses = style.say("Crosses at the top: degenerate runs.")
    n_unfinished = sum(len(panel.unfinished) for panel in panels)
    hollow = style.say(
        "Hollow: {n} runs that did not end at a maximum (unfinished, or at a saddle).",
        n=n_unfinished,
    )
    hidden = not_drawn(tables, ((family, k) for _, family, k in models(tables)), style)
    return style.sentences(
        text,
        left_out(n_degenerate, style),
        crosses if n_degenerate else "",
        hollow if n_unfinished else "",
        hidden,
    )


@styled
def draw(tables: DatasetTables, style: Style) -> Figure:
    """Return gap to the best against seed, one panel for each K or family."""
    panels, looks = _panels(tables), start_looks(tables, style)
    figure, grid = panel_figure(style, len(panels), style.pick((24, 38), (28, 46)))
    figure.suptitle(style.title(tables.dataset, f": {common(tables)}"))
    largest = max(float(gap) for panel in panels for gap in (*panel.gap, *panel.unfinished["gap"]))
    _scale(grid[0].axes, max(largest, 1.0), tables.fits["seed"].to_numpy(int))
    shifts = [0.0] if len(looks) == 1 else np.linspace(-0.25, 0.25, len(looks)).tolist()
    for place, panel in zip(grid, panels, strict=True):
        for (start, look), shift in zip(looks.items(), shifts, strict=True):
            _draw_start(place.axes, panel, start, look, shift)
        _count(place.axes, panel)
        place.axes.set_title(panel.title)
        place.name(style.say("seed"), style.say("below the best (nats)"))
    legend_of_starts(figure, style, looks, marker)
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


def _draw_start(axes: Axes, panel: Panel, start: str, look: Look, shift: float) -> None:
    """Draw the runs of one start, shifted beside those of the others with the same seed."""
    chosen = (panel.runs["start"] == start).to_numpy(bool)
    marks: dict[str, Any] = {"color": look.colour, "linestyle": "", "clip_on": False}
    size = 3.2 if len(panel.runs) <= 200 else 1.8
    axes.plot(
        panel.runs["seed"][chosen] + shift,
        panel.gap[chosen],
        marker=look.marker,
        markersize=size,
        markeredgewidth=0,
        zorder=3,
        rasterized=len(panel.runs) > 2000,
        **marks,
    )
    unfinished = panel.unfinished[panel.unfinished["start"] == start]
    if len(unfinished):
        hollow = {"marker": look.marker, "markerfacecolor": "none", "zorder": 2}
        axes.plot(
            unfinished["seed"] + shift, unfinished["gap"], markersize=size, **(marks | hollow)
        )
    degenerate = panel.degenerate[panel.degenerate["start"] == start]
    if len(degenerate):
        marks |= {"marker": "x", "transform": axes.get_xaxis_transform()}
        axes.plot(degenerate["seed"] + shift, np.ones(len(degenerate)), markersize=size, **marks)


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


def _panels(tables: DatasetTables) -> list[Panel]:
    """Return the panels of which a run is at a maximum."""
    panels = []
    for title, family, k in models(tables):
        ends = tables.runs(family, k)
        ends = ends.assign(end_value=limits(ends))
        is_degenerate = (ends["degenerate"] | ends["bic"].isna()).to_numpy(bool)
        if "end" in ends:
            is_degenerate = is_degenerate | (ends["end"] == DEGENERATE).to_numpy(bool)
        is_unfinished = is_open(ends) & ~is_degenerate
        runs = ends[~is_degenerate & ~is_unfinished]
        if runs.empty:
            continue
        values, which = runs["end_value"].to_numpy(float), optimum_of(tables, runs)
        best = np.array([values[which == index].max() for index in range(which.max() + 1)])
        unfinished = ends[is_unfinished].assign(
            gap=np.maximum(best.max() - ends["end_value"][is_unfinished], 0)
        )
        gap = (best.max() - best)[which]
        panels.append(Panel(title, runs, unfinished, ends[is_degenerate], which, gap))
    return panels

"""How many seeds reached the best optimum after how many iterations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.optima import Optimum, runs_of
from gmmpipe.figures.scatter import legend_below
from gmmpipe.figures.style import Style, styled
from gmmpipe.figures.tables import Tables
from gmmpipe.figures.wording import elide, iteration_axis, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

TOLERANCE = 1e-3  # nats
MOST_PANELS = 6


def applies(tables: Tables) -> bool:
    """Say whether any model was fitted by several runs whose trajectories were kept."""
    return tables.has_selection and len(_panels(tables)) > 0


def caption(tables: Tables, style: Style) -> str:
    """Return what counts as reached, and of what share."""
    del style
    panels = _panels(tables)
    optima = "; ".join(f"{title}: {number(runs.best, 3)}" for title, runs in panels)
    text = (
        f"{tables.dataset}, {_fixed(tables)}: share of the runs of each start whose"
        f" log-likelihood is within 10⁻³ nats of the best that any run reached ({optima} nats)."
    )
    if any(runs.rising for _, runs in panels):
        text += " Still rising: the best run had not converged, so no optimum is known."
    n_degenerate = sum(runs.n_degenerate for _, runs in panels)
    if n_degenerate:
        text += f" {n_degenerate} degenerate runs are left out."
    return text


@styled
def draw(tables: Tables, style: Style) -> Figure:
    """Return the share of runs at the best optimum against iteration, by start."""
    panels, starts = _panels(tables), tables.starts()
    columns = min(style.pick(2, 3), len(panels))
    rows = -(-len(panels) // columns)
    figure = style.figure(style.pick(24, 28) + style.pick(36, 46) * rows)
    figure.suptitle(style.title(tables.dataset, f": {_fixed(tables)}"))
    largest = max(len(values) for _, runs in panels for values in runs.trajectories)
    first = None
    for index, (title, runs) in enumerate(panels):
        axes = figure.add_subplot(rows, columns, index + 1, sharex=first, sharey=first)
        first = first or axes
        for start in dict.fromkeys(runs.starts):
            look = style.series(starts.index(start))
            share = 100 * runs.reached(start, largest, TOLERANCE) / runs.starts.count(start)
            axes.plot(
                np.arange(1, largest + 1),
                share,
                color=look.colour,
                linewidth=1.3,
                dashes=look.dashes[1] or (None, None),
                marker="." if largest == 1 else "",
            )
        axes.set_title(f"{title} (still rising)" if runs.rising else title)
        _label(axes, largest, outer=(index % columns == 0, index + columns >= len(panels)))
    legend_below(
        figure,
        style,
        [_line(style, index) for index in range(len(starts))],
        [f"start: {elide(start, 16)}" for start in starts],
    )
    return figure


def _label(axes: Axes, largest: int, *, outer: tuple[bool, bool]) -> None:
    axes.margins(x=0.03)
    axes.set(ylim=(-4, 104), yticks=(0, 25, 50, 75, 100))
    iteration_axis(axes, largest, narrow=True)
    axes.tick_params(labelleft=outer[0], labelbottom=outer[1])
    if outer[0]:
        axes.set_ylabel("runs at the best (%)")
    if outer[1]:
        axes.set_xlabel("iteration")


def _line(style: Style, index: int) -> Line2D:
    from matplotlib.lines import Line2D

    look = style.series(index)
    return Line2D([], [], color=look.colour, linewidth=1.3, dashes=look.dashes[1] or (None, None))


def _panels(tables: Tables) -> list[tuple[str, Optimum]]:
    """Return title and runs of each panel: every K of the selected family, else every family.

    Of more than ``MOST_PANELS`` K those next to the selected one are kept.
    """
    row, ks = tables.selected(), _ks(tables)
    if len(ks) > 1:
        near = sorted(sorted(ks, key=lambda k: abs(k - int(row["k"])))[:MOST_PANELS])
        models = [(f"K = {k}", str(row["covariance"]), k) for k in near]
    else:
        models = [(elide(name, 16), name, ks[0]) for name in tables.families()[:MOST_PANELS]]
    panels = [(title, runs_of(tables, name, k, row["normaliser"])) for title, name, k in models]
    return [(title, runs) for title, runs in panels if len(runs.trajectories) > 1]


def _ks(tables: Tables) -> list[int]:
    """Return the K fitted, without K = 1, which has one optimum only, where there are more."""
    ks = sorted({int(k) for k in tables.fits["k"]})
    return [k for k in ks if k > 1] or ks


def _fixed(tables: Tables) -> str:
    """Return what all panels have in common."""
    ks = _ks(tables)
    return elide(tables.selected()["covariance"], 16) if len(ks) > 1 else f"K = {ks[0]}"

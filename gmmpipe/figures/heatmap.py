"""The sweep at a glance: covariance family by number of components."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.grid import cells, label, outline
from gmmpipe.figures.style import MILLIMETRES, Style, styled
from gmmpipe.figures.tables import Tables
from gmmpipe.figures.wording import model, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINEAR = 10.0  # a BIC difference of 10 is "very strong" evidence (Kass & Raftery 1995)


def applies(tables: Tables) -> bool:
    """Say whether there is more than one model to compare."""
    return tables.has_selection and len(tables.fits[["covariance", "k"]].drop_duplicates()) > 1


def caption(tables: Tables, style: Style) -> str:
    """Return what the numbers and the hatched cells are."""
    row, ends = tables.selected(), tables.ends()
    text = style.say(
        "{dataset}: how much higher BIC is than the lowest, {bic} ({model}, outlined): the best fit"
        " of each family and K, and the median over its runs (seeds, starts). Colours are linear up"
        " to 10 and logarithmic above.",
        dataset=tables.dataset,
        bic=number(row["bic"]),
        model=model(row),
    )
    lost, n = int(ends["degenerate"].sum()), len(ends)
    hatched = style.say(
        "{lost} of {n} fits are degenerate and left out; hatched: all.", lost=lost, n=n
    )
    return style.sentences(text, hatched if lost else "")


@styled
def draw(tables: Tables, style: Style) -> Figure:
    """Return the difference in BIC from the lowest, best and median, annotated in each cell."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import SymLogNorm

    row, families = tables.selected(), tables.families()
    ks = sorted({int(k) for k in tables.fits["k"]})
    rows = {
        style.say("best fit"): tables.best_by_family(),
        style.say("median of all runs"): tables.sound_ends(),
    }
    grids = {
        title: found.pivot_table(index="covariance", columns="k", values="bic", aggfunc="median")
        .reindex(index=families, columns=ks)
        .to_numpy(float)
        - row["bic"]
        for title, found in rows.items()
    }
    largest = max(float(np.nanmax(grid)) for grid in grids.values())
    norm = SymLogNorm(LINEAR, linscale=0.6, vmin=0, vmax=max(largest, LINEAR))
    figure = style.figure(
        style.pick(32 + 2 * (6.5 * len(families) + 4), max(30 + 8 * len(families), 52))
    )
    figure.suptitle(style.title(tables.dataset, f": {model(row)}, BIC {number(row['bic'])}"))
    panels = figure.subplots(*style.pick((2, 1), (1, 2)), sharex=True, sharey=True)
    room = style.pick(1.0, 0.5) * (MILLIMETRES[style.width] - 30) / len(ks) / style.font_size * 7
    for axes, (title, grid) in zip(panels, grids.items(), strict=True):
        cells(axes, np.maximum(grid, 0), _short, norm, room)
        axes.set_title(title)
        axes.label_outer()
    chosen = (ks.index(int(row["k"])), families.index(str(row["covariance"])))
    outline(panels[0], chosen)
    label(panels, families, ks, style)
    bar = figure.colorbar(
        ScalarMappable(norm, "viridis_r"), ax=list(panels), aspect=style.pick(25, 12)
    )
    bar.set_label(style.say("BIC above the lowest"))
    _bar_ticks(bar.ax, largest)
    return figure


def _short(value: float) -> str:
    """Return a difference in at most four characters up to 9999."""
    if np.isnan(value):
        return ""
    return f"{value:.1f}" if 0.05 <= value < 9.95 else f"{value:.0f}"


def _bar_ticks(axes: Axes, largest: float) -> None:
    ticks = [0.0, *(tick for tick in (5.0, *10.0 ** np.arange(1, 12)) if tick <= max(largest, 10))]
    axes.set_yticks(ticks, [f"{tick:.0f}" for tick in ticks])
    axes.minorticks_off()

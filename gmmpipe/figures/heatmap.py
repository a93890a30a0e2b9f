"""The sweep at a glance: covariance family by number of components."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.style import MILLIMETRES, Style, styled
from gmmpipe.figures.tables import Tables
from gmmpipe.figures.wording import elide, model, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

LINEAR = 10.0  # a BIC difference of 10 is "very strong" evidence (Kass & Raftery 1995)


def applies(tables: Tables) -> bool:
    """Say whether there is more than one model to compare."""
    return tables.has_selection and len(tables.fits[["covariance", "k"]].drop_duplicates()) > 1


def caption(tables: Tables, style: Style) -> str:
    """Return what the numbers and the hatched cells are."""
    del style
    row, ends = tables.selected(), tables.ends()
    text = (
        f"{tables.dataset}: how much higher BIC is than the lowest, {number(row['bic'])}"
        f" ({model(row)}, outlined): the best fit of each family and K, and the median over its"
        f" runs (seeds, starts). Colours are linear up to 10 and logarithmic above."
    )
    n_degenerate = int(ends["degenerate"].sum())
    if n_degenerate:
        text += f" {n_degenerate} of {len(ends)} fits are degenerate and left out; hatched: all."
    return text


@styled
def draw(tables: Tables, style: Style) -> Figure:
    """Return the difference in BIC from the lowest, best and median, annotated in each cell."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import SymLogNorm

    row, families = tables.selected(), tables.families()
    ks = sorted({int(k) for k in tables.fits["k"]})
    cells = {"best fit": tables.best_by_family(), "median of all runs": tables.sound_ends()}
    grids = {
        title: rows.pivot_table(index="covariance", columns="k", values="bic", aggfunc="median")
        .reindex(index=families, columns=ks)
        .to_numpy(float)
        - row["bic"]
        for title, rows in cells.items()
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
        _cells(axes, np.maximum(grid, 0), norm, room)
        axes.set_title(title)
        axes.label_outer()
    chosen = (ks.index(int(row["k"])), families.index(str(row["covariance"])))
    _outline(panels[0], chosen)
    _label(panels, families, ks, style)
    bar = figure.colorbar(
        ScalarMappable(norm, "viridis_r"), ax=list(panels), aspect=style.pick(25, 12)
    )
    bar.set_label("BIC above the lowest")
    _bar_ticks(bar.ax, largest)
    return figure


def _cells(axes: Axes, grid: np.ndarray, norm: Normalize, room: float) -> None:
    """Colour and annotate one panel; ``room`` is the width of a cell in millimetres at 7 points."""
    from matplotlib.patches import Rectangle

    axes.pcolormesh(
        np.ma.masked_invalid(grid), norm=norm, cmap="viridis_r", edgecolors="white", linewidth=0.8
    )
    axes.set_ylim(len(grid), 0)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    texts = {place: _short(value) for place, value in np.ndenumerate(grid)}
    fits = max(len(text) for text in texts.values()) * 1.55 < room
    for (i, j), text in texts.items():
        if np.isnan(grid[i, j]):
            axes.add_patch(
                Rectangle((j, i), 1, 1, facecolor="0.9", edgecolor="0.6", hatch="////", linewidth=0)
            )
        elif fits:
            axes.text(
                j + 0.5,
                i + 0.5,
                text,
                ha="center",
                va="center",
                color="white" if norm(grid[i, j]) > 0.55 else "black",
            )


def _short(value: float) -> str:
    """Return a difference in at most four characters up to 9999."""
    if np.isnan(value):
        return ""
    return f"{value:.1f}" if 0.05 <= value < 9.95 else f"{value:.0f}"


def _outline(axes: Axes, chosen: tuple[int, int]) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(
        Rectangle(
            chosen, 1, 1, fill=False, edgecolor="#CC3311", linewidth=1.6, clip_on=False, zorder=5
        )
    )


def _label(panels: np.ndarray, families: list[str], ks: list[int], style: Style) -> None:
    step = -(-len(ks) // style.pick(12, 12))
    for axes in panels:
        axes.set_xticks(np.arange(len(ks))[::step] + 0.5, [str(k) for k in ks[::step]])
        axes.set_yticks(np.arange(len(families)) + 0.5, [elide(name, 14) for name in families])
    for axes in panels[style.pick(1, 0) :]:
        axes.set_xlabel("number of components K")


def _bar_ticks(axes: Axes, largest: float) -> None:
    ticks = [0.0, *(tick for tick in (5.0, *10.0 ** np.arange(1, 12)) if tick <= max(largest, 10))]
    axes.set_yticks(ticks, [f"{tick:.0f}" for tick in ticks])
    axes.minorticks_off()

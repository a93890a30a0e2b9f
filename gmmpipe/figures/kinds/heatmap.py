"""The sweep at a glance: covariance family by number of components."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.parts.grid import cells, label, outline
from gmmpipe.figures.parts.panels import panel_figure
from gmmpipe.figures.style import MILLIMETRES, Style, styled
from gmmpipe.mixture.diagnostics.criteria import DECISIVE
from gmmpipe.results.columns import FAMILY_AND_K
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import elide, model, number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def applies(tables: DatasetTables) -> bool:
    """Say whether there is more than one model to compare."""
    return tables.has_selection and len(tables.fits[FAMILY_AND_K].drop_duplicates()) > 1


def caption(tables: DatasetTables, style: Style) -> str:
    """Return what the numbers and the hatched cells are."""
    row, ends = tables.selected(), tables.ends()
    text = style.say(
        "{dataset}: difference in BIC from the lowest, {bic} ({model}, outlined). Colours are"
        " linear up to {linear:g} and logarithmic above.",
        dataset=tables.dataset,
        bic=number(row["bic"]),
        model=model(row),
        linear=DECISIVE,
    )
    best = style.say(
        "The best fit of each family and K is over all normalisers ({names}).",
        names=style.listing(_normalisers(tables)),
    )
    median = style.say("The median is over the sound runs (starts, seeds) of one normaliser.")
    n_degenerate, n = int(ends["degenerate"].sum()), len(ends)
    hatched = style.say(
        "{lost} of {n} fits are degenerate and left out; hatched: all.", lost=n_degenerate, n=n
    )
    return style.sentences(
        text,
        best if len(_normalisers(tables)) > 1 else "",
        median if len(_panels(tables, style)) > 1 else "",
        hatched if n_degenerate else "",
    )


@styled
def draw(tables: DatasetTables, style: Style) -> Figure:
    """Return the difference in BIC from the lowest, annotated in each cell: best and medians."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import SymLogNorm

    row, families = tables.selected(), tables.families()
    ks = sorted({int(k) for k in tables.fits["k"]})
    grids = {
        title: fits.pivot_table(index="covariance", columns="k", values="bic", aggfunc="median")
        .reindex(index=families, columns=ks)
        .to_numpy(float)
        - row["bic"]
        for title, fits in _panels(tables, style).items()
    }
    largest = max(float(np.nanmax(grid)) for grid in grids.values())
    norm = SymLogNorm(DECISIVE, linscale=0.6, vmin=0, vmax=max(largest, DECISIVE))
    columns = style.pick(1, len(grids) if len(grids) <= 3 else 2)
    height = style.pick(6.5 * len(families) + 4, max(8 * len(families) - 2, 20))
    figure, places = panel_figure(style, len(grids), (32, height), columns)
    figure.suptitle(style.title(tables.dataset, f": {model(row)}, BIC {number(row['bic'])}"))
    room = (MILLIMETRES[style.width] - 30) / columns / len(ks) / style.font_size * 7
    panels = [place.axes for place in places]
    for axes, (title, grid) in zip(panels, grids.items(), strict=True):
        cells(axes, np.maximum(grid, 0), _short, norm, room)
        axes.set_title(title)
    chosen = (ks.index(int(row["k"])), families.index(str(row["covariance"])))
    outline(panels[0], chosen)
    label(panels, families, ks, style, columns)
    bar = figure.colorbar(ScalarMappable(norm, "viridis_r"), ax=panels, aspect=style.pick(25, 12))
    bar.set_label(style.say("BIC above the lowest"))
    _bar_ticks(bar.ax, largest)
    return figure


def _panels(tables: DatasetTables, style: Style) -> dict[str, pd.DataFrame]:
    """Return {title: fits}: the best, and the runs of each normaliser that has several of a model.

    Fits in several units are no runs of one model: for some families they are other models.
    """
    ends, names = tables.sound_ends(), _normalisers(tables)
    panels = {style.say("best fit"): tables.best_by_family()}
    for name in names:
        runs = ends[ends["normaliser"] == name]
        if runs.groupby(FAMILY_AND_K).size().max() > 1:
            median = style.say("median of the runs, {name}", name=elide(name, 16))
            panels[median if len(names) > 1 else style.say("median of the runs")] = runs
    return panels


def _normalisers(tables: DatasetTables) -> list[str]:
    """Return the normalisers in the order of the sweep."""
    return [str(name) for name in tables.fits["normaliser"].unique()]


def _short(value: float) -> str:
    """Return a difference in at most four characters up to 9999."""
    if np.isnan(value):
        return ""
    return f"{value:.1f}" if 0.05 <= value < 9.95 else f"{value:.0f}"


def _bar_ticks(axes: Axes, largest: float) -> None:
    ticks = [0.0, *(tick for tick in (5.0, *10.0 ** np.arange(1, 12)) if tick <= max(largest, 10))]
    axes.set_yticks(ticks, [f"{tick:.0f}" for tick in ticks])
    axes.minorticks_off()

"""How far fits of the same samples agree, against the number of components."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.parts.errorbars import error_line
from gmmpipe.figures.parts.legends import legend_below
from gmmpipe.figures.parts.panels import panel_figure
from gmmpipe.figures.parts.runs import cut_short
from gmmpipe.figures.style import Style, styled
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import elide

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.container import ErrorbarContainer
    from matplotlib.figure import Figure

MOST_PANELS = 6
KINDS = ("seeds", "bootstrap")


def applies(tables: DatasetTables) -> bool:
    """Say whether several sound fits of one family, K > 1 and start can be compared."""
    return tables.has_selection and len(_panels(tables)) > 0


def caption(tables: DatasetTables, style: Style) -> str:
    """Return what is compared, how many fits, and what the bars are."""
    rows = _shown(tables)
    few, most = int(rows["runs"].min()), int(rows["runs"].max())
    text = style.say(
        "{dataset}: mean adjusted Rand index over all pairs of the {count} sound fits of each"
        " family and K. The panels name the fits: of the data, or of resamples (1: the same"
        " clusters, 0: agreement by chance). Bars: standard error (jackknife over fits).",
        dataset=tables.dataset,
        count=f"{few}" if few == most else style.say("{few} to {most}", few=few, most=most),
    )
    runs = tables.sound_ends()
    compared = (runs["normaliser"] == tables.selected()["normaliser"]) & (runs["k"] > 1)
    by_seed = (rows["kind"] == KINDS[0]).any()
    return style.sentences(text, cut_short(runs[compared], style) if by_seed else "")


@styled
def draw(tables: DatasetTables, style: Style) -> Figure:
    """Return mean agreement and its standard error against K, a panel for each kind and start."""
    panels, families = _panels(tables), tables.families()
    columns = min(style.pick(1, 3) if len(panels) < 3 else style.pick(2, 3), len(panels))
    height = style.pick((24, 42), (26, 48))
    figure, grid = panel_figure(style, len(panels), height, columns)
    figure.suptitle(style.title(tables.dataset))
    handles: dict[str, ErrorbarContainer] = {}
    for panel, ((kind, start), rows) in zip(grid, panels, strict=True):
        for family in [name for name in families if name in set(rows["covariance"])]:
            handles[family] = _draw_family(panel.axes, rows, families, family, style)
        title = style.say("seeds, start {start}", start=start)
        title = style.say("bootstrap resamples") if kind == "bootstrap" else title
        panel.axes.set_title(elide(title, style.characters(style.pick(70, 160) / columns)))
        panel.name(style.say("number of components K"), style.say("mean ARI of pairs"))
    _limits(grid[0].axes, _shown(tables), style.pick(12, 24) // columns)
    drawn = [family for family in families if family in handles]
    texts = [elide(family, 16) for family in drawn]
    legend_below(figure, style, [handles[family] for family in drawn], texts)  # type: ignore[misc]
    return figure


def _draw_family(
    axes: Axes, cells: pd.DataFrame, families: list[str], family: str, style: Style
) -> ErrorbarContainer:
    """Draw one covariance family, next to the others so that no bar hides another."""
    look, n = style.series(families.index(family)), len(families)
    rows = cells[cells["covariance"] == family].sort_values("k")
    shift = 0.0 if n == 1 else 0.36 * (families.index(family) / (n - 1) - 0.5)
    return error_line(axes, rows["k"] + shift, rows["ari"], rows["standard_error"], look)


def _limits(axes: Axes, rows: pd.DataFrame, most_ticks: int) -> None:
    ks = np.unique(rows["k"].to_numpy(int))
    axes.set_xticks(ks[:: -(-len(ks) // most_ticks)])
    axes.set_xlim(ks[0] - 0.5, ks[-1] + 0.5)
    lowest = float((rows["ari"] - rows["standard_error"].fillna(0.0)).min())
    axes.set_ylim(min(lowest - 0.05, 0.0), 1.06)


def _shown(tables: DatasetTables) -> pd.DataFrame:
    """Return the rows of all panels."""
    import pandas as pd

    return pd.concat([cells for _, cells in _panels(tables)])


def _panels(tables: DatasetTables) -> list[tuple[tuple[str, str], pd.DataFrame]]:
    """Return kind, start (of seeds, else "") and rows of each panel, of the selected normaliser.

    K = 1 is left out: one component always agrees with itself.
    """
    rows = tables.stability
    if rows.empty:
        return []
    rows = rows[(rows["normaliser"] == tables.selected()["normaliser"]) & (rows["k"] > 1)]
    seeds, resamples = (rows[rows["kind"] == kind] for kind in KINDS)
    starts = [start for start in tables.starts() if start in set(seeds["start"])]
    panels = [(("seeds", name), seeds[seeds["start"] == name]) for name in starts]
    panels += [(("bootstrap", ""), resamples)] if len(resamples) else []
    return panels[:MOST_PANELS]

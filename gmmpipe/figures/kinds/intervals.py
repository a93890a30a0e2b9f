"""Weights and means of the bootstrapped mixture with their intervals, a panel for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.parts.legends import legend_below
from gmmpipe.figures.parts.panels import panel_figure
from gmmpipe.figures.style import Style, styled
from gmmpipe.mixture.mixture import FIRST
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import elide, percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

MOST_PANELS = 6


def applies(tables: DatasetTables) -> bool:
    """Say whether parameters of the selected family were resampled, some soundly."""
    return tables.intervals is not None and tables.has_selection and len(_rows(tables)) > 0


def caption(tables: DatasetTables, style: Style) -> str:
    """Return whose parameters these are, how often resampled, and what is left out."""
    rows = _rows(tables)
    kinds = rows.drop_duplicates("kind")
    text = style.say(
        "{dataset}, {family}, K = {k} (lowest BIC of the family): weights and means (markers) with"
        " {share} bootstrap percentile intervals (bars) of {replicates} replicates of each kind.",
        share=percent(1 - rows["level"].iloc[0]),
        dataset=tables.dataset,
        family=elide(tables.selected()["covariance"], 16),
        k=rows["k"].iloc[0],
        replicates=kinds["replicates"].max(),
    )
    counts = kinds[["kind", "degenerate"]].to_numpy()
    counted = ", ".join(f"{n} {_kind(kind, style)}" for kind, n in counts if n)
    degenerate = style.say("Degenerate and left out: {lost}.", lost=counted)
    hidden = len(tables.features) + 1 - MOST_PANELS
    rest = style.say("The means of {n} further features are in the table.", n=hidden)
    resampled = [_meaning(str(kind), style) for kind in kinds["kind"]]
    return style.sentences(
        text, *resampled, degenerate if counted else "", rest if hidden > 0 else ""
    )


@styled
def draw(tables: DatasetTables, style: Style) -> Figure:
    """Return a panel for the weights and for each feature's means, a line for each component."""
    rows = _rows(tables)
    panels = [("weight", ""), *(("mean", name) for name in tables.features)][:MOST_PANELS]
    kinds = [str(kind) for kind in rows["kind"].unique()]
    coverage = percent(1 - rows["level"].iloc[0])
    k = int(rows["k"].iloc[0])
    height = (16, 13 + k * (5 if k <= 8 else 2.5))
    figure, grid = panel_figure(style, len(panels), height, style.pick(1, 2), share="")
    family = elide(tables.selected()["covariance"], 16)
    figure.suptitle(style.title(tables.dataset, f": {family}, K = {k}"))
    for panel, (parameter, feature) in zip(grid, panels, strict=True):
        axes = panel.axes
        intervals = rows[(rows["parameter"] == parameter) & (rows["feature"] == feature)]
        handles = [_bars(axes, intervals, kinds, kind, style) for kind in kinds]
        name = elide(feature, 24) if feature else style.say("weight")
        axes.set_xlabel(style.say("{name}, {share} interval", name=name, share=coverage))
        axes.set_ylabel(style.say("component") if panel.left else "")
        axes.locator_params(axis="x", nbins=4)
        axes.set_yticks(np.arange(FIRST, FIRST + k, -(-k // 12)))
        axes.set_ylim(FIRST + k - 0.4, FIRST - 0.6)
    legend_below(figure, style, handles, [_kind(kind, style) for kind in kinds])
    return figure


def _kind(kind: str, style: Style) -> str:
    """Return the name of a kind of resampling in the figure's language."""
    names = {
        "parametric": style.say("parametric"),
        "nonparametric": style.say("nonparametric"),
        "weighted": style.say("weighted"),
    }
    return names.get(kind, kind)


def _meaning(kind: str, style: Style) -> str:
    """Return the sentence on what a kind of resampling draws, "" of one unknown."""
    meanings = {
        "parametric": style.say("Parametric: samples drawn from the fitted mixture."),
        "nonparametric": style.say("Nonparametric: rows drawn with replacement."),
        "weighted": style.say(
            "Weighted: every row stays, with a random (Dirichlet) weight instead of a count."
        ),
    }
    return meanings.get(kind, "")


def _bars(axes: Axes, rows: pd.DataFrame, kinds: list[str], kind: str, style: Style) -> Line2D:
    """Draw the intervals of one kind, beside those of the others; return the legend's handle."""
    index = kinds.index(kind)
    look = style.series(index)
    rows = rows[rows["kind"] == kind]
    y = rows["component"] + 0.5 * ((index + 0.5) / len(kinds) - 0.5)
    axes.hlines(y, rows["low"], rows["high"], look.colour, linewidth=1.2)
    (line,) = axes.plot(rows["estimate"], y, look.marker, color=look.colour, markersize=3, zorder=3)
    return line


def _rows(tables: DatasetTables) -> pd.DataFrame:
    """Return the intervals of weights and means of the selected normaliser and family."""
    rows = tables.of_selected(tables.intervals)
    return rows[rows["parameter"].isin(["weight", "mean"]) & rows["low"].notna()]

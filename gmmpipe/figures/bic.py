"""BIC against the number of components, a line for each covariance family."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.scatter import legend_below
from gmmpipe.figures.style import Style, styled
from gmmpipe.figures.tables import Tables
from gmmpipe.figures.wording import elide, model, number

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    from gmmpipe.figures.style import Look

DECISIVE = 10.0  # a smaller difference in BIC is not worth magnifying (Kass & Raftery 1995)


def applies(tables: Tables) -> bool:
    """Say whether there is more than one model to choose from."""
    return tables.has_selection and len(tables.fits[["covariance", "k"]].drop_duplicates()) > 1


def caption(tables: Tables, style: Style) -> str:
    """Return what lines, bars and crosses are, and how many fits were degenerate."""
    del style
    row, ends = tables.selected(), tables.ends()
    n_degenerate = int(ends["degenerate"].sum())
    text = (
        f"{tables.dataset}: lowest BIC of each covariance family and K (markers) and its range"
        f" over {_spread(ends)} (bars); the ring marks the lowest of all,"
        f" {number(row['bic'])} ({model(row)})."
    )
    if len(_found_once(tables.best_by_family())):
        text += " Hollow: only one restart found it, so a better one is likely."
    if n_degenerate:
        text += f" {n_degenerate} of {len(ends)} fits are degenerate and left out."
        text += " A cross stands where no fit is sound." if _unsound(tables) else ""
    return text


@styled
def draw(tables: Tables, style: Style) -> Figure:
    """Return BIC (lower is better) against K, with its range; if need be magnified below."""
    zoom = _near_lowest(tables)
    figure = style.figure(style.pick(70 if zoom is None else 112, 78))
    figure.suptitle(style.title(tables.dataset))
    shape = (1, 1) if zoom is None else style.pick((2, 1), (1, 2))
    panels = figure.subplots(*shape, squeeze=False, sharex=True).ravel()
    for axes in panels:
        handles = [_draw_family(axes, tables, index, style) for index in range(_n(tables))]
        _label(axes, tables.fits["k"])
    if zoom is not None:
        panels[0].set_xlabel(style.pick("", panels[0].get_xlabel()))
        panels[0].set_title("all models")
        panels[1].set_title("near the lowest")
        panels[1].set_ylim(*zoom)
    legend_below(figure, style, handles, [elide(family, 16) for family in tables.families()])
    return figure


def _draw_family(axes: Axes, tables: Tables, index: int, style: Style) -> Line2D:
    """Draw one covariance family, next to the others so that no bar hides another."""
    family, row, look = tables.families()[index], tables.selected(), style.series(index)
    shift = 0.0 if _n(tables) == 1 else 0.36 * (index / (_n(tables) - 1) - 0.5)
    best, ends = tables.best_by_family(), tables.sound_ends()
    best = best[best["covariance"] == family].sort_values("k")
    spread = ends[ends["covariance"] == family].groupby("k")["bic"].agg(["min", "max"])
    axes.vlines(
        spread.index + shift, spread["min"], spread["max"], look.colour, alpha=0.45, linewidth=2.2
    )
    (line,) = axes.plot(
        best["k"] + shift,
        best["bic"],
        color=look.colour,
        marker=look.marker,
        markersize=3.5,
        dashes=look.dashes[1] or (None, None),
        zorder=3,
    )
    lucky = _found_once(best)
    axes.plot(
        lucky["k"] + shift,
        lucky["bic"],
        look.marker,
        color=look.colour,
        markersize=3.5,
        markerfacecolor="white",
        zorder=3,
    )
    _mark_unsound(axes, [k + shift for name, k in _unsound(tables) if name == family], look)
    if family == row["covariance"]:
        axes.plot(row["k"] + shift, row["bic"], "ko", markersize=8, fillstyle="none", zorder=4)
    return line


def _found_once(best: pd.DataFrame) -> pd.DataFrame:
    """Return the models whose best optimum only one of several restarts found."""
    return best[(best["p_better"] > 0) & (best["draws"] > 1)]


def _n(tables: Tables) -> int:
    return len(tables.families())


def _near_lowest(tables: Tables) -> tuple[float, float] | None:
    """Return limits of BIC that hold the better half of the models, if those are squeezed."""
    bic = tables.best_by_family()["bic"].to_numpy(float)
    lowest, middle = float(bic.min()), float(np.median(bic))
    highest = max(float(tables.sound_ends()["bic"].max()), float(bic.max()))
    reach = max(2 * (middle - lowest), DECISIVE)
    if highest - lowest < 4 * reach:
        return None
    return lowest - 0.1 * reach, lowest + reach


def _label(axes: Axes, k: pd.Series) -> None:
    ticks = np.unique(k)
    step = -(-len(ticks) // 12)
    axes.set_xticks(ticks[::step])
    axes.set_xlim(ticks[0] - 0.5, ticks[-1] + 0.5)
    axes.set(xlabel="number of components K", ylabel="BIC (lower is better)")


def _spread(ends: pd.DataFrame) -> str:
    """Return what a bar ranges over."""
    words = [("seed", ends["seed"]), ("start", ends["start"]), ("normaliser", ends["normaliser"])]
    counts = [(word, column.nunique()) for word, column in words]
    several = [f"{count} {word}s" for word, count in counts if count > 1]
    return " x ".join(several) or "one seed"


def _unsound(tables: Tables) -> list[tuple[str, int]]:
    """Return the families and k of which no fit is sound."""
    tried = {(str(name), int(k)) for name, k in tables.fits[["covariance", "k"]].to_numpy()}
    best = tables.best_by_family()[["covariance", "k"]].to_numpy()
    return sorted(tried - {(str(name), int(k)) for name, k in best})


def _mark_unsound(axes: Axes, places: list[float], look: Look) -> None:
    """Put a cross at the top edge at each of ``places``."""
    if places:
        edge, top = axes.get_xaxis_transform(), np.ones(len(places))
        axes.plot(places, top, "x", color=look.colour, markersize=4, transform=edge, clip_on=False)

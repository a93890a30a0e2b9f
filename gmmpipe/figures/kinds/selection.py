"""BIC, ICL and the restarts' certificate against K, a line for each covariance family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gmmpipe.figures.parts.legends import legend_below
from gmmpipe.figures.parts.panels import panel_figure
from gmmpipe.figures.parts.runs import certificate, finished, is_open
from gmmpipe.figures.style import Look, Style, styled
from gmmpipe.mixture.diagnostics.criteria import DECISIVE
from gmmpipe.results.columns import FAMILY_AND_K
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import elide, model, number

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

FOUND = "found"  # the share of restarts that found the best optimum, in percent
# what a panel shows, and the limits of its vertical axis, None for all there is
Panel = tuple[str, str, tuple[float, float] | None]


def applies(tables: DatasetTables) -> bool:
    """Say whether there is more than one model to choose from."""
    return tables.has_selection and len(tables.fits[FAMILY_AND_K].drop_duplicates()) > 1


def caption(tables: DatasetTables, style: Style) -> str:
    """Return what lines, bars, rings and crosses are, and how many fits were degenerate."""
    row, ends = tables.selected(), tables.ends()
    best = _lowest(tables.best_by_family(), "icl")
    text = style.say(
        "{dataset}: BIC and ICL of the best fit of each covariance family and K (markers). Rings:"
        " the lowest, BIC {bic} ({model}) and ICL {icl} ({other}).",
        dataset=tables.dataset,
        bic=number(row["bic"]),
        model=model(row),
        icl=number(best["icl"]),
        other=model(best),
    )
    hollow = style.say("Hollow: only one restart found it, so there may be a better one.")
    doubtful = style.say(
        "Question marks: there is a better fit, as this one is not at a maximum or a model that"
        " it contains is likelier."
    )
    n_degenerate = int(ends["degenerate"].sum())
    degenerate = style.say(
        "{lost} of {n} fits are degenerate and left out.", lost=n_degenerate, n=len(ends)
    )
    cross = style.say("Crosses: no fit is sound.")
    return style.sentences(
        text,
        _spread(tables, style),
        certificate(row, style) if _certified(tables) else "",
        hollow if len(_found_once(tables.best_by_family())) else "",
        doubtful if _certified(tables) and _is_doubtful(tables.best_by_family()).any() else "",
        degenerate if n_degenerate else "",
        cross if _unsound(tables) else "",
    )


@styled
def draw(tables: DatasetTables, style: Style) -> Figure:
    """Return BIC, ICL (lower is better) and the certificate against K; what is flat magnified."""
    panels = _panels(tables, style)
    columns = style.pick(1, 2 if len(panels) == 4 else len(panels))
    height = style.pick((24, 42), (30, 50))
    figure, grid = panel_figure(style, len(panels), height, columns, share="x")
    figure.suptitle(style.title(tables.dataset, f": {model(tables.selected())}"))
    for panel, (title, column, limits) in zip(grid, panels, strict=True):
        axes = panel.axes
        handles = [_draw_family(axes, tables, i, column, style) for i in range(_n(tables))]
        _ring(axes, tables, column)
        axes.set_title(title)
        if limits:
            axes.set_ylim(*limits)
        _set_ticks(axes, tables.fits["k"])
        axes.set_xlabel(style.say("number of components K") if panel.bottom else "")
    texts = [elide(family, 16) for family in tables.families()]
    legend_below(figure, style, handles, texts)
    return figure


def _panels(tables: DatasetTables, style: Style) -> list[Panel]:
    """Return the panels: BIC, whole and if need be magnified, ICL, and the certificate."""
    panels: list[Panel] = []
    zoom = _near_lowest(tables, "bic")
    panels.append((style.say("BIC (lower is better)"), "bic", None))
    if zoom:
        panels.append((style.say("BIC near the lowest"), "bic", zoom))
    zoom = _near_lowest(tables, "icl")
    title = style.say("ICL near the lowest") if zoom else style.say("ICL (lower is better)")
    panels.append((title, "icl", zoom))
    if _certified(tables):
        panels.append((style.say("restarts that found the best (%)"), FOUND, (-4, 104)))
    return panels


def _draw_family(
    axes: Axes, tables: DatasetTables, index: int, column: str, style: Style
) -> Line2D:
    """Draw one covariance family, next to the others so that no bar hides another."""
    family, look = tables.families()[index], style.series(index)
    best, runs = _best(tables), _runs(tables)
    best = best[best["covariance"] == family].sort_values("k")
    shift = _shift(tables, family)
    if column != FOUND:
        spread = runs[runs["covariance"] == family].groupby("k")[column].agg(["min", "max"])
        low, high = spread["min"], spread["max"]
        axes.vlines(spread.index + shift, low, high, look.colour, alpha=0.45, linewidth=2.2)
    drawing: dict[str, Any] = {"color": look.colour, "markersize": 3.5, "zorder": 3}
    (line,) = axes.plot(
        best["k"] + shift,
        best[column],
        marker=look.marker,
        dashes=look.dashes[1] or (None, None),
        **drawing,
    )
    lucky = _found_once(best)
    drawing["markerfacecolor"] = "white"
    axes.plot(lucky["k"] + shift, lucky[column], look.marker, **drawing)
    if column == FOUND:
        _mark_edge(axes, (best["k"][_is_doubtful(best)] + shift).to_list(), look, "$?$")
    else:
        unsound = [k + shift for name, k in _unsound(tables) if name == family]
        _mark_edge(axes, unsound, look, "x")
    return line


def _ring(axes: Axes, tables: DatasetTables, column: str) -> None:
    """Mark the lowest; of the certificates that of the selected model."""
    lowest = _lowest(_best(tables), "icl" if column == "icl" else "bic")
    place = lowest["k"] + _shift(tables, lowest["covariance"])
    axes.plot(place, lowest[column], "ko", markersize=8, fillstyle="none", zorder=4)


def _best(tables: DatasetTables) -> pd.DataFrame:
    """Return the best fit of each family and K, with the share of restarts that found it."""
    best = tables.best_by_family()
    return best.assign(**{FOUND: 100 * best["hits"] / finished(best)})


def _lowest(best: pd.DataFrame, column: str) -> pd.Series:
    return best.sort_values(column, kind="stable").iloc[0]


def _shift(tables: DatasetTables, family: str) -> float:
    """Return by how much a family stands beside K."""
    n = _n(tables)
    return 0.0 if n == 1 else 0.36 * (tables.families().index(family) / (n - 1) - 0.5)


def _found_once(best: pd.DataFrame) -> pd.DataFrame:
    """Return the models whose best optimum only one of several restarts found."""
    return best[(best["p_better"] > 0) & (best["draws"] > 1)]


def _is_doubtful(best: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which fits are at no maximum, or certainly not at the best one."""
    beaten = np.zeros(len(best), bool)
    if "beaten_by" in best:  # not in older results
        beaten = (best["beaten_by"].fillna("") != "").to_numpy(bool)
    return np.asarray(is_open(best) | beaten)


def _certified(tables: DatasetTables) -> bool:
    """Say whether some model had several restarts."""
    return bool((tables.best_by_family()["draws"] > 1).any())


def _n(tables: DatasetTables) -> int:
    return len(tables.families())


def _near_lowest(tables: DatasetTables, column: str) -> tuple[float, float] | None:
    """Return limits that hold the better half of the models, if those are squeezed."""
    values = tables.best_by_family()[column].to_numpy(float)
    lowest, middle = float(values.min()), float(np.median(values))
    highest = max(float(_runs(tables)[column].max()), float(values.max()))
    reach = max(2 * (middle - lowest), DECISIVE)
    if highest - lowest < 4 * reach:
        return None
    top, marker = lowest + reach, 0.06 * reach
    cut = values[np.abs(values - top) < marker]  # markers that the edge would go through
    return lowest - 0.1 * reach, max([top, *(cut + marker)])


def _set_ticks(axes: Axes, k: pd.Series) -> None:
    ticks = np.unique(k)
    step = -(-len(ticks) // 12)
    axes.set_xticks(ticks[::step])
    axes.set_xlim(ticks[0] - 0.5, ticks[-1] + 0.5)


def _runs(tables: DatasetTables) -> pd.DataFrame:
    """Return the sound runs of each family and K that have the normaliser of its best fit."""
    keys = ["covariance", "k", "normaliser"]
    return tables.sound_ends().merge(tables.best_by_family()[keys], on=keys)


def _spread(tables: DatasetTables, style: Style) -> str:
    """Return the sentence on what a bar ranges over, "" where every model has one run."""
    counts = _runs(tables).groupby(FAMILY_AND_K).size()
    few, most = int(counts.min()), int(counts.max())
    if most == 1:
        return ""
    n = str(most) if few == most else style.say("{few} to {most}", few=few, most=most)
    if tables.fits["normaliser"].nunique() > 1:
        return style.say(
            "Bars: the range over the {n} sound runs (starts, seeds) of each that have the"
            " normaliser of its best fit.",
            n=n,
        )
    return style.say("Bars: the range over the {n} sound runs (starts, seeds) of each.", n=n)


def _unsound(tables: DatasetTables) -> list[tuple[str, int]]:
    """Return the families and k of which no fit is sound."""
    tried = {(str(name), int(k)) for name, k in tables.fits[FAMILY_AND_K].to_numpy()}
    best = tables.best_by_family()[FAMILY_AND_K].to_numpy()
    return sorted(tried - {(str(name), int(k)) for name, k in best})


def _mark_edge(axes: Axes, places: list[float], look: Look, marker: str) -> None:
    """Put a mark at the top edge at each of ``places``."""
    if places:
        edge: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "clip_on": False}
        edge |= {"marker": marker, "markersize": 4, "linestyle": "", "color": look.colour}
        axes.plot(places, np.ones(len(places)), **edge)

"""Which component splits as K grows: a flow of samples from K to the next K."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gmmpipe.figures.parts.flows import Bar, Ribbon, layout
from gmmpipe.figures.style import MILLIMETRES, Style, styled
from gmmpipe.mixture.mixture import FIRST
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import elide

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

THIN = 0.001  # of all samples; a thinner ribbon is not drawn
ROOM = 18.0  # millimetres of a figure's width or height that are not the axes'
TALLEST = 230.0  # millimetres


def applies(tables: DatasetTables) -> bool:
    """Say whether the selected family was fitted soundly with two K or more."""
    return tables.has_selection and not _links(tables).empty


def caption(tables: DatasetTables, style: Style) -> str:
    """Return what bars, ribbons and the numbers below the axis are."""
    row, links = tables.selected(), _links(tables)
    text = style.say(
        "{dataset}, {family}: origin of the components of the best fit of each K. The height of"
        " a bar is the component's share of the samples; a ribbon shows the samples that it"
        " shares with a component of the previous K, in the colour of that one. Outlined: new"
        " at this K.",
        dataset=tables.dataset,
        family=elide(row["covariance"], 16),
    )
    thin = style.say("Ribbons below 0.1 % of the samples are not drawn.")
    below = style.say("Below K: the component that gives the most samples to the new one.")
    bold = style.say("Bold: the selected K, {k}.", k=int(row["k"]))
    return style.sentences(
        text,
        thin if (links["mass"] < THIN).any() else "",
        below if _origins(links) else "",
        bold if int(row["k"]) in _ks(links) else "",
    )


@styled
def draw(tables: DatasetTables, style: Style) -> Figure:
    """Return a column of bars for each K, with ribbons to the next."""
    links, row = _links(tables), tables.selected()
    ks, size = _ks(links), style.font_size / 72 * 25.4
    height = min(max(style.pick(70, 80), 4.6 * ks[-1] + ROOM), TALLEST)
    figure = style.figure(height)
    figure.suptitle(style.title(tables.dataset, f": {elide(row['covariance'], 16)}"))
    axes = figure.add_subplot()
    gap = min(1.1 * size, 0.6 * (height - ROOM) / ks[-1])  # a number fits in between
    scale = height - ROOM - gap * (ks[-1] - 1)  # millimetres for all samples
    bars, ribbons = layout(links, gap / scale)
    column = (MILLIMETRES[style.width] - ROOM) / len(ks)
    width = min(max(0.66 * size * len(str(ks[-1])), min(4.8, 0.45 * column)), 0.8 * column)
    half = width / column / 2
    for ribbon in ribbons:
        if ribbon.mass >= THIN:
            ends = ks.index(ribbon.parent.k) + half, ks.index(ribbon.child.k) - half
            _ribbon(axes, ribbon, ends, style)
    for bar in bars:
        new = bar.k > ks[0] and bar.component >= ks[ks.index(bar.k) - 1]
        _bar(axes, bar, (ks.index(bar.k), half), style, new=new)
        _number(axes, bar, (ks.index(bar.k), half), (column, scale, gap), style)
    axes.set_xlim(-0.5, len(ks) - 0.5)
    axes.set_ylim(*(0.52 * side * (height - ROOM) / scale for side in (-1, 1)))
    _label(axes, links, int(row["k"]), style)
    return figure


def _ribbon(axes: Axes, ribbon: Ribbon, ends: tuple[float, float], style: Style) -> None:
    from matplotlib.patches import PathPatch

    colour = style.component(ribbon.parent.component).colour
    axes.add_patch(
        PathPatch(ribbon.path(*ends), facecolor=colour, alpha=0.35, linewidth=0, zorder=1)
    )


def _bar(axes: Axes, bar: Bar, place: tuple[int, float], style: Style, *, new: bool) -> None:
    """Draw one component at (column, half its width); outlined where it is new."""
    from matplotlib.patches import Rectangle

    x, half = place
    axes.add_patch(
        Rectangle(
            (x - half, bar.low),
            2 * half,
            bar.high - bar.low,
            facecolor=style.component(bar.component).colour,
            edgecolor="black" if new else "none",
            linewidth=1.0 if new else 0.0,
            zorder=3 if new else 2,
        )
    )


def _number(
    axes: Axes,
    bar: Bar,
    place: tuple[int, float],
    millimetres: tuple[float, float, float],
    style: Style,
) -> None:
    """Write the number of a component on its bar, or beside one too low for it, where it fits.

    millimetres: from column to column, the height that all samples would have, between bars.
    """
    text, size = str(bar.component + FIRST), style.font_size / 72 * 25.4
    (x, half), (column, scale, gap) = place, millimetres
    wide, height = 0.66 * size * len(text), scale * (bar.high - bar.low)
    if wide <= 2 * half * column and 1.1 * size <= height:
        colour = "white" if _dark(style.component(bar.component).colour) else "black"
        axes.text(x, bar.centre, text, ha="center", va="center_baseline", color=colour, zorder=4)
    elif wide + 0.3 * size <= (1 - 2 * half) * column and 1.1 * size <= height + gap:
        beside = x + half + 0.2 * size / column
        axes.text(beside, bar.centre, text, va="center_baseline", zorder=4)


def _dark(colour: str) -> bool:
    from matplotlib.colors import to_rgb

    return sum(w * c for w, c in zip((0.299, 0.587, 0.114), to_rgb(colour), strict=True)) < 0.55


def _label(axes: Axes, links: pd.DataFrame, chosen: int, style: Style) -> None:
    """Write K below each column, and what the new component comes from, where there is room."""
    ks, origins = _ks(links), _origins(links)
    fits = style.characters((MILLIMETRES[style.width] - ROOM) / len(ks))
    is_named = bool(origins) and max(map(len, origins.values())) + 1 <= fits
    step = -(-len(ks) * (len(str(ks[-1])) + 1) // style.characters(MILLIMETRES[style.width] - ROOM))
    columns = range(ks.index(chosen) % step if chosen in ks else 0, len(ks), step)
    texts = [f"{ks[i]}\n{origins.get(ks[i], '')}" if is_named else str(ks[i]) for i in columns]
    axes.set_xticks(list(columns), texts, linespacing=1.5)
    for label, i in zip(axes.get_xticklabels(), columns, strict=True):
        label.set_fontweight("bold" if ks[i] == chosen else "normal")
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set(
        xlabel=style.say("number of components K"),
        ylabel=style.say("share of the samples (height)"),
    )


def _links(tables: DatasetTables) -> pd.DataFrame:
    """Return the lineage of the selected family."""
    links = tables.lineage
    rows: pd.DataFrame = links[links["covariance"] == tables.selected()["covariance"]]
    return rows


def _ks(links: pd.DataFrame) -> list[int]:
    return sorted({int(k) for k in links["k"]} | {int(k) for k in links["parent_k"]})


def _origins(links: pd.DataFrame) -> dict[int, str]:
    """Return {K: "parent → new component"} of each K with one component more than that before."""
    result: dict[int, str] = {}
    last = links["parent_k"] + FIRST  # the number that only the larger K has
    new = links[(links["k"] == links["parent_k"] + 1) & (links["component"] == last)]
    most = new.sort_values("mass", ascending=False, kind="stable").drop_duplicates("k")
    for k, parent, component in most[["k", "parent", "component"]].to_numpy(int).tolist():
        result[k] = f"{parent}→{component}"
    return result

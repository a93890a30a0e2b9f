"""How near the fits of drawn data come to the mixture they were drawn from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gmmpipe.figures.parts.errorbars import error_line
from gmmpipe.figures.parts.legends import legend_below
from gmmpipe.figures.style import MILLIMETRES, Look, Style, styled
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import breadth, elide

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.container import ErrorbarContainer
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

PLACE = "place"  # column of the position along the horizontal axis
MOST_FACETS = 6
WIDE = 20.0  # ratio of the largest to the smallest value from which an axis is logarithmic


@dataclass(frozen=True)
class Design:
    """How the outer points of the sweep are laid out.

    axis: what runs to the right, None where the families have places instead; numeric: it is to
    scale. ticks: {place: name}. facets: the values of the other axes in each row of panels, and the
    rows of the table there. replicates: the seed of the data set, over which is averaged.
    """

    axis: str | None
    numeric: bool
    ticks: dict[float, str]
    facets: list[tuple[str, pd.DataFrame]]
    replicates: str | None


def applies(tables: DatasetTables) -> bool:
    """Say whether the data were drawn from a known mixture, and soundly fitted at its K."""
    return len(tables.recovery) > 0


def caption(tables: DatasetTables, style: Style) -> str:
    """Return what the lines and the bound are, and over what is averaged."""
    design = _design(tables)
    text = style.say(
        "{dataset}: the best fit of each covariance family at the true K, compared with the"
        " mixture that the data were drawn from: agreement with the true groups (black: Bayes'"
        " rule, which knows the mixture), distance of the means in standard deviations of the"
        " true components, and affine-invariant distance of the covariances. Both distances are"
        " means over the components, weighted by the true weights.",
        dataset=tables.dataset,
    )
    counts = [rows.groupby(["covariance", PLACE]).size() for _, rows in design.facets]
    few, most = min(int(n.min()) for n in counts), max(int(n.max()) for n in counts)
    single = style.say("Each point is one data set, so its standard error is unknown.")
    n = str(most) if few == most else style.say("{few} to {most}", few=few, most=most)
    averaged = style.say(
        "Mean and standard error over {n} newly drawn data sets ({axis}).",
        n=n,
        axis=elide(design.replicates or "", 40),
    )
    hidden = len(design.facets) - MOST_FACETS
    rest = style.say("{n} further combinations are in the table.", n=hidden)
    return style.sentences(text, averaged if most > 1 else single, rest if hidden > 0 else "")


@styled
def draw(tables: DatasetTables, style: Style) -> Figure:
    """Return a column of panels for each measure, a row for each facet, a line for each family."""
    design = _design(tables)
    facets = design.facets[:MOST_FACETS]
    titles = {
        "ari": style.say("adjusted Rand index"),
        "mean_error": style.pick(style.say("means (std)"), style.say("means, off by (std)")),
        "covariance_distance": style.pick(
            style.say("covariances"), style.say("covariances, off by")
        ),
    }
    figure = style.figure(28 + len(facets) * style.pick(30, 34))
    figure.suptitle(style.title(tables.dataset, style.say(": recovery")))
    grid = figure.subplots(len(facets), 3, squeeze=False, sharex=True, sharey="col")
    looks = {name: style.series(index) for index, name in enumerate(tables.families())}
    families = [n for n in looks if any(n in set(rows["covariance"]) for _, rows in facets)]
    handles: list[Any] = []
    for line, (name, rows) in zip(grid, facets, strict=True):
        for axes, column in zip(line, titles, strict=True):
            drawn = [_draw_family(axes, rows, family, column, looks[family]) for family in families]
            if column == "ari":
                handles = [*drawn, _draw_bound(axes, rows)]
        line[0].set_ylabel(name)
    for axes, title in zip(grid[0], titles.values(), strict=True):
        axes.set_title(title)
    for axes in grid[:, 1:].ravel():
        axes.set_ylim(bottom=0)
    _label(grid, design, style)
    texts = [*(elide(family, 16) for family in families), style.say("Bayes' rule")]
    legend_below(figure, style, handles, texts)
    return figure


def _draw_family(
    axes: Axes, rows: pd.DataFrame, family: str, column: str, look: Look
) -> ErrorbarContainer:
    """Draw one covariance family: mean and standard error at each place."""
    errors = rows[rows["covariance"] == family].groupby(PLACE)[column].agg(["mean", "sem"])
    return error_line(axes, errors.index, errors["mean"], errors["sem"], look)


def _draw_bound(axes: Axes, rows: pd.DataFrame) -> Line2D:
    """Draw the agreement of Bayes' rule, which no fit can be expected to exceed."""
    bound = rows.drop_duplicates([PLACE, *_outer(rows)]).groupby(PLACE)["bayes_ari"].mean()
    (line,) = axes.plot(bound.index, bound, color="black", marker="_", markersize=9, linewidth=0.8)
    return line


def _label(grid: np.ndarray, design: Design, style: Style) -> None:
    """Name the places below the last row, those that have room, and the axis once."""
    from matplotlib.ticker import NullFormatter, NullLocator

    places = sorted(design.ticks)
    wide = design.numeric and places[0] > 0 and places[-1] >= WIDE * places[0]
    named = _places_with_room(design.ticks, wide, style)
    for axes in grid.ravel():
        if wide:
            axes.set_xscale("log")
            axes.xaxis.set_minor_locator(NullLocator())
            axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xticks(named, [design.ticks[place] for place in named])
        axes.tick_params(bottom=any(design.ticks.values()))
        if not design.numeric:
            axes.set_xlim(-0.5, len(places) - 0.5)
        else:
            axes.margins(x=0.08)
    grid[-1, 1].set_xlabel(
        elide(design.axis or style.say("covariance family"), style.characters(60))
    )


def _places_with_room(ticks: dict[float, str], wide: bool, style: Style) -> list[float]:
    """Return the places whose names do not touch, from the lowest on."""
    room = style.characters(0.22 * (MILLIMETRES[style.width] - 16))
    coordinates = {place: math.log(place) if wide else place for place in sorted(ticks)}
    low, high = min(coordinates.values()), max(coordinates.values())
    result: list[float] = []
    for place, value in coordinates.items():
        if result:
            gap = (value - coordinates[result[-1]]) / (high - low) * room
            if gap < (breadth(ticks[place]) + breadth(ticks[result[-1]])) / 2 + 1:
                continue
        result.append(place)
    return result


def _design(tables: DatasetTables) -> Design:
    """Return the layout of the table's rows; of several normalisers the likeliest fit stands.

    The first outer axis with several values runs to the right, the seed of the data set is averaged
    over, and the others make facets.
    """
    likeliest = tables.recovery.sort_values("log_likelihood", ascending=False, kind="stable")
    rows = likeliest.drop_duplicates([*_outer(likeliest), "covariance"]).sort_index()
    varying = [name for name in _outer(rows) if rows[name].nunique() > 1]
    replicates = next((name for name in varying if _is_seed(name)), None)
    across = [name for name in varying if name != replicates]
    axis, others = (across[0] if across else None), across[1:]
    column = rows[axis or "covariance"]
    numeric = axis is not None and column.dtype.kind in "if"
    values = sorted(column.unique()) if numeric else column.drop_duplicates().tolist()
    values = values if axis else tables.families()
    places = column.astype(float) if numeric else column.map(values.index)
    rows = rows.assign(**{PLACE: places})
    ticks = {
        float(value if numeric else index): _name(value) if axis else ""
        for index, value in enumerate(values)
    }
    facets = [("", rows)]
    if others:
        facets = [
            (
                "\n".join(
                    f"{_short(n)} = {_name(v)}" for n, v in zip(others, values_there, strict=True)
                ),
                group,
            )
            for values_there, group in rows.groupby(others, sort=True)
        ]
    return Design(axis, numeric, ticks, facets, replicates)


def _is_seed(name: str) -> bool:
    """Say whether an outer axis is the seed that a data set is drawn from."""
    return name.startswith("dataset.") and name.endswith(".seed")


def _short(name: str) -> str:
    """Return the last part of an axis' dotted name."""
    return elide(name.rpartition(".")[2], 14)


def _name(value: object) -> str:
    return elide(f"{value:g}" if isinstance(value, float) else str(value), 12)


def _outer(rows: pd.DataFrame) -> list[str]:
    """Return the outer axes of the sweep, whose names have a dot."""
    return [str(name) for name in rows.columns if "." in str(name)]

"""How near the fits of drawn data come to the mixture they were drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gmmpipe.figures.errorbars import error_line
from gmmpipe.figures.scatter import legend_below
from gmmpipe.figures.style import MILLIMETRES, Style, styled
from gmmpipe.figures.tables import Tables
from gmmpipe.figures.wording import breadth, elide

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.container import ErrorbarContainer
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    from gmmpipe.figures.style import Look

PLACE = "place"  # column of the position along the horizontal axis


def applies(tables: Tables) -> bool:
    """Say whether the data were drawn from a known mixture, and soundly fitted at its K."""
    return len(tables.recovery) > 0


def caption(tables: Tables, style: Style) -> str:
    """Return what the lines and the bound are, and over what is averaged."""
    rows, axis, _ = _rows(tables)
    text = style.say(
        "{dataset}: the best fit of each covariance family, with the true K, against the mixture"
        " that the data were drawn from: agreement with the true groups (in black, of Bayes' rule,"
        " which knows the mixture), distance of the means in standard deviations of the true"
        " components, affine-invariant distance of the covariances (means over the components).",
        dataset=tables.dataset,
    )
    others = [name for name in _outer(tables.recovery) if name != axis]
    if not others or rows.groupby(["covariance", PLACE]).size().max() == 1:
        return text
    over = elide(style.listing(others), 60)
    return style.sentences(text, style.say("Mean and standard error over {axes}.", axes=over))


@styled
def draw(tables: Tables, style: Style) -> Figure:
    """Return agreement and errors against the first outer axis, or by family without one."""
    rows, axis, ticks = _rows(tables)
    figure = style.figure(style.pick(118, 62))
    figure.suptitle(style.title(tables.dataset, style.say(": recovery")))
    panels = figure.subplots(*style.pick((3, 1), (1, 3)), squeeze=False, sharex=True).ravel()
    families = [name for name in tables.families() if name in set(rows["covariance"])]
    looks = {name: style.series(index) for index, name in enumerate(tables.families())}
    handles: list[Any] = []
    labels = {
        "ari": style.say("adjusted Rand index"),
        "mean_error": style.say("means, off by (std)"),
        "covariance_distance": style.say("covariances, off by"),
    }
    for axes, (column, label) in zip(panels, labels.items(), strict=True):
        drawn = [_draw_family(axes, rows, name, column, looks[name]) for name in families]
        if column == "ari":
            handles = [*drawn, _draw_bound(axes, rows)]
        else:
            axes.set_ylim(0, 1.05 * axes.get_ylim()[1])
        axes.set_ylabel(label)
    _label(panels, axis or style.say("covariance family"), ticks, style)
    texts = [*(elide(name, 16) for name in families), style.say("Bayes' rule")]
    legend_below(figure, style, handles, texts)
    return figure


def _draw_family(
    axes: Axes, rows: pd.DataFrame, family: str, column: str, look: Look
) -> ErrorbarContainer:
    """Draw one covariance family: mean and standard error at each place."""
    mine = rows[rows["covariance"] == family].groupby(PLACE)[column].agg(["mean", "sem"])
    return error_line(axes, mine.index, mine["mean"], mine["sem"], look)


def _draw_bound(axes: Axes, rows: pd.DataFrame) -> Line2D:
    """Draw the agreement of Bayes' rule, which no fit can be expected to exceed."""
    bound = rows.drop_duplicates([PLACE, *_outer(rows)]).groupby(PLACE)["bayes_ari"].mean()
    (line,) = axes.plot(bound.index, bound, color="black", marker="_", markersize=9, linewidth=0.8)
    return line


def _label(panels: np.ndarray, axis: str, ticks: list[str], style: Style) -> None:
    """Name the places below the panels that stand at the bottom, as many as there is room for."""
    room = style.characters(style.pick(1.0, 0.29) * (MILLIMETRES[style.width] - 16))
    step = -(-len(ticks) * (min(max(map(breadth, ticks)), 12) + 1) // room)
    places = range(0, len(ticks), step)
    bottom = style.pick(panels[-1:], panels)
    for axes in panels:
        axes.set_xticks(list(places), [elide(ticks[i], 12) for i in places])
        axes.set_xlim(-0.5, len(ticks) - 0.5)
        axes.tick_params(bottom=any(ticks), labelbottom=axes in bottom)
    for axes in bottom:
        axes.set_xlabel(elide(axis, room))


def _rows(tables: Tables) -> tuple[pd.DataFrame, str | None, list[str]]:
    """Return the rows with their place along the axis, the axis, and the places' names.

    The axis is the first outer one with several values, or none: then each family has its place,
    without a name as the legend has it.
    Of several normalisers the likeliest fit stands.
    """
    likeliest = tables.recovery.sort_values("log_likelihood", ascending=False, kind="stable")
    outer = _outer(likeliest)
    rows = likeliest.drop_duplicates([*outer, "covariance"]).sort_index()
    axis = next((name for name in outer if rows[name].nunique() > 1), None)
    column = rows[axis or "covariance"]
    values = column.drop_duplicates().tolist() if axis else tables.families()
    if axis and column.dtype.kind in "if":
        values.sort()
    places = [values.index(value) for value in column]
    return rows.assign(**{PLACE: places}), axis, [_name(value) if axis else "" for value in values]


def _name(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _outer(rows: pd.DataFrame) -> list[str]:
    """Return the outer axes of the sweep, whose names have a dot."""
    return [str(name) for name in rows.columns if "." in str(name)]

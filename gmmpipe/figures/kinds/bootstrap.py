"""The bootstrapped likelihood ratio of K against K + 1, a panel for each K."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmpipe.figures.parts.legends import legend_below
from gmmpipe.figures.parts.panels import panel_figure
from gmmpipe.figures.parts.scatter import bins
from gmmpipe.figures.style import Style, styled
from gmmpipe.mixture.bootstrap.intervals import KEPT, REJECTED, UNDECIDED
from gmmpipe.mixture.mixture import Array
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import elide, number, p_words, percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS = 6
FAR = 2.0  # times the largest replicate, from where the observed ratio is but pointed at


def applies(tables: DatasetTables) -> bool:
    """Say whether the selected family was tested, with a sound replicate to show."""
    return tables.tests is not None and tables.has_selection and len(_shown(tables)) > 0


def caption(tables: DatasetTables, style: Style) -> str:
    """Return what is drawn, where testing upwards stops, and how many replicates are degenerate."""
    rows = _tests(tables)
    text = style.say(
        "{dataset}, {family}: likelihood ratio of K against K + 1 components, in {replicates}"
        " samples drawn from the fitted mixture of K (histogram) and observed (line; an arrow"
        " where it lies further right). K is rejected at {level} beyond the dashed line. p is"
        " followed by its Monte Carlo standard error; a test whose error reaches across {level}"
        " is undecided.",
        dataset=tables.dataset,
        family=elide(tables.selected()["covariance"], 16),
        replicates=rows["replicates"].max(),
        level=percent(rows["level"].iloc[0]),
    )
    n_degenerate, n = int(rows["degenerate"].sum()), rows["replicates"].sum()
    degenerate = style.say(
        "{lost} of {n} replicates are degenerate and left out.", lost=n_degenerate, n=n
    )
    hidden = [str(k) for k in sorted(set(rows["k0"]) - set(_shown(tables)["k0"]))]
    missing = style.say("Not shown: K = {ks}.", ks=style.listing(hidden))
    return style.sentences(
        text, _stop(tables, style), degenerate if n_degenerate else "", missing if hidden else ""
    )


def _stop(tables: DatasetTables, style: Style) -> str:
    """Return the sentence on where testing upwards stops, and why."""
    row = tables.stopped()
    if row is None:
        return style.say("Every K is rejected.")
    text = {
        KEPT: style.say("K = {k} is the first that is not rejected (bold).", k=row["k0"]),
        UNDECIDED: style.say(
            "K = {k} (bold) is undecided, so the tests do not give the number of components;"
            " more replicates would.",
            k=row["k0"],
        ),
    }
    no_replicate = style.say("K = {k} has no sound replicate, so testing stops there.", k=row["k0"])
    return text.get(row["decision"], no_replicate)


@styled
def draw(tables: DatasetTables, style: Style) -> Figure:
    """Return the histogram of the replicates' ratios and the observed one, for each K."""
    rows, stop = _shown(tables), tables.stopped()
    figure, panels = panel_figure(style, len(rows), style.pick((20, 36), (22, 41)), share="")
    family = elide(tables.selected()["covariance"], 16)
    figure.suptitle(style.title(tables.dataset, f": {family}"))
    handles: list[Artist] = []
    for panel, (_, row) in zip(panels, rows.iterrows(), strict=True):
        axes = panel.axes
        handles = _panel(axes, row, style)
        bold = stop is not None and row["k0"] == stop["k0"]
        axes.set_title(_title(row, style), linespacing=1.3, fontweight="bold" if bold else "normal")
        panel.name(style.say("2 log likelihood ratio"), style.say("replicates"))
        axes.locator_params(nbins=4)
    beyond = style.say("rejected beyond (at {level})", level=percent(rows["level"].iloc[0]))
    texts = [style.say("drawn from K"), style.say("observed"), beyond]
    legend_below(figure, style, handles, texts)
    return figure


def _panel(axes: Axes, row: pd.Series, style: Style) -> list[Artist]:
    """Draw the test of one K; return the handles of replicates, observed ratio and edge."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    values, observed = _sound(row), float(row["statistic"])
    null, colour = style.series(0).colour, style.series(5).colour
    axes.hist(
        values,
        bins(values).tolist(),
        color=null,
        alpha=0.6,
        edgecolor="white",
        linewidth=0.3,
    )
    if observed <= FAR * values.max():
        axes.axvline(observed, color=colour, linewidth=1.2)
    else:
        place: dict[str, Any] = {
            "color": colour,
            "transform": axes.transAxes,
            "clip_on": False,
        }
        axes.plot([0.8, 0.97], [0.5, 0.5], linewidth=1.2, **place)
        axes.plot([0.98], [0.5], ">", markersize=4, **place)
    if (edge := _edge(values, float(row["level"]))) is not None:
        axes.axvline(edge, color="black", linewidth=0.9, dashes=(3, 2))
    return [
        Patch(color=null, alpha=0.6),
        Line2D([], [], color=colour, linewidth=1.2),
        Line2D([], [], color="black", linewidth=0.9, dashes=(3, 2)),
    ]


def _edge(values: Array, level: float) -> float | None:
    """Return the replicate above which an observed ratio has p <= level; None of too few."""
    beyond = math.floor(level * (len(values) + 1) + 1e-9) - 1  # as many may be as large
    return None if beyond < 0 else float(np.sort(values)[::-1][min(beyond, len(values) - 1)])


def _title(row: pd.Series, style: Style) -> str:
    """Return the ratio, p with its error (a bound where no replicate is as large), a word."""
    least = row["p_value"] <= 1.5 / (len(_sound(row)) + 1)
    test = style.say("K = {k0} against {k1}: ", k0=row["k0"], k1=row["k1"])
    p = f"p ≤ {row['p_value']:.3g}" if least else f"p = {p_words(row)}"
    level = percent(row["level"])
    decisions = {
        REJECTED: style.say("rejected at {level}", level=level),
        KEPT: style.say("not rejected at {level}", level=level),
        UNDECIDED: style.say("undecided at {level}", level=level),
    }
    return f"{test}{number(row['statistic'])}\n{p}\n{decisions[row['decision']]}"


def _tests(tables: DatasetTables) -> pd.DataFrame:
    """Return the tests of the selected normaliser and family, by K."""
    return tables.of_selected(tables.tests).sort_values("k0", kind="stable")


def _shown(tables: DatasetTables) -> pd.DataFrame:
    """Return the tests that have panels: the first, and of the rest those next to where it stops.

    A test without any sound replicate has nothing to show.
    """
    rows = _tests(tables)
    rows = rows[[len(_sound(row)) > 0 and row["statistic"] >= 0 for _, row in rows.iterrows()]]
    if len(rows) <= MOST_PANELS:
        return rows
    row = tables.stopped()
    matches = np.flatnonzero(rows["k0"] == (rows["k0"].iloc[-1] if row is None else row["k0"]))
    stop = matches[0] if len(matches) else len(rows) - 1
    first = min(max(int(stop) - MOST_PANELS + 2, 0), len(rows) - MOST_PANELS)
    return rows.iloc[first : first + MOST_PANELS]


def _sound(row: pd.Series) -> Array:
    """Return the replicates' statistics that are numbers."""
    values = np.asarray(row["null"], dtype=np.float64)
    return values[~np.isnan(values)]

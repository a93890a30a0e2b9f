"""How alike the clusterings of each two runs of the selected model are: a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.parts.grid import COLOURS
from gmmpipe.figures.parts.legends import legend_of_starts, marker, start_looks
from gmmpipe.figures.parts.runs import at_maximum, cut_short, not_drawn, optimum_of
from gmmpipe.figures.style import MILLIMETRES, Look, Style, styled
from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.diagnostics.matching import comparison_rows
from gmmpipe.mixture.diagnostics.restarts import NONE
from gmmpipe.mixture.diagnostics.stability import agreement
from gmmpipe.mixture.mixture import Indices
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import elide, model

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_RUNS = 100  # of more, some of every optimum and start


def applies(tables: DatasetTables) -> bool:
    """Say whether the selected model has several components and sound runs."""
    if not tables.has_selection or int(tables.selected()["k"]) == 1:
        return False
    return len(_sound(tables)) > 1


def caption(tables: DatasetTables, style: Style) -> str:
    """Return what a cell is, in which order the runs stand, and how many are left out."""
    row, (runs, _, times) = tables.selected(), _ordered(tables)
    n, total = len(runs), int(times.sum())
    text = style.say(
        "{dataset}, {model}: adjusted Rand index between the clusterings of {n} runs (1: the"
        " same, 0: agreement by chance). The runs are ordered by the optimum they ended in,"
        " best first, with lines between optima; the marks show the start.",
        dataset=tables.dataset,
        model=model(row),
        n=n,
    )
    some_runs = style.say(
        "These {n} are chosen from {total} runs: equally many of each optimum and start, or all"
        " where there are fewer. The numbers at the left count all runs.",
        n=n,
        total=total,
    )
    rows = len(comparison_rows(len(tables.x)))
    some = style.say("The clusterings are compared on {n} of the samples, drawn at random.", n=rows)
    some = some if rows < len(tables.x) else ""
    none = _n_open(_sound(tables))
    unfinished = style.say(
        "The last {n} did not reach a maximum, or ended at a saddle, so they are not optima.",
        n=none,
    )
    others = not_drawn(tables, [(row["covariance"], row["k"])], style)
    return style.sentences(
        text,
        unfinished if none else "",
        some_runs if n < total else "",
        others,
        some,
        cut_short(_sound(tables), style),
    )


@styled
def draw(tables: DatasetTables, style: Style) -> Figure:
    """Return the matrix of agreement, runs of one optimum side by side."""
    runs, which, times = _ordered(tables)
    matrix = agreement(_labels(tables, runs))
    figure = style.figure(style.pick(82, 112))
    figure.suptitle(style.title(tables.dataset, f": {model(tables.selected())}"))
    axes, n = figure.add_subplot(), len(runs)
    picture = axes.imshow(matrix, vmin=0, vmax=1, cmap=COLOURS, interpolation="nearest")
    looks = start_looks(tables, style)
    _name_starts(axes, runs["start"].tolist(), looks)
    _name_optima(axes, which, _names(tables, times, style), style)
    for edge in np.flatnonzero(np.diff(which)) + 0.5:
        axes.plot([-0.5, n - 0.5], [edge, edge], color="white", linewidth=0.8)
        axes.plot([edge, edge], [-0.5, n - 0.5], color="white", linewidth=0.8)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(picture, ax=axes, aspect=25)
    bar.set_label(style.say("adjusted Rand index"))
    shown = {start: look for start, look in looks.items() if start in set(runs["start"])}
    legend_of_starts(figure, style, shown, marker)
    return figure


def _name_starts(axes: Axes, starts: list[str], looks: Mapping[str, Look]) -> None:
    """Put the mark of each run's start left of its row."""
    n = len(starts)
    room = max(1.0, 0.035 * n)
    for start, look in looks.items():
        rows = [row for row, name in enumerate(starts) if name == start]
        size = min(3.5, 150 / n)
        axes.plot(
            np.full(len(rows), -0.5 - room / 2),
            rows,
            look.marker,
            color=look.colour,
            markersize=size,
            markeredgewidth=0,
        )
    axes.set_xlim(-0.5 - room, n - 0.5)
    axes.set_ylim(n - 0.5, -0.5)


def _names(tables: DatasetTables, times: Indices, style: Style) -> list[str]:
    """Return how often each optimum was found, "" of one found once, then the other runs."""
    names = [style.say("{n} runs", n=n) if n > 1 else "" for n in times]
    if n := _n_open(_sound(tables)):
        names[-1] = style.say("{n} at no maximum", n=n)
    return names


def _name_optima(axes: Axes, which: Indices, texts: list[str], style: Style) -> None:
    """Write beside each optimum's rows its name, where these are high enough."""
    n, counts = len(which), np.bincount(which, minlength=len(texts))
    height = style.pick(58.0, 84.0) / n  # millimetres of a row
    ends = np.cumsum(counts)
    names = [
        (end - 0.5 - rows / 2, text)
        for end, rows, text in zip(ends, counts, texts, strict=True)
        if rows * height > 1.1 * style.font_size / 72 * 25.4
    ]
    axes.set_yticks([place for place, _ in names], [text for _, text in names])
    axes.set_xticks([])
    axes.tick_params(length=0)
    fits = style.characters(MILLIMETRES[style.width] * 0.6)
    axes.set_xlabel(elide(style.say("runs, from the best optimum on"), fits))


def _sound(tables: DatasetTables) -> pd.DataFrame:
    """Return the ends of the sound runs of the selected model."""
    row = tables.selected()
    ends = tables.runs(row["covariance"], row["k"])
    return ends[~ends["degenerate"] & ends["bic"].notna()]


def _ordered(tables: DatasetTables) -> tuple[pd.DataFrame, Indices, Indices]:
    """Return the runs shown by optimum, start and seed, their optima, and how often each is found.

    Optimum 0 is the best; runs that ended at none are one more group, the last.
    """
    runs, starts = _sound(tables), tables.starts()
    which = optimum_of(tables, runs)
    which[which == NONE] = which.max() + 1
    places = np.array([starts.index(start) for start in runs["start"]])
    order = np.lexsort((runs["seed"].to_numpy(int), places, which))
    chosen = order[evenly(which[order] * len(starts) + places[order], MOST_RUNS)]
    return runs.iloc[chosen], which[chosen], np.bincount(which)


def _n_open(runs: pd.DataFrame) -> int:
    """Return how many runs did not end at a maximum; 0 where the results do not say."""
    return int((~at_maximum(runs)).sum())


def evenly(groups: Indices, most: int) -> Indices:
    """Return up to ``most`` places in ``groups`` (R,), which are sorted codes.

    Of every group as many, spread evenly over it, or all where it has fewer; of more groups than
    ``most`` the first.
    """
    first, counts = np.unique(groups, return_index=True, return_counts=True)[1:]
    quota = next((c for c in range(most, 0, -1) if np.minimum(counts, c).sum() <= most), 1)
    places = [
        start + np.arange(n) * count // n
        for start, count in zip(first, counts, strict=True)
        for n in [min(count, quota)]
    ]
    return np.concatenate(places)[:most]


def _labels(tables: DatasetTables, runs: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the component of each sample compared in each run (R, samples)."""
    x = tables.x.to_numpy(float)
    x = x[comparison_rows(len(x))]
    labels = [
        log_responsibilities(x, mixture, missing="mar")[1].argmax(axis=1)
        for mixture in tables.mixtures(runs)
    ]
    return np.array(labels)

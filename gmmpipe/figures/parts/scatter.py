"""Points and histograms of groups of samples, each group with its own look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from gmmpipe.figures.style import Look, Style
from gmmpipe.mixture.diagnostics.matching import NOISE, to_indices
from gmmpipe.mixture.mixture import FIRST, Array, Mixture
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import elide

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer


@dataclass(frozen=True)
class Groups:
    """A partition of the samples: the group of each (N,), and the groups' names and looks."""

    codes: npt.NDArray[np.int64]
    names: list[str]
    looks: list[Look]


def component_groups(tables: DatasetTables, mixture: Mixture, style: Style) -> Groups:
    """Return the samples by component of the selected ``mixture``; what belongs to none is noise.

    The names are numbers from 1 on, then "noise" where there is any.
    """
    codes = to_indices(tables.assignments["component"].to_numpy(np.int64))
    k = mixture.n_components
    names = [str(index + FIRST) for index in range(k)]
    names += [] if mixture.box is None else [style.say("noise")]
    return Groups(np.where(codes == NOISE, k, codes), names, style.looks(mixture))


def marker_area(n_samples: int) -> float:
    """Return the area of a point in square points, smaller the more there are."""
    return float(np.clip(14 * (300 / max(n_samples, 1)) ** 0.5, 1.0, 14.0))


def draw_points(
    axes: Axes, points: Array, groups: Groups, style: Style, certainty: Array | None = None
) -> None:
    """Draw points (N, 2) with the look of their group; the less certain, the paler filled.

    certainty (N,) lies in [0, 1]; without it all are filled.
    """
    from matplotlib.colors import to_rgba

    if len(points) > style.rasterise_over:
        _draw_pixels(axes, points, groups, certainty)
        return
    for index, look in enumerate(groups.looks):
        chosen = groups.codes == index
        if not chosen.any():
            continue
        filling = np.ones(chosen.sum()) if certainty is None else certainty[chosen]
        faces = np.tile(to_rgba(look.colour), (len(filling), 1))
        faces[:, 3] = 0.08 + 0.62 * filling
        axes.scatter(
            points[chosen, 0],
            points[chosen, 1],
            s=marker_area(len(points)),
            c=faces,
            marker=look.marker,
            edgecolors=to_rgba(look.colour, 0.9),
            linewidths=0.4,
            zorder=2,
        )


def _draw_pixels(axes: Axes, points: Array, groups: Groups, certainty: Array | None) -> None:
    """Draw very many points (N, 2) as pixels, in an order that hides no group behind another."""
    from matplotlib.colors import to_rgba

    order = np.random.default_rng(0).permutation(len(points))
    colours = np.array([to_rgba(look.colour) for look in groups.looks])
    drawn = order[(groups.codes[order] >= 0) & (groups.codes[order] < len(colours))]
    faces = colours[groups.codes[drawn]]
    faces[:, 3] = 0.5 if certainty is None else 0.04 + 0.46 * certainty[drawn]
    axes.scatter(
        points[drawn, 0],
        points[drawn, 1],
        s=marker_area(len(points)),
        c=faces,
        edgecolors="none",
        zorder=2,
        rasterized=True,
    )


def draw_backdrop(axes: Axes, points: Array, style: Style) -> None:
    """Draw points (N, 2) in grey, for a mixture to stand out from."""
    axes.scatter(
        points[:, 0],
        points[:, 1],
        s=0.5 * marker_area(len(points)),
        color="0.7",
        linewidths=0,
        zorder=1,
        rasterized=len(points) > style.rasterise_over,
    )


def draw_stacks(axes: Axes, values: Array, groups: Groups) -> list[BarContainer]:
    """Draw the stacked histogram of ``values`` (N,) by group; return the bars of each."""
    edges = bins(values[~np.isnan(values)])
    bottom = np.zeros(len(edges) - 1)
    bars = []
    for index, look in enumerate(groups.looks):
        counts = np.histogram(values[groups.codes == index], edges)[0]
        bars.append(
            axes.bar(
                edges[:-1],
                counts,
                np.diff(edges),
                bottom,
                align="edge",
                color=look.colour,
                edgecolor="white",
                linewidth=0.3,
                hatch=look.hatch,
            )
        )
        bottom = bottom + counts
    return bars


def bins(values: Array) -> Array:
    """Return edges of a histogram: Freedman-Diaconis, between 10 and 60 bins."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        half = max(abs(low), 1.0) / 2
        return np.linspace(low - half, high + half, 11)
    quartiles = np.percentile(values, [25, 75])
    width = 2 * float(quartiles[1] - quartiles[0]) / len(values) ** (1 / 3)
    count = int(np.clip(np.ceil((high - low) / width), 10, 60)) if width > 0 else 10
    return np.linspace(low, high, count + 1)


def name_axes(axes: Axes, labels: tuple[str, str], style: Style) -> None:
    """Name both axes of a figure that has one panel, as long as there is room."""
    axes.set_xlabel(elide(labels[0], style.characters(style.pick(66, 150))))
    axes.set_ylabel(elide(labels[1], style.characters(style.pick(44, 75))))


def rasterised_sentence(tables: DatasetTables, style: Style) -> str:
    """Return the sentence of a caption that owns up to points drawn as pixels, or nothing."""
    if len(tables.x) <= style.rasterise_over:
        return ""
    return style.say("The {n} points are drawn as pixels, without outlines.", n=len(tables.x))


def lost_sentence(tables: DatasetTables, style: Style) -> str:
    """Return the sentence of a caption on samples that have missing values, or nothing."""
    n = int(tables.x.isna().any(axis=1).sum())
    if n == 0:
        return ""
    return style.say("{n} samples have missing values; a point needs both of its values.", n=n)

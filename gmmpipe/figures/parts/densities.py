"""A mixture of one feature: its histogram, components and density."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.parts.scatter import bins
from gmmpipe.figures.style import Style
from gmmpipe.mixture.mixture import Array, Mixture

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes


def densities_sentence(style: Style) -> str:
    """Return what is drawn, as a sentence of a caption."""
    return style.say("Histogram, components (coloured) and their sum (black).")


def component_densities(mixture: Mixture, grid: Array) -> Array:
    """Return weight times density of each component of one feature on ``grid`` (G,), as (K, G)."""
    deviations = np.sqrt(np.maximum(mixture.covariances[:, 0, 0], np.finfo(float).tiny))[:, None]
    z = (grid - mixture.means[:, :1]) / deviations
    return np.asarray(
        mixture.weights[:, None] * np.exp(-(z**2) / 2) / (deviations * np.sqrt(2 * np.pi))
    )


def draw_densities(axes: Axes, values: Array, mixture: Mixture, style: Style) -> list[Artist]:
    """Draw the histogram of ``values`` (N,), each component and their sum.

    Return the lines of the components.
    """
    values = values[~np.isnan(values)]
    draw_histogram(axes, values)
    lines = draw_curves(axes, values, mixture, style)
    axes.set_ylim(0, highest(values, mixture))
    return lines


def draw_histogram(axes: Axes, values: Array) -> None:
    """Draw the histogram of ``values`` (N,) as a density, and set the limits along it."""
    edges = bins(values)
    axes.hist(values, list(edges), density=True, color="0.85", edgecolor="white", linewidth=0.3)
    grid = _grid(values)
    axes.set_xlim(grid[0], grid[-1])


def draw_curves(axes: Axes, values: Array, mixture: Mixture, style: Style) -> list[Artist]:
    """Draw each component and their sum; return the lines of the components."""
    grid = _grid(values)
    densities = component_densities(mixture, grid)
    axes.plot(grid, densities.sum(axis=0), color="black", linewidth=1.2)
    lines: list[Artist] = []
    for index, density in enumerate(densities):
        look = style.component(index)
        lines += axes.plot(
            grid,
            density,
            color=look.colour,
            dashes=look.dashes[1] or (None, None),
            marker=look.marker,
            markevery=(12 * index % 60, 60),
            markersize=3,
            linewidth=1.0,
        )
    return lines


def highest(values: Array, mixture: Mixture) -> float:
    """Return the upper limit of the density: a collapsed component is a spike that is cut off."""
    bars = float(np.histogram(values, bins(values), density=True)[0].max())
    curve = float(component_densities(mixture, _grid(values)).sum(axis=0).max())
    return 1.08 * max(min(curve, 2 * bars), bars)


def _grid(values: Array) -> Array:
    """Return where densities are drawn: the range of the histogram and a little more."""
    edges = bins(values)
    room = 0.08 * (edges[-1] - edges[0])
    return np.linspace(edges[0] - room, edges[-1] + room, 600)

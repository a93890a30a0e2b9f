"""A mixture of one feature: its histogram, components and density."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.scatter import bins

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from gmmpipe.figures.style import Style
    from gmmpipe.numerics.mixture import Array, Mixture


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
    edges = bins(values)
    heights = axes.hist(
        values, list(edges), density=True, color="0.85", edgecolor="white", linewidth=0.3
    )
    low, high = edges[0], edges[-1]
    grid = np.linspace(low - 0.08 * (high - low), high + 0.08 * (high - low), 600)
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
    # a collapsed component is a spike: it must not flatten the rest
    top = min(float(densities.sum(axis=0).max()), 2 * float(np.max(heights[0])))
    axes.set(xlim=(grid[0], grid[-1]), ylim=(0, 1.08 * max(top, float(np.max(heights[0])))))
    return lines

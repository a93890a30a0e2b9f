"""Ellipses of constant density: their size, what they enclose, and how they are drawn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.style import Style
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.results.words.wording import share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE_STYLES = ("-", "--", ":", "-.")
NEAR = 0.25  # of the span of the samples: how far beyond them the limits of axes go
FAR = 5.0  # the same where a mixture is shown that is far larger than the samples, as a start


def enclosed(radius: float) -> float:
    """Return the probability inside an ellipse of ``radius`` standard deviations, D = 2.

    The squared Mahalanobis distance is chi-squared with two degrees of freedom.
    """
    return 1 - math.exp(-(radius**2) / 2)


def axes_of(covariance: Array, radius: float) -> tuple[float, float, float]:
    """Return full width, full height and angle (degrees) of an ellipse; covariance (2, 2)."""
    variances, directions = np.linalg.eigh(covariance)
    height, width = 2 * radius * np.sqrt(np.clip(variances, 0, None))
    angle = math.degrees(math.atan2(directions[1, 1], directions[0, 1]))
    return float(width), float(height), angle


def draw_ellipses(axes: Axes, mixture: Mixture, style: Style) -> None:
    """Draw the ellipses and the mean of each component; ``mixture`` has two dimensions."""
    from matplotlib.patches import Ellipse
    from matplotlib.patheffects import withStroke

    line_width = 1.1 if mixture.n_components <= 6 else 0.8
    size = 5.5 if mixture.n_components <= 6 else 4.0
    halo = [withStroke(linewidth=2.2 * line_width, foreground="white", alpha=0.8)]
    for index in range(mixture.n_components):
        if mixture.weights[index] <= 0 or not np.isfinite(mixture.covariances[index]).all():
            continue
        look, centre = style.component(index), mixture.means[index]
        for radius, line in zip(sorted(style.sigmas), LINE_STYLES, strict=False):
            width, height, angle = axes_of(mixture.covariances[index], radius)
            patch = Ellipse(tuple(centre), width, height, angle=angle, fill=False, zorder=4)
            patch.set(
                edgecolor=look.colour, linestyle=line, linewidth=line_width, path_effects=halo
            )
            axes.add_patch(patch)
        axes.plot(*centre, "+", color="white", markersize=size + 1.5, markeredgewidth=2.6, zorder=5)
        axes.plot(*centre, "+", color="black", markersize=size, markeredgewidth=1.1, zorder=6)


def frame(
    axes: Axes,
    points: Array,
    mixture: Mixture | None = None,
    radius: float = 2.0,
    beyond: float = NEAR,
) -> None:
    """Set the limits of ``axes`` to the points (N, 2), and to the ellipses where they are near.

    An ellipse that reaches out further than ``beyond`` times the span of the points is cut off.
    """
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    span = np.where(high > low, high - low, np.maximum(np.abs(high), 1.0))
    inner_low, inner_high = low - 0.05 * span, high + 0.05 * span
    if mixture is not None:
        reach = radius * deviations(mixture)
        inner_low = np.minimum(inner_low, (mixture.means - 1.05 * reach).min(axis=0))
        inner_high = np.maximum(inner_high, (mixture.means + 1.05 * reach).max(axis=0))
    low = np.maximum(inner_low, low - beyond * span)
    high = np.minimum(inner_high, high + beyond * span)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))


def deviations(mixture: Mixture) -> Array:
    """Return half the width and height of each ellipse of radius 1, (K, 2)."""
    variances = np.diagonal(mixture.covariances, axis1=1, axis2=2)
    return np.asarray(np.sqrt(np.clip(variances, 0, None)))


def sigmas_sentence(style: Style) -> str:
    """Return what the ellipses are and enclose, as a sentence of a caption."""
    radii = sorted(style.sigmas)
    names = [style_name(index, style) for index in range(len(radii))]
    return style.say(
        "Ellipses: {radii} standard deviations ({names}), which enclose {shares} of a component;"
        " crosses: means.",
        radii=style.listing([f"{radius:g}" for radius in radii]),
        names=style.listing(names),
        shares=style.listing([share(enclosed(radius)) for radius in radii]),
    )


def style_name(index: int, style: Style) -> str:
    """Return the name of the line style of the ellipse at position ``index``."""
    say = style.say
    return (say("solid"), say("dashed"), say("dotted"), say("dash-dotted"))[index]

"""How far a mixture moves as EM proceeds: which of its pictures show something new."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.parts.projection import plane
from gmmpipe.figures.style import Style
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.results.dataset_tables import DatasetTables

if TYPE_CHECKING:
    from collections.abc import Sequence

SEEN = 0.05  # standard deviations of the samples; a shorter way is not seen in a figure


def path_lengths(tables: DatasetTables, mixtures: Sequence[Mixture]) -> Array:
    """Return ``cumulative_moves`` of mixtures of the selected run, in the plane of its figure."""
    points = tables.x.to_numpy(float)
    if points.shape[1] > 1:
        view = plane(tables.features, tables.mixture(tables.selected()), Style())
        points, mixtures = view.points(points), [view.mixture(mixture) for mixture in mixtures]
    return cumulative_moves(mixtures, points)


def cumulative_moves(mixtures: Sequence[Mixture], points: Array) -> Array:
    """Return the way from the first of some mixtures to each, along all before it, (M,).

    A step is the root of the components' squared moves: of the mean, of the symmetric root of the
    covariance (Frobenius), both weighted by the component's weight, and of the root of the weight
    itself. The unit is the standard deviation of the samples ``points`` (N, D), of each feature.
    """
    scale = np.nanstd(points, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    steps = [_step(one, other, scale) for one, other in pairwise(mixtures)]
    return np.concatenate([[0.0], np.cumsum(steps)])


def _step(one: Mixture, other: Mixture, scale: Array) -> float:
    moves = ((other.means - one.means) / scale) ** 2
    turns = (_roots(other, scale) - _roots(one, scale)) ** 2
    weights = (one.weights + other.weights) / 2
    shares = (np.sqrt(other.weights) - np.sqrt(one.weights)) ** 2
    squares = weights * (moves.sum(axis=1) + turns.sum(axis=(1, 2))) + shares
    return float(np.sqrt(squares.sum()))


def _roots(mixture: Mixture, scale: Array) -> Array:
    """Return the symmetric root of each covariance in units of ``scale``, (K, D, D)."""
    variances, directions = np.linalg.eigh(mixture.covariances / np.multiply.outer(scale, scale))
    lengths = np.sqrt(np.maximum(variances, 0.0))
    roots: Array = (directions * lengths[:, None, :]) @ directions.transpose(0, 2, 1)
    return roots


def whole(mixtures: Sequence[Mixture]) -> Mixture:
    """Return all components of some mixtures as one, for the limits of shared axes."""
    return Mixture(
        np.concatenate([mixture.weights for mixture in mixtures]) / len(mixtures),
        np.concatenate([mixture.means for mixture in mixtures]),
        np.concatenate([mixture.covariances for mixture in mixtures]),
    )


def distinct_snapshots(way: Array, most: int) -> list[int]:
    """Return which of the places (M,) along a way to show: up to ``most``, both ends among them.

    One after the other that goes which is nearest to a neighbour, until there are so few and none
    but the ends is closer to another than is ``SEEN``.
    """
    places = list(range(len(way)))
    while len(places) > 2:
        gaps = np.diff(way[places])
        nearest, both = np.minimum(gaps[:-1], gaps[1:]), gaps[:-1] + gaps[1:]
        if len(places) <= most and nearest.min() >= SEEN:
            break
        del places[1 + int(np.lexsort((both, nearest))[0])]
    return places

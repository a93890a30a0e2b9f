"""Starts from the groups of k-means, and of its seeds alone."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le, Lt

from gmmpipe.mixture.mixture import Array, Indices, Mixture
from gmmpipe.mixture.moments import (
    check_k,
    group_means,
    moments,
    nearest,
    standard_deviations,
    standardised,
)
from gmmpipe.mixture.starts.points import shuffled


@dataclass(frozen=True)
class KMeansPlusPlus:
    """Groups around k rows drawn far apart (k-means++ seeds alone): cheaper than kmeans.

    Arthur & Vassilvitskii 2007: each next seed with probability proportional to its squared
    distance from the seeds so far.
    """

    def __call__(
        self, x: Array, k: int, rng: np.random.Generator, weight: Array | None = None
    ) -> Mixture:
        """Return the moments of the rows nearest to each seed; see ``moments``."""
        check_k(x, k)
        z = standardised(x, weight)
        seeds = _seeds(z, k, rng, weight)
        return moments(x, nearest(z, z[seeds]), x[seeds], weight)


@dataclass(frozen=True)
class KMeans:
    """Groups found by k-means (Lloyd) from k-means++ seeds."""

    max_iter: Annotated[int, Ge(1), Le(100_000)] = 300
    """Most rounds of k-means."""
    tol: Annotated[float, Ge(0), Lt(1)] = 1e-3
    """It stops once no more than this share of the rows changes group (0 = none does)."""

    def __call__(
        self, x: Array, k: int, rng: np.random.Generator, weight: Array | None = None
    ) -> Mixture:
        """Return the moments of the groups; see ``moments``."""
        check_k(x, k)
        z = standardised(x, weight)
        centres = z[_seeds(z, k, rng, weight)]
        labels = nearest(z, centres)
        for _ in range(self.max_iter):
            centres = group_means(z, labels, centres, weight)
            before, labels = labels, nearest(z, centres)
            if np.average(labels != before, weights=weight) <= self.tol:
                break
        whole = np.average(x, axis=0, weights=weight)
        return moments(x, labels, whole + centres * standard_deviations(x, weight), weight)


def _seeds(z: Array, k: int, rng: np.random.Generator, weight: Array | None) -> Indices:
    """Return the k-means++ seeds, (k,) row numbers without repetition."""
    seeds = np.empty(k, np.int64)
    seeds[0] = rng.integers(len(z)) if weight is None else shuffled(len(z), rng, weight)[0]
    distance = np.full(len(z), np.inf)
    for j in range(1, k):
        distance = np.minimum(distance, np.sum((z - z[seeds[j - 1]]) ** 2, axis=1))
        distance[seeds[:j]] = 0.0
        mass = distance if distance.any() else ~np.isin(np.arange(len(z)), seeds[:j])
        total = np.cumsum(mass if weight is None else mass * weight, dtype=np.float64)
        chosen = int(np.searchsorted(total, rng.random() * total[-1], side="right"))
        seeds[j] = min(chosen, int(np.flatnonzero(mass)[-1]))
    return seeds

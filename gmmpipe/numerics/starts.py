"""Starts: the mixture from which EM sets out.

Each is a frozen dataclass whose fields are its options, called with x (N, D) float64, k and the
random generator it alone draws from. All are scale-free: distances are taken in standard
deviations of each feature, so raw, min-max and z-scored data give the same start up to
rounding. Each raises InputError unless 1 <= k <= N. A new start is one class and one line in
``STARTS``.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from annotated_types import Ge, Le, Lt

from gmmpipe.errors import InputError
from gmmpipe.numerics.mixture import Array, Mixture

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Uniform:
    """Means uniform over the range of the data, covariances of that range, equal weights.

    On min-max data: means ``rng.random((k, d))`` and identity covariances, bit for bit.
    """

    def __call__(self, x: Array, k: int, rng: np.random.Generator) -> Mixture:
        """Return the start; a constant feature counts as one of range 1."""
        _check(x, k)
        low = x.min(axis=0)
        span = x.max(axis=0) - low
        means = low + rng.random((k, x.shape[1])) * span
        span[span == 0] = 1.0
        return _equal(means, np.diag(span * span))


@dataclass(frozen=True)
class Points:
    """Means at k random rows, the covariance of all the data, equal weights.

    The rows have distinct values wherever the data hold k distinct rows: components that start
    alike stay alike for ever.
    """

    def __call__(self, x: Array, k: int, rng: np.random.Generator) -> Mixture:
        """Return the start."""
        _check(x, k)
        picked: list[int] = []
        twins: list[int] = []
        seen: set[bytes] = set()
        for i in rng.permutation(len(x)):
            key = x[i].tobytes()
            (twins if key in seen else picked).append(int(i))
            seen.add(key)
            if len(picked) == k:
                break
        return _equal(x[(picked + twins)[:k]], total_covariance(x))


@dataclass(frozen=True)
class KMeansPlusPlus:
    """Groups around k rows drawn far apart (k-means++ seeding, no k-means).

    Arthur & Vassilvitskii 2007: each next seed with probability proportional to its squared
    distance from the seeds so far.
    """

    def __call__(self, x: Array, k: int, rng: np.random.Generator) -> Mixture:
        """Return the moments of the rows nearest to each seed; see ``moments``."""
        _check(x, k)
        z = _standardised(x)
        seeds = _seeds(z, k, rng)
        return moments(x, _nearest(z, z[seeds]), x[seeds])


@dataclass(frozen=True)
class KMeans:
    """Groups found by k-means (Lloyd) from k-means++ seeds."""

    max_iter: Annotated[int, Ge(1), Le(100_000)] = 300
    """Most rounds of k-means."""
    tol: Annotated[float, Ge(0), Lt(1)] = 1e-3
    """It stops once no more than this share of the rows changes group (0 = none does)."""

    def __call__(self, x: Array, k: int, rng: np.random.Generator) -> Mixture:
        """Return the moments of the groups; see ``moments``."""
        _check(x, k)
        z = _standardised(x)
        centres = z[_seeds(z, k, rng)]
        labels = _nearest(z, centres)
        for _ in range(self.max_iter):
            centres = _centres(z, labels, centres)
            before, labels = labels, _nearest(z, centres)
            if np.count_nonzero(labels != before) <= self.tol * len(x):
                break
        return moments(x, labels, x.mean(axis=0) + centres * _deviations(x))


def moments(x: Array, labels: Indices, centres: Array) -> Mixture:
    """Return the mixture of K groups of rows, its covariances shrunk towards the whole's.

    labels (N,), centres (K, D) the means of groups without rows. Covariance of group j:
    (S_j + (D + 1) T) / (n_j + D + 1), S_j its scatter and T the total covariance, that is D + 1
    pseudo-samples spread like the whole data: positive definite whatever n_j is. Weights
    (n_j + 1/K) / (N + 1): one pseudo-sample, shared, so that none starts at 0.
    """
    (n, d), k = x.shape, len(centres)
    counts = np.bincount(labels, minlength=k)
    means = _centres(x, labels, centres)
    covariances = np.empty((k, d, d))
    prior = (d + 1) * total_covariance(x)
    for j in range(k):
        deviation = x[labels == j] - means[j]
        covariances[j] = (deviation.T @ deviation + prior) / (counts[j] + d + 1)
    return Mixture((counts + 1 / k) / (n + 1), means, covariances)


def total_covariance(x: Array) -> Array:
    """Return the covariance of all rows (ddof 0), (D, D), always positive definite.

    Where features are collinear or D >= N, D + 1 pseudo-samples without correlation are added;
    a constant feature, which has no scale, gets variance 1.
    """
    n, d = x.shape
    scale = _deviations(x)
    z = _standardised(x)
    correlation = z.T @ z / n
    np.fill_diagonal(correlation, 1.0)
    if np.linalg.eigvalsh(correlation)[0] < 1e-12 * d:
        correlation = (n * correlation + (d + 1) * np.eye(d)) / (n + d + 1)
    covariance: Array = correlation * np.multiply.outer(scale, scale)
    return covariance


def _check(x: Array, k: int) -> None:
    if not 1 <= k <= len(x):
        raise InputError(f"k is {k}; choose from 1 to {len(x)}, the number of samples")


def _equal(means: Array, covariance: Array) -> Mixture:
    """Return components that share one covariance and one weight."""
    k = len(means)
    return Mixture(np.full(k, 1 / k), means, np.tile(covariance, (k, 1, 1)))


def _deviations(x: Array) -> Array:
    """Return the standard deviation of each feature, (D,); 1 for a constant one."""
    scale: Array = np.where(np.ptp(x, axis=0) > 0, x.std(axis=0), 1.0)
    return scale


def _standardised(x: Array) -> Array:
    """Return x in standard deviations from the mean, (N, D)."""
    constant = np.ptp(x, axis=0) == 0
    z: Array = np.where(constant, 0.0, (x - x.mean(axis=0)) / _deviations(x))
    return z


def _seeds(z: Array, k: int, rng: np.random.Generator) -> Indices:
    """Return the k-means++ seeds, (k,) row numbers without repetition."""
    seeds = np.empty(k, np.int64)
    seeds[0] = rng.integers(len(z))
    distance = np.full(len(z), np.inf)
    for j in range(1, k):
        distance = np.minimum(distance, np.sum((z - z[seeds[j - 1]]) ** 2, axis=1))
        distance[seeds[:j]] = 0.0
        mass = distance if distance.any() else ~np.isin(np.arange(len(z)), seeds[:j])
        total = np.cumsum(mass, dtype=np.float64)
        chosen = int(np.searchsorted(total, rng.random() * total[-1], side="right"))
        seeds[j] = min(chosen, int(np.flatnonzero(mass)[-1]))
    return seeds


def _nearest(z: Array, centres: Array) -> Indices:
    """Return the nearest centre of each row, (N,); the first of equals."""
    from scipy.cluster.vq import vq

    return np.asarray(vq(z, centres, check_finite=False)[0], np.int64)


def _centres(z: Array, labels: Indices, empty: Array) -> Array:
    """Return the mean of each group, (K, D); that of ``empty`` for a group without rows."""
    counts = np.bincount(labels, minlength=len(empty))
    sums = np.stack([np.bincount(labels, column, len(empty)) for column in z.T], axis=1)
    centres: Array = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], empty)
    return centres


STARTS: dict[str, type] = {
    "uniform": Uniform,
    "points": Points,
    "kmeans": KMeans,
    "kmeans++": KMeansPlusPlus,
}

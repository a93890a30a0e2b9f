"""Moments of groups of rows: how a start turns a grouping of the data into a mixture.

weight (N,) > 0 is how many times each row counts; none = once.
"""

import numpy as np

from gmmpipe.errors import InputError
from gmmpipe.mixture.mixture import Array, Indices, Mixture


def moments(x: Array, labels: Indices, centres: Array, weight: Array | None = None) -> Mixture:
    """Return the mixture of K groups of rows, its covariances shrunk towards the whole's.

    labels (N,), centres (K, D) the means of groups without rows. Covariance of group j:
    (S_j + (D + 1) T) / (n_j + D + 1), S_j its scatter and T the total covariance, that is D + 1
    pseudo-samples spread like the whole data: positive definite whatever n_j is. Weights
    (n_j + 1/K) / (N + 1): one pseudo-sample, shared, so that none starts at 0.
    """
    d, k = x.shape[1], len(centres)
    counts = np.bincount(labels, weight, minlength=k).astype(np.float64)
    means = group_means(x, labels, centres, weight)
    covariances = np.empty((k, d, d))
    prior = (d + 1) * total_covariance(x, weight)
    for j in range(k):
        rows = labels == j
        deviation = x[rows] - means[j]
        if weight is not None:
            deviation *= np.sqrt(weight[rows, None])
        covariances[j] = (deviation.T @ deviation + prior) / (counts[j] + d + 1)
    return Mixture((counts + 1 / k) / (total(x, weight) + 1), means, covariances)


def soft_moments(
    x: Array, responsibilities: Array, centres: Array, weight: Array | None = None
) -> Mixture:
    """Return what ``moments`` does for groups that share rows.

    responsibilities (N, K), rows summing to one; centres (K, D) the means of groups that hold
    less than a billionth of a row.
    """
    d, k = x.shape[1], len(centres)
    mass = responsibilities if weight is None else responsibilities * weight[:, None]
    counts = mass.sum(axis=0)
    whole = np.average(x, axis=0, weights=weight)
    centred = x - whole
    nonempty = counts > 1e-9
    shift = mass.T @ centred / np.where(nonempty, counts, 1.0)[:, None]
    means = np.where(nonempty[:, None], whole + shift, centres)
    covariances = np.empty((k, d, d))
    prior = (d + 1) * total_covariance(x, weight)
    for j in range(k):
        deviation = (x - means[j]) * np.sqrt(mass[:, j, None])
        covariances[j] = (deviation.T @ deviation + prior) / (counts[j] + d + 1)
    return Mixture((counts + 1 / k) / (total(x, weight) + 1), means, covariances)


def total(x: Array, weight: Array | None) -> float:
    """Return how many samples the rows of x (N, D) count for: N, or the sum of their weights."""
    return float(len(x) if weight is None else weight.sum())


def total_covariance(x: Array, weight: Array | None = None) -> Array:
    """Return the covariance of all rows (ddof 0), (D, D), always positive definite.

    Where features are collinear or D >= N, D + 1 pseudo-samples without correlation are added;
    a constant feature, which has no scale, gets variance 1.
    """
    n, d = total(x, weight), x.shape[1]
    scale = standard_deviations(x, weight)
    z = standardised(x, weight)
    if weight is not None:
        z *= np.sqrt(weight)[:, None]
    correlation = z.T @ z / n
    np.fill_diagonal(correlation, 1.0)
    if np.linalg.eigvalsh(correlation)[0] < 1e-12 * d:
        correlation = (n * correlation + (d + 1) * np.eye(d)) / (n + d + 1)
    covariance: Array = correlation * np.multiply.outer(scale, scale)
    return covariance


def standard_deviations(x: Array, weight: Array | None = None) -> Array:
    """Return the standard deviation of each feature, (D,); 1 for a constant one."""
    squares = (x - np.average(x, axis=0, weights=weight)) ** 2
    spread = np.sqrt(np.average(squares, axis=0, weights=weight))
    scale: Array = np.where(np.ptp(x, axis=0) > 0, spread, 1.0)
    return scale


def standardised(x: Array, weight: Array | None = None) -> Array:
    """Return x in standard deviations from the mean, (N, D)."""
    constant = np.ptp(x, axis=0) == 0
    centred = x - np.average(x, axis=0, weights=weight)
    z: Array = np.where(constant, 0.0, centred / standard_deviations(x, weight))
    return z


def nearest(z: Array, centres: Array) -> Indices:
    """Return the nearest centre of each row, (N,); the first of equals."""
    from scipy.cluster.vq import vq

    return np.asarray(vq(z, centres, check_finite=False)[0], np.int64)


def group_means(z: Array, labels: Indices, empty: Array, weight: Array | None = None) -> Array:
    """Return the mean of each group, (K, D); that of ``empty`` for a group without rows."""
    counts = np.bincount(labels, weight, minlength=len(empty))
    masses = z if weight is None else z * weight[:, None]
    sums = np.stack([np.bincount(labels, column, len(empty)) for column in masses.T], axis=1)
    filled = counts > 0
    centres: Array = np.where(filled[:, None], sums / np.where(filled, counts, 1)[:, None], empty)
    return centres


def check_k(x: Array, k: int) -> None:
    """Raise InputError unless 1 <= k <= N."""
    if not 1 <= k <= len(x):
        raise InputError(f"k is {k}; choose from 1 to {len(x)}, the number of samples")

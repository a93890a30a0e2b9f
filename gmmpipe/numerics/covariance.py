"""The covariance families: what the M step makes of soft counts and scatter matrices."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gmmpipe.numerics.mixture import Array


@dataclass(frozen=True)
class Family:
    """A constraint on the covariances of a mixture.

    n_parameters(k, d) counts the free covariance parameters alone.

    covariances(counts (K,), scatter (K, D, D), floor (D,)) -> (K, D, D) is the M step: the member
    of the family with the highest likelihood among those where each covariance minus
    ``diag(floor)`` is positive semidefinite; a floor of 0 in any feature asks for no bound (but
    spherical goes by the largest). What a component of count 0 gets is finite and up to the family.

    kernel names the compiled M step of ``kernels``; without one EM comes back to Python at each
    iteration to call ``covariances``. axis_aligned families skip all D x D work.
    """

    n_parameters: Callable[[int, int], int]
    covariances: Callable[[Array, Array, Array], Array]
    kernel: int | None = None
    axis_aligned: bool = False

    def project(self, weights: Array, covariances: Array) -> Array:
        """Return the covariances (K, D, D) as members of the family; members keep their bits."""
        nearest = self.covariances(
            weights, weights[:, None, None] * covariances, np.zeros(covariances.shape[1])
        )
        nearest[weights == 0] = covariances[weights == 0]
        same = np.isclose(nearest, covariances, rtol=1e-14, atol=0.0)
        return np.where(same, covariances, nearest)


def clip(covariances: Array, floor: Array) -> Array:
    """Raise the eigenvalues of covariances (K, D, D) to at least 1 in units of sqrt(floor (D,)).

    This is the exact maximiser under the bound (Won, Lim, Kim and Rajaratnam 2013, section 2,
    with the upper bound taken away).
    """
    if np.any(floor == 0):
        return covariances
    scale = np.sqrt(np.multiply.outer(floor, floor))
    values, vectors = np.linalg.eigh(covariances / scale)
    low = values[:, 0] < 1
    clipped = (vectors * np.maximum(values, 1)[:, None, :]) @ vectors.transpose(0, 2, 1)
    clipped = (clipped + clipped.transpose(0, 2, 1)) / 2 * scale
    return np.where(low[:, None, None], clipped, covariances)


def full(counts: Array, scatter: Array, floor: Array) -> Array:
    """Give each component its own matrix."""
    return clip(scatter / _positive(counts), floor)


def tied(counts: Array, scatter: Array, floor: Array) -> Array:
    """Give all components the pooled matrix."""
    pooled = clip(scatter.sum(axis=0, keepdims=True) / counts.sum(), floor)
    return np.repeat(pooled, len(counts), axis=0)


def diag(counts: Array, scatter: Array, floor: Array) -> Array:
    """Give each component its own variances and no correlation."""
    variances = np.diagonal(scatter / _positive(counts), axis1=1, axis2=2)
    bounded: Array = np.maximum(variances, _bound(floor))
    return bounded[:, None, :] * np.eye(len(floor))


def spherical(counts: Array, scatter: Array, floor: Array) -> Array:
    """Give each component one variance for all features."""
    variances = np.trace(scatter, axis1=1, axis2=2) / (counts.clip(_TINY) * len(floor))
    bounded: Array = np.maximum(variances, floor.max())
    return bounded[:, None, None] * np.eye(len(floor))


_TINY = 1e-100  # counts below hold no information: the moments' last digits are gone


def _positive(counts: Array) -> Array:
    return counts.clip(_TINY)[:, None, None]


def _bound(floor: Array) -> Array:
    return np.zeros_like(floor) if np.any(floor == 0) else floor


FAMILIES: dict[str, Family] = {
    "full": Family(lambda k, d: k * d * (d + 1) // 2, full, kernel=0),
    "tied": Family(lambda _, d: d * (d + 1) // 2, tied, kernel=1),
    "diag": Family(lambda k, d: k * d, diag, kernel=2, axis_aligned=True),
    "spherical": Family(lambda k, _: k, spherical, kernel=3, axis_aligned=True),
}

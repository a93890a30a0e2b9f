"""scikit-learn's shapes for what a mixture keeps as (K, D, D).

"tied" is (D, D), "diag" (K, D), "spherical" (K,); every other family stays (K, D, D). Factors are
scikit-learn's: upper triangular U with precision U U^T, or 1 / standard deviation.
"""

import numpy as np

from gmmpipe.mixture.mixture import Array, Mixture


def shape(family: str, k: int, d: int) -> tuple[int, ...]:
    """Return the shape of covariances, precisions and factors of k components."""
    return {"tied": (d, d), "diag": (k, d), "spherical": (k,)}.get(family, (k, d, d))


def compact(mixture: Mixture, family: str) -> Array:
    """Return the mixture's covariances in the family's shape, a copy."""
    covariances: Array = mixture.covariances
    if family == "tied":
        heaviest: Array = covariances[mixture.weights.argmax()].copy()
        return heaviest
    if family == "diag":
        return np.diagonal(covariances, axis1=1, axis2=2).copy()
    if family == "spherical":
        return covariances[:, 0, 0].copy()
    return covariances.copy()


def expand(values: Array, family: str, k: int, d: int) -> Array:
    """Return values of the family's shape as k matrices, (K, D, D)."""
    if family == "tied":
        return np.tile(values, (k, 1, 1))
    if family == "diag":
        return values[:, :, None] * np.eye(d)
    if family == "spherical":
        return values[:, None, None] * np.eye(d)
    return values


def factors(covariances: Array, family: str) -> Array:
    """Return the factors of the precisions, all in the family's shape.

    Raises numpy.linalg.LinAlgError where a covariance is not positive definite.
    """
    if family not in {"diag", "spherical"}:
        lower = np.linalg.cholesky(covariances)
        return np.triu(np.linalg.inv(lower).swapaxes(-1, -2))
    if not (covariances > 0).all():
        raise np.linalg.LinAlgError("variance not positive")
    deviations: Array = 1 / np.sqrt(covariances)
    return deviations


def precisions(upper: Array, family: str) -> Array:
    """Return the precisions of the factors ``upper``, all in the family's shape."""
    product: Array = upper**2 if family in {"diag", "spherical"} else upper @ upper.swapaxes(-1, -2)
    return product


def inverse(matrices: Array) -> Array:
    """Return the symmetric inverses of precisions (..., D, D)."""
    inverted = np.linalg.inv(matrices)
    symmetric: Array = (inverted + inverted.swapaxes(-1, -2)) / 2
    return symmetric


def attributes(mixture: Mixture, family: str) -> dict[str, Array]:
    """Return the parameters under scikit-learn's names, float64, each a copy."""
    covariances = compact(mixture, family)
    upper = factors(covariances, family)
    return {
        "weights_": mixture.weights.copy(),
        "means_": mixture.means.copy(),
        "covariances_": covariances,
        "precisions_cholesky_": upper,
        "precisions_": precisions(upper, family),
    }

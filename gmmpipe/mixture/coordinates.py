"""A mixture as a point without bounds: in which EM is extrapolated and mixtures are perturbed."""

import numpy as np

from gmmpipe.mixture.mixture import Array, Mask, Mixture


def coordinates(mixture: Mixture, alive: Mask) -> Array:
    """Return the alive components in unbounded coordinates (P,).

    Logarithms of the weights (noise last), means, and of each covariance L L^T the logarithms of
    L's diagonal and what is below it, in units of the diagonal element of its column.
    """
    lower = np.linalg.cholesky(mixture.covariances[alive])
    size = np.diagonal(lower, axis1=1, axis2=2)
    below = np.tril(lower / size[:, None, :], -1)
    every = (np.log(_shares(mixture, alive)), mixture.means[alive], np.log(size), below)
    return np.concatenate([part.ravel() for part in every])


def scale(mixture: Mixture, alive: Mask) -> Array:
    """Return what makes the lengths of coordinates alike: near the Fisher information's root.

    No unit of the data is in the products with differences of coordinates.
    """
    shares = np.sqrt(_shares(mixture, alive))
    covariances = mixture.covariances[alive]
    size = np.diagonal(np.linalg.cholesky(covariances), axis1=1, axis2=2)
    deviation = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
    each = shares[: len(size), None]
    below = each[:, :, None] * size[:, None, :] / deviation[:, :, None]
    every = (shares, each / deviation, each * np.full_like(size, np.sqrt(2)), below)
    return np.concatenate([part.ravel() for part in every])


def _shares(mixture: Mixture, alive: Mask) -> Array:
    """Return the weights of the alive components and, if there is any, of the noise."""
    noise = [mixture.noise] if mixture.noise > 0 else []
    result: Array = np.append(mixture.weights[alive], noise)
    return result


def from_coordinates(values: Array, like: Mixture, alive: Mask) -> tuple[Array, Array, Array]:
    """Return weights, means and lower factors; of what is not alive the means alone."""
    k, d = int(alive.sum()), like.n_features
    n_shares = len(_shares(like, alive))
    cuts = np.cumsum([n_shares, k * d, k * d])
    logs, centres, sizes, below = np.split(values, cuts)
    shares = np.exp(logs - logs.max())
    weights, means = np.zeros_like(like.weights), like.means.copy()
    lower = np.tile(np.eye(d), (len(weights), 1, 1))
    weights[alive] = (shares / shares.sum())[:k]
    means[alive] = centres.reshape(k, d)
    size = np.exp(sizes.reshape(k, 1, d))
    lower[alive] = (np.tril(below.reshape(k, d, d), -1) + np.eye(d)) * size
    return weights, means, lower

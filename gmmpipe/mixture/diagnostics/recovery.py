"""How near a fitted mixture is to the one that the data were drawn from."""

from dataclasses import dataclass

import numpy as np

from gmmpipe.errors import InputError
from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.diagnostics.matching import match
from gmmpipe.mixture.diagnostics.metrics import Codes
from gmmpipe.mixture.mixture import Array, Indices, Mixture


@dataclass(frozen=True)
class Recovery:
    """The errors of each of K true components in the fitted component matched to it, all (K,).

    component: the fitted one; weight_error: absolute; mean_error: in standard deviations of the
    true component (Mahalanobis); mean_distance: Euclidean, in the units of the data;
    covariance_error: Frobenius, relative to the true one; covariance_distance: affine-invariant,
    the root of sum log^2 of the eigenvalues of S_true^-1 S (Forstner & Moonen 1999);
    divergence: Kullback-Leibler, of the fitted from the true component, nats.
    """

    component: Indices
    weight_error: Array
    mean_error: Array
    mean_distance: Array
    covariance_error: Array
    covariance_distance: Array
    divergence: Array


@dataclass(frozen=True)
class BayesRule:
    """What Bayes' rule makes of the samples when it knows the mixture.

    labels (N,): the most probable component; resp (N, K); error: the Bayes error rate, as the
    mean over the samples of 1 - max_k p(k | x).
    """

    labels: Codes
    resp: Array
    error: float


def bayes(x: Array, truth: Mixture, threads: int = 1) -> BayesRule:
    """Return Bayes' classification of x (N, D) by the mixture it was drawn from."""
    resp = np.exp(log_responsibilities(x, truth, threads)[1])
    return BayesRule(resp.argmax(axis=1), resp, float(np.mean(1 - resp.max(axis=1))))


def recovery(fitted: Mixture, truth: Mixture, resp: Array, true_resp: Array) -> Recovery:
    """Return the errors of ``fitted`` component by component, in the order of ``truth``.

    resp, true_resp (N, K): responsibilities of both for the same samples, by whose overlap the
    components are matched (``matching.match``): this depends neither on the units nor on order.
    Raises InputError unless both have the same K and D and positive definite covariances.
    """
    if fitted.means.shape != truth.means.shape:
        raise InputError(
            f"recovery: {fitted.means.shape} fitted and {truth.means.shape} true components x"
            " features; they must be the same"
        )
    partner = match(true_resp, resp)
    means, covariances = fitted.means[partner], fitted.covariances[partner]
    shift = means - truth.means
    square = _mahalanobis(shift, truth.covariances)
    ratios = _ratios(covariances, truth.covariances)
    difference = np.linalg.norm(covariances - truth.covariances, axis=(1, 2))
    return Recovery(
        component=partner,
        weight_error=np.abs(fitted.weights[partner] - truth.weights),
        mean_error=np.sqrt(square),
        mean_distance=np.linalg.norm(shift, axis=1),
        covariance_error=difference / np.linalg.norm(truth.covariances, axis=(1, 2)),
        covariance_distance=np.sqrt(np.sum(np.log(ratios) ** 2, axis=1)),
        divergence=(
            np.sum(1 / ratios - 1 + np.log(ratios), axis=1) + _mahalanobis(shift, covariances)
        )
        / 2,
    )


def _mahalanobis(shift: Array, covariances: Array) -> Array:
    """Return the squared length of each shift (K, D) in units of covariances (K, D, D), (K,)."""
    solved = np.linalg.solve(covariances, shift[:, :, None])[:, :, 0]
    return np.asarray(np.sum(shift * solved, axis=1))


def _ratios(covariances: Array, true: Array) -> Array:
    """Return the eigenvalues of true^-1 covariance, (K, D), all positive."""
    try:
        root = np.linalg.cholesky(true)
        np.linalg.cholesky(covariances)
    except np.linalg.LinAlgError:
        raise InputError("recovery: a covariance is not positive definite") from None
    half = np.linalg.solve(root, covariances)
    whole = np.linalg.solve(root, half.transpose(0, 2, 1))
    values = np.linalg.eigvalsh((whole + whole.transpose(0, 2, 1)) / 2)
    positive: Array = np.maximum(values, np.finfo(np.float64).tiny)
    return positive

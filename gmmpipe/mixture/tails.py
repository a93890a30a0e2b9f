"""Responsibilities of samples so far away that their densities lost the digits that differ.

A million deviations away the log-density is -5e11 nats, known to 1e-4; at 1e155 the square of the
distance has no double at all. Which component is the likelier is still a plain question: with
x = c + s t, the largest |t_i| being 1,

    log w_k p_k(x) = a_k + s t.b_k - s^2 / 2 t.P_k t,   P_k the precision, b_k = P_k (m_k - c),

so one compares t.P_k t first, where these are equal s t.b_k, and where these are equal a_k.
"""

import numpy as np

from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.mixture.slices import slices_of

FAR = 1e9  # nats below zero from which log-densities are known to 1e-7 at best
CAP = 1e300  # a finite number of nats that stands for more


def stable_log_responsibilities(
    x: Array, mixture: Mixture, log_densities: Array, log_resp: Array
) -> None:
    """Overwrite log_resp (N, K), nats, of the samples of x (N, D) that are far from the mixture.

    log_densities (N,) say which are; samples with missing values are left as they are.
    """
    far = np.flatnonzero((log_densities < -FAR) & np.isfinite(x).all(axis=1))
    if len(far) == 0:
        return
    alive = mixture.weights > 0
    centre = mixture.weights @ mixture.means
    away = mixture.means[alive] - centre
    precisions: Array = np.linalg.inv(mixture.covariances[alive]).astype(np.float64)
    slopes = np.einsum("kij,kj->ki", precisions, away)
    heights = np.log(mixture.weights[alive]) - np.linalg.slogdet(mixture.covariances[alive])[1] / 2
    heights = heights - np.einsum("ki,ki->k", slopes, away) / 2
    for cut in slices_of(len(far)):
        rows = far[cut]
        logs = _relative(x[rows] / 2 - centre / 2, precisions, slopes, heights)
        log_resp[rows[:, None], np.flatnonzero(alive)] = logs


def _relative(half: Array, precisions: Array, slopes: Array, heights: Array) -> Array:
    """Return the log responsibilities (n, K) of samples at twice ``half`` (n, D) from the centre.

    Half, as the distance itself may overflow.
    """
    size = np.abs(half).max(axis=1, keepdims=True)
    direction = half / size
    falls = np.stack([((direction @ p) * direction).sum(axis=1) for p in precisions], axis=1)
    rises = direction @ slopes.T
    best = np.where(falls == falls.min(axis=1, keepdims=True), rises, -np.inf).argmax(axis=1)
    best = best[:, None]
    with np.errstate(over="ignore"):
        steep = np.take_along_axis(falls, best, 1) - falls
        gap = 2 * size * (size * steep + rises - np.take_along_axis(rises, best, 1))
    gap = np.clip(gap, -CAP, CAP) + heights - heights[best]
    gap -= gap.max(axis=1, keepdims=True)
    result: Array = gap - np.log(np.exp(gap).sum(axis=1, keepdims=True))
    return result

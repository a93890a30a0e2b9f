"""The compiled M steps of components that share their axes, or all of a matrix but its volume."""

import numpy as np

from gmmpipe.mixture.kernels.mstep import clip, copy, factorise
from gmmpipe.mixture.kernels.shapes import compiled, shape, total_of

_TRIAL = 10  # rounds after which starts are compared
_ROUNDS = 1_000
_SETTLED = 1e-10  # change of a volume: more digits than these rounding may not grant
_STILL = 1e-13  # gain per sample and axis, in nats, below which axes have settled
_CLEARLY = 1e-9  # gain per sample, in nats, for which a later start is preferred


@compiled
def _rotate(matrix, i, j, cosine, sine):
    """Turn the rows i and j of a matrix."""
    for m in range(matrix.shape[1]):
        left, right = matrix[i, m], matrix[j, m]
        matrix[i, m], matrix[j, m] = cosine * left + sine * right, cosine * right - sine * left


@compiled
def _rotate_both(matrix, i, j, cosine, sine):
    """Turn the coordinates i and j of a symmetric matrix."""
    _rotate(matrix, i, j, cosine, sine)
    for m in range(len(matrix)):
        left, right = matrix[m, i], matrix[m, j]
        matrix[m, i], matrix[m, j] = cosine * left + sine * right, cosine * right - sine * left


@compiled
def turn(scatter, floor, axes, variances):
    """Turn the axes (D, D), rows, pair by pair to lower the sum of scatter / variance along them.

    scatter (K, D, D) and floor (D, D), in the coordinates of the axes, turn with them. With the
    variances (K, D) fixed the sum is a + p cos(2 t) + q sin(2 t) in a pair's angle t, so each
    turn is exact: the inner step of Flury and Gautschi (1986) in closed form.
    """
    for i in range(len(axes)):
        for j in range(i + 1, len(axes)):
            p, q = 0.0, 0.0
            for k in range(len(scatter)):
                weight = 1 / variances[k, i] - 1 / variances[k, j]
                p += (scatter[k, i, i] - scatter[k, j, j]) / 2 * weight
                q += scatter[k, i, j] * weight
            if q == 0 and p <= 0:
                continue
            angle = np.arctan2(-q, -p) / 2
            cosine, sine = np.cos(angle), np.sin(angle)
            for k in range(len(scatter)):
                _rotate_both(scatter[k], i, j, cosine, sine)
            _rotate_both(floor, i, j, cosine, sine)
            _rotate(axes, i, j, cosine, sine)


@compiled
def _seen(matrix, axes, half, result):
    """Fill result with axes @ matrix @ axes^T; half (D, D) is scratch."""
    d = len(axes)
    for i in range(d):
        for m in range(d):
            half[i, m] = 0.0
        for j in range(d):
            for m in range(d):
                half[i, m] += axes[i, j] * matrix[j, m]
    for i in range(d):
        for m in range(d):
            value = 0.0
            for j in range(d):
                value += half[i, j] * axes[m, j]
            result[i, m] = value


@compiled
def _alternate(code, counts, scatter, floor, axes, variances, rounds):
    """Alternate variances and axes; return the loss, minus twice the log-likelihood.

    The variances (K, D) belong to the axes at the end. scatter (K, D, D), floor (D,) > 0.
    """
    n_components, d = variances.shape
    spread, bound = np.empty((n_components, d)), np.empty((n_components, d))
    seen, least, half = np.empty(scatter.shape), np.zeros((d, d)), np.empty((d, d))
    for j in range(d):
        least[j, j] = floor[j]
    _seen(least, axes, half, least)
    for k in range(n_components):
        _seen(scatter[k], axes, half, seen[k])
    enough = _STILL * d * total_of(counts)
    loss = np.inf
    for step in range(rounds):
        if step > 0:
            turn(seen, least, axes, variances)
        for k in range(n_components):
            for j in range(d):
                spread[k, j] = max(seen[k, j, j], 0.0)
                bound[k, j] = least[j, j]
        shape(code, counts, spread, bound, variances)
        before, loss = loss, 0.0
        for k in range(n_components):
            for j in range(d):
                loss += counts[k] * np.log(variances[k, j]) + spread[k, j] / variances[k, j]
        if step > 0 and not before - loss > enough:
            break
    return loss


def share_axes(code, counts, scatter, floor, starts, rounds, axes):
    """Fill axes (D, D), in rows, with the best that the starts lead to.

    code: see ``shapes``. counts (K,) > 0; scatter (K, D, D); floor (D,) > 0, of which each variance
    is at least the part along its axis; starts (S, D, D). Each start has a few rounds, then the
    best goes on for at most so many ``rounds``; the first, unless another is clearly better.
    """
    best, trial = np.inf, np.empty(axes.shape)
    variances = np.empty((len(counts), len(axes)))
    for s in range(len(starts)):
        copy(trial, starts[s])
        loss = _alternate(code, counts, scatter, floor, trial, variances, _TRIAL)
        if s == 0 or loss < best - _CLEARLY * total_of(counts):
            best = loss
            copy(axes, trial)
    _alternate(code, counts, scatter, floor, axes, variances, rounds)


@compiled
def _trace_of_inverse(matrix, scratch, inverse):
    """Fill inverse (D, D) with L^-1, matrix = L L^T; return the trace of matrix^-1 or infinity."""
    if not factorise(matrix, False, scratch, inverse):
        return np.inf
    trace = 0.0
    for i in range(len(matrix)):
        for j in range(i + 1):
            trace += inverse[i, j] * inverse[i, j]
    return trace


@compiled
def _whitened(inverse, scatter):
    """Return the trace of L^-1 scatter L^-T (D, D)."""
    spread = 0.0
    for i in range(len(scatter)):
        for j in range(i + 1):
            for m in range(i + 1):
                spread += inverse[i, j] * scatter[j, m] * inverse[i, m]
    return spread


def share_matrix(counts, scatter, floor, matrix, volumes):
    """Alternate the common matrix (D, D) and the volumes (K,) of VEE; fill both.

    counts (K,) > 0; scatter (K, D, D); floor > 0, the least eigenvalue of volume * matrix. Both
    steps are exact, so this is the maximiser unless several bounds hold.
    """
    d, total = len(matrix), total_of(counts)
    least, scratch, inverse = np.empty(d), np.empty((2, d, d)), np.zeros((d, d))
    for k in range(len(counts)):
        volumes[k] = 1.0
    for _ in range(_ROUNDS):
        smallest = np.inf
        for k in range(len(counts)):
            smallest = min(smallest, volumes[k])
        for i in range(d):
            least[i] = floor / smallest
            for j in range(d):
                matrix[i, j] = 0.0
                for k in range(len(counts)):
                    matrix[i, j] += scatter[k, i, j] / volumes[k] / total
        trace = _trace_of_inverse(matrix, scratch[0], inverse)
        if not trace * floor < smallest:
            clip(matrix, least, scratch[0], scratch[1])
            lowest = np.inf
            for i in range(d):
                lowest = min(lowest, max(scratch[0, i, i], 1.0) * least[i])
            _trace_of_inverse(matrix, scratch[0], inverse)
            trace = 1 / lowest
        change = 0.0
        for k in range(len(counts)):
            spread = _whitened(inverse, scatter[k])
            value = max(spread / (counts[k] * d), floor * trace)
            change = max(change, abs(value / volumes[k] - 1))
            volumes[k] = value
        if not change > _SETTLED:
            break

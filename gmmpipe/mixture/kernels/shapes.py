"""The compiled shape step: variances along given axes under a common volume, shape, both or none.

The names are mclust's first two letters: volume, then shape, Equal or Varying. Loops are written
out: numba takes seconds to compile a slice or a reduction.
"""

import numpy as np
from numba import njit

EE, VE, EV, VV = range(4)
_ROUNDS = 10_000  # the alternation settles in tens unless the spreads hardly overlap
_STILL = 1e-12  # change of a log-variance or log-volume below which it has settled
_NOTHING = 1e-10  # of the bound: a mean spread that is indistinguishable from none
_BOUNDED = 1e-29  # a bound below stands for none

# A component thinner than the bound reaches a common volume by its length alone. Doubles cannot
# bear that: beyond this ratio of variances, and at so little gain, it grows in breadth too.
_APART, _GAIN = 1e-8, 1e-2

compiled = njit(nogil=True, error_model="numpy")


@compiled
def total_of(counts):
    """Return the sum of counts (K,)."""
    total = 0.0
    for k in range(len(counts)):
        total += counts[k]
    return total


@compiled
def shape(code, counts, spread, bound, variances):
    """Fill variances (K, D), at least bound (K, D) > 0, to maximise the likelihood.

    counts (K,) > 0; spread (K, D) >= 0, the scatter along each component's axes. VE ends where
    neither of two exact conditional steps gains: the maximiser unless several bounds hold. All
    others are maximisers.
    """
    if code == VE:
        _one_shape(counts, spread, bound, variances)
    elif code == EV:
        _one_volume(counts, spread, bound, variances)
    elif code == VV:
        for k in range(len(counts)):
            for j in range(spread.shape[1]):
                variances[k, j] = max(spread[k, j] / counts[k], bound[k, j])
    else:
        total = total_of(counts)
        for j in range(spread.shape[1]):
            pooled, highest = 0.0, 0.0
            for k in range(len(counts)):
                pooled += spread[k, j] / total
                highest = max(highest, bound[k, j])
            for k in range(len(counts)):
                variances[k, j] = max(pooled, highest)


@compiled
def _one_shape(counts, spread, bound, variances):
    """Alternate volumes and the common shape, whose scale is left to itself."""
    n_components, d = spread.shape
    total = total_of(counts)
    volume, form = np.ones(n_components), np.ones(d)
    for _ in range(_ROUNDS):
        change = 0.0
        for j in range(d):
            mean, least = 0.0, 0.0
            for k in range(n_components):
                mean += spread[k, j] / volume[k]
                least = max(least, bound[k, j] / volume[k])
            value = max(mean / total, least)
            change = max(change, abs(value / form[j] - 1))
            form[j] = value
        for k in range(n_components):
            mean, least = 0.0, 0.0
            for j in range(d):
                mean += spread[k, j] / form[j]
                least = max(least, bound[k, j] / form[j])
            value = max(mean / (counts[k] * d), least)
            change = max(change, abs(value / volume[k] - 1))
            volume[k] = value
        if not change > _STILL:
            break
    for k in range(n_components):
        for j in range(d):
            variances[k, j] = volume[k] * form[j]


@compiled
def _fill(spread, bound, log_volume, free, variances):
    """Fill variances (D,) = max(spread / pressure, bound) so that they have the volume.

    spread, bound (D,) > 0; free (D,) is scratch: where the bound does not hold. Return the
    pressure, minus the slope of the component's log-likelihood by half the log-volume, and minus
    its own logarithmic slope.
    """
    d, loosest = len(spread), 0
    for j in range(d):
        free[j] = 1.0
        if spread[j] / bound[j] > spread[loosest] / bound[loosest]:
            loosest = j
    level, n_free, settled = 0.0, 0.0, False
    while not settled:  # each round but the last holds one more
        level, n_free, settled = -log_volume, 0.0, True
        for j in range(d):
            n_free += free[j]
            level += np.log(spread[j] if free[j] > 0 else bound[j])
        level /= n_free
        for j in range(d):
            if free[j] > 0 and j != loosest and np.log(spread[j]) - level < np.log(bound[j]):
                free[j], settled = 0.0, False
    for j in range(d):
        variances[j] = np.exp(np.log(spread[j]) - level) if free[j] > 0 else bound[j]
    return np.exp(level), 1 / n_free


@compiled
def _one_volume(counts, spread, bound, variances):
    """Find the common volume, at which the components' slopes cancel, by Newton's method.

    The logarithm of their sum falls with the log-volume and is convex: from the left Newton's
    steps never pass the root. On the left lie the least volume within the bound and the volume
    of the maximiser without bound.
    """
    n_components, d = spread.shape
    total = total_of(counts)
    held, free = np.empty((n_components, d)), np.empty(d)
    least, unbounded = -np.inf, 0.0
    for k in range(n_components):
        volume, mean, largest = 0.0, 0.0, 0.0
        for j in range(d):
            largest = max(largest, spread[k, j] / bound[k, j])
        for j in range(d):
            least_spread = _NOTHING * counts[k]
            if bound[k, j] > _BOUNDED:
                least_spread = max(least_spread, min(_APART * largest, _GAIN * counts[k]))
            held[k, j] = max(spread[k, j], least_spread * bound[k, j])
            volume += np.log(bound[k, j])
            mean += np.log(held[k, j]) / d
        least = max(least, volume)
        unbounded += np.exp(mean) / total
    log_volume = max(least, d * np.log(unbounded))
    for _ in range(_ROUNDS):
        pressure, slope = 0.0, 0.0
        for k in range(n_components):
            own, own_slope = _fill(held[k], bound[k], log_volume, free, variances[k])
            pressure += own
            slope += own * own_slope
        step = np.log(pressure / total) * pressure / slope
        if not step > _STILL:
            break
        log_volume += step


def fill_shape(code, counts, spread, bound, variances):
    """Do ``shape`` for a caller in Python."""
    shape(code, counts, spread, bound, variances)

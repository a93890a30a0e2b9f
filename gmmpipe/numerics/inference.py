"""What replicates say: p-values, the number of components, standard errors, intervals."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from gmmpipe.numerics.mixture import Array


def p_value(observed: float, statistics: Array) -> tuple[float, float]:
    """Return (1 + number of statistics (R,) >= observed) / (R + 1) and its Monte Carlo error.

    Degenerate replicates (NaN) are no part of R. The error is the binomial sqrt(p (1 - p) / R).
    Both are NaN where nothing was observed or no replicate is sound.
    """
    sound = statistics[~np.isnan(statistics)]
    if np.isnan(observed) or not len(sound):
        return float("nan"), float("nan")
    p = (1 + int(np.count_nonzero(sound >= observed))) / (len(sound) + 1)
    return p, float(np.sqrt(p * (1 - p) / len(sound)))


def decide(p_values: Mapping[int, float], level: float) -> int | None:
    """Return the number of components by sequential tests: the first K not rejected.

    p_values: {K: p of K against K + 1}; K is rejected where p <= level. None if every K is
    rejected, or if a test that the decision needs has no p.
    """
    for k in sorted(p_values):
        if np.isnan(p_values[k]):
            return None
        if p_values[k] > level:
            return k
    return None


def interval(values: npt.ArrayLike, level: float) -> tuple[Array, Array, Array]:
    """Return the standard error (ddof 1), and the percentile interval, of values (R, ...).

    The interval holds the share 1 - level, level / 2 outside at either end (Efron & Tibshirani
    1993, chapter 13). NaN of fewer than two replicates.
    """
    sample = np.asarray(values, dtype=np.float64)
    if len(sample) < 2:
        nothing = np.full(sample.shape[1:], np.nan)
        return nothing, nothing, nothing
    low, high = np.quantile(sample, [level / 2, 1 - level / 2], axis=0)
    return sample.std(axis=0, ddof=1), low, high

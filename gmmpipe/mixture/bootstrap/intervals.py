"""What replicates say: p-values, the number of components, standard errors, intervals."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt

from gmmpipe.mixture.mixture import Array

Decision = Literal["rejected", "not rejected", "undecided", ""]
REJECTED: Decision = "rejected"
KEPT: Decision = "not rejected"
UNDECIDED: Decision = "undecided"


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


def decision(p: float, error: float, level: float) -> Decision:
    """Return what a p-value with its Monte Carlo ``error`` says at ``level``, as a word.

    Undecided where p - error < level < p + error: other replicates might say the opposite. "" where
    there is no p.
    """
    if np.isnan(p):
        return ""
    if abs(p - level) < error * (1 - 1e-9):  # equality must not hang on rounding
        return UNDECIDED
    return REJECTED if p <= level else KEPT


def stop(decisions: Mapping[int, str]) -> int | None:
    """Return the K at which testing upwards stops, the first that is not rejected; None: none is.

    decisions: {K: decision on K against K + 1}. Only where that is ``KEPT`` is K an answer.
    """
    return next((k for k in sorted(decisions) if decisions[k] != REJECTED), None)


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

"""Rows in slices that are a function of their number alone, so that sums over them are too."""

import numpy as np
import numpy.typing as npt

from gmmpipe.mixture.mixture import Array
from gmmpipe.mixture.rng import stream

SLICE = 65_536  # rows: what numpy makes of so many fits into the caches
_ABREAST = 64  # rows whose values numpy compares in one loop


def slices_of(n: int) -> list[slice]:
    """Return the slices of n rows, in order."""
    return [slice(first, min(first + SLICE, n)) for first in range(0, n, SLICE)]


def extremes(x: npt.NDArray[np.floating], weight: Array | None = None) -> tuple[Array, Array]:
    """Return the smallest and the largest value of each feature of x (N, D), both (D,).

    Of the rows of positive weight (N,), none = all; NaN only where a feature has no value in any.
    """
    low = high = np.full(x.shape[1], np.nan)
    for cut in slices_of(len(x)):
        rows = x[cut] if weight is None else x[cut][weight[cut] > 0]
        low, high = np.fmin(low, _reduced(np.fmin, rows)), np.fmax(high, _reduced(np.fmax, rows))
    return low, high


def _reduced(extreme: np.ufunc, x: npt.NDArray[np.floating]) -> Array:
    """Return fmin or fmax of each column of x (n, D), many rows at once: D alone is too short."""
    n, d = x.shape
    whole = n - n % _ABREAST
    wide = extreme.reduce(x[:whole].reshape(-1, _ABREAST * d), axis=0, initial=np.nan)
    rows = np.concatenate([wide.reshape(_ABREAST, d), x[whole:]])
    result: Array = extreme.reduce(rows, axis=0, initial=np.nan)
    return result


def subset(n: int, most: int, *purpose: str | int) -> npt.NDArray[np.int64]:
    """Return which of n rows stand for all, ascending: all, or a random choice of ``most``.

    The choice depends on n and the purpose alone.
    """
    if n <= most:
        return np.arange(n)
    chosen = stream(*purpose, n).choice(n, most, replace=False, shuffle=False)
    return np.sort(chosen).astype(np.int64)

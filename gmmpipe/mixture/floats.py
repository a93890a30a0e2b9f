"""Which arrays are real numbers that doubles hold."""

from typing import Any

import numpy as np
import numpy.typing as npt

from gmmpipe.errors import InputError

EXACT = 2**53  # beyond, doubles leave out integers


def real(x: npt.ArrayLike, who: str = "data") -> npt.NDArray[Any]:
    """Return an array of real numbers as given, if doubles hold them.

    Raises InputError for masked values, for integers beyond 2^53, and for other types: numpy would
    drop the mask, the imaginary part, the last digits without a word.
    """
    refuse_masked(x, who)
    try:
        array = np.asarray(x)
    except ValueError as error:  # rows of different lengths
        raise InputError(f"{who}: {' '.join(str(error).split())}") from None
    if array.dtype.kind not in "iuf":
        raise InputError(f"{who}: {array.dtype} is no type of real numbers; give float64")
    if array.dtype.kind in "iu" and array.size and max(-int(array.min()), int(array.max())) > EXACT:
        place = np.argwhere((array > EXACT) | (array < -EXACT))[0].tolist()
        raise _beyond(array[tuple(place)], place, who)
    if array.ndim == 2:
        refuse_rounded(x, array, who)
    return array


def refuse_masked(x: npt.ArrayLike, who: str) -> None:
    """Raise InputError for an array of which some values are masked."""
    if np.ma.is_masked(x):
        place = np.argwhere(np.ma.getmaskarray(np.ma.asarray(x)))[0].tolist()
        raise InputError(f"{who}: masked at {place}; drop the row, or fill it with .filled(...)")


def refuse_rounded(x: Any, array: npt.NDArray[Any], who: str) -> None:
    """Raise InputError for an integer beyond 2^53 among the values of x that became array (N, D).

    x: an array, rows, or a frame, whose columns have types of their own.
    """
    if getattr(getattr(x, "dtype", None), "kind", "") == "f":
        return
    large = (array >= EXACT) | (array <= -EXACT)
    for j in np.flatnonzero(large.any(axis=0)).tolist():
        column = x.iloc[:, j] if is_frame(x) else [row[j] for row in x]
        values = np.asarray(column, dtype=object)
        for i in np.flatnonzero(large[:, j]).tolist():
            if isinstance(values[i], int | np.integer) and abs(int(values[i])) > EXACT:
                raise _beyond(values[i], [i, j], who)


def is_frame(x: Any) -> bool:
    """Return whether x is a data frame, whose columns have types of their own."""
    return hasattr(x, "iloc") and hasattr(x, "columns")


def _beyond(value: int, place: list[int], who: str) -> InputError:
    return InputError(
        f"{who}: {value} at {place} is an integer beyond 2^53, which doubles round;"
        " subtract an offset"
    )

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
    if np.ma.is_masked(x):
        place = np.argwhere(np.ma.getmaskarray(np.ma.asarray(x)))[0].tolist()
        raise InputError(f"{who}: masked at {place}; drop the row, or fill it with .filled(...)")
    try:
        array = np.asarray(x)
    except ValueError as error:  # rows of different lengths
        raise InputError(f"{who}: {' '.join(str(error).split())}") from None
    if array.dtype.kind not in "iuf":
        raise InputError(f"{who}: {array.dtype} is no type of real numbers; give float64")
    if array.dtype.kind in "iu" and array.size and max(-int(array.min()), int(array.max())) > EXACT:
        place = np.argwhere((array > EXACT) | (array < -EXACT))[0].tolist()
        raise InputError(
            f"{who}: {array[tuple(place)]} at {place} is an integer beyond 2^53, which doubles"
            " round; subtract an offset"
        )
    return array

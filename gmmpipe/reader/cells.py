"""One column of text cells to numbers, exactly: correctly rounded, nothing half understood."""

import re
from collections.abc import Callable, Sequence

import numpy as np

from gmmpipe.errors import InputError
from gmmpipe.numerics.mixture import Array
from gmmpipe.reader.table import EXACT

NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
INTEGER = re.compile(r"[+-]?[0-9]+")
NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?")
LET_THROUGH = "set missing: drop, or fit.missing=mar"
MISSING = frozenset({"", "na", "n/a", "null", "none", "?", "."})


def is_value(cell: str) -> bool:
    """Return whether a cell stands for a number: one, NaN, infinity, missing, decimal comma."""
    cell = cell.strip()
    patterns = (NUMBER, NOT_FINITE, DECIMAL_COMMA)
    return cell.lower() in MISSING or any(pattern.fullmatch(cell) for pattern in patterns)


def numbers(
    cells: Sequence[str], missing: str, fail: Callable[[int, str, str], InputError]
) -> Array:
    """Return the cells as float64, NaN where missing.

    missing is as in ``File``: a missing value is an error unless it is to be dropped or kept, an
    infinite one unless it is to be dropped. fail(i, value, reason) makes the error about cell i.
    """
    text = "".join(cells)
    if text.isascii() and "_" not in text:  # float() takes 1_000 and digits of other scripts
        try:
            values = np.fromiter(map(float, cells), np.float64, len(cells))
        except ValueError:
            pass
        else:
            if np.max(np.abs(values), initial=0.0) < EXACT:  # false for NaN as well
                return values
    return np.array([_number(i, cell, missing, fail) for i, cell in enumerate(cells)], np.float64)


def _number(i: int, cell: str, missing: str, fail: Callable[[int, str, str], InputError]) -> float:
    cell, refuse = cell.strip(), missing != "drop"
    if NUMBER.fullmatch(cell):
        value = float(cell)
        if INTEGER.fullmatch(cell) and abs(value) >= EXACT and abs(int(cell)) > EXACT:
            raise fail(i, cell, "is an integer beyond 2^53, which doubles round; leave it out")
        if np.isfinite(value) or not refuse:
            return value
        raise fail(i, cell, "is beyond the range of doubles; mend it, or set missing: drop")
    if cell.lower() in MISSING or (missing == "keep" and cell.lower().endswith("nan")):
        if missing not in ("drop", "keep"):
            raise fail(i, cell, f"is a missing value; mend it, or {LET_THROUGH}")
        return float("nan")
    if NOT_FINITE.fullmatch(cell):
        if refuse:
            way = LET_THROUGH if cell.lower()[-1] == "n" else "set missing: drop"
            raise fail(i, cell, f"is not finite; mend it, or {way}")
        return float(cell)
    if DECIMAL_COMMA.fullmatch(cell):
        raise fail(i, cell, "has a comma in it; for decimal commas set decimal: comma")
    raise fail(i, cell, "is not a number; mend it")

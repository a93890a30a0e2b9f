"""The start that a file gives: parameters in .json, or the group of each row in a table."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from gmmpipe.errors import InputError, suggest
from gmmpipe.numerics.datasets import File
from gmmpipe.numerics.given import Given, Grouped
from gmmpipe.reader.table import MISSING_LABELS, Table, encode

KEYS = ("means", "weights", "covariances")


@dataclass(frozen=True)
class Column(File):
    """A table of one column, the groups."""

    features_needed: ClassVar[bool] = False


def parameters(content: bytes, name: str) -> Given:
    """Return the start that JSON text says: an object of means, and if you like the rest.

    Raises InputError, one line with the file's name, for anything else.
    """
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: not JSON ({' '.join(str(error).split())[:120]})") from None
    if not isinstance(found, dict) or "means" not in found:
        raise InputError(f"{name}: give an object with means, perhaps {' and '.join(KEYS[1:])}")
    for key in found:
        if key not in KEYS:
            raise InputError(f"{name}: {suggest('a key', key, list(KEYS))}")
    try:
        return Given(**{key: _tuples(value) for key, value in found.items() if value is not None})
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except (TypeError, ValueError):
        raise InputError(
            f"{name}: means are k lists of d numbers, weights k numbers, covariances k variances,"
            " lists of d, or d rows of d"
        ) from None


def groups(name: str, content: bytes, parse: Callable[[bytes, str, File], Table]) -> Grouped:
    """Return the start of the groups in a table of one column.

    Raises InputError, one line with the file's name, for other tables and for rows without group.
    """
    parsed = parse(content, name, Column(path=name, label=1))
    if parsed.columns:
        raise InputError(
            f"{name}: {1 + len(parsed.columns)} columns; give one, the group of each row"
        )
    labels = [label.strip() for label in parsed.labels or ()]
    for i, label in enumerate(labels):
        if label in MISSING_LABELS:
            raise InputError(f"{name}: {parsed.place(i)}: no group; give one for each row")
    codes, _ = encode(labels)
    return Grouped(codes)


def _tuples(value: Any) -> Any:
    """Return lists, however deep, as tuples of numbers; raises TypeError for what is none."""
    if isinstance(value, list):
        return tuple(map(_tuples, value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)

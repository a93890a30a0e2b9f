"""The start that a file gives: parameters in .json, or the group of each row in a table."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar

from gmmpipe.data.cells import is_missing
from gmmpipe.data.file import File
from gmmpipe.data.labels import encode
from gmmpipe.data.source import tables
from gmmpipe.errors import InputError, suggest
from gmmpipe.mixture.starts.given import ExplicitStart, GroupStart

KEYS = ("means", "weights", "covariances")


@dataclass(frozen=True)
class Column(File):
    """A table of one column, the groups."""

    features_needed: ClassVar[bool] = False


def read_start(content: bytes, name: str) -> ExplicitStart | GroupStart:
    """Return the start that a file gives: .json is parameters, else a table is groups of rows.

    Raises InputError: one line with file, line (or row) and a remedy.
    """
    if name.lower().endswith(".json"):
        return parameters(content, name)
    return groups(content, name)


def parameters(content: bytes, name: str) -> ExplicitStart:
    """Return the start that JSON text says: an object of means, and if you like the rest.

    Raises InputError, one line with the file's name, for anything else.
    """
    try:
        settings = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: not JSON ({' '.join(str(error).split())[:120]})") from None
    if not isinstance(settings, dict) or "means" not in settings:
        raise InputError(f"{name}: give an object with means, perhaps {' and '.join(KEYS[1:])}")
    for key in settings:
        if key not in KEYS:
            raise InputError(f"{name}: {suggest('a key', key, list(KEYS))}")
    try:
        return ExplicitStart(
            **{key: _tuples(value) for key, value in settings.items() if value is not None}
        )
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except (TypeError, ValueError):
        raise InputError(
            f"{name}: means are k lists of d numbers, weights k numbers, covariances k variances,"
            " lists of d, or d rows of d"
        ) from None


def groups(content: bytes, name: str) -> GroupStart:
    """Return the start of the groups in a table of one column.

    Raises InputError, one line with the file's name, for other tables and for rows without group.
    """
    labels: list[str] = []
    for part in tables(content, name, Column(path=name, label=1)):
        others = [*part.columns, *part.decided["left_out"]]
        if others:
            raise InputError(f"{name}: {1 + len(others)} columns; give one, the group of each row")
        for i, label in enumerate(part.labels or ()):
            if is_missing(label):
                raise InputError(f"{name}: {part.place(i)}: no group; give one for each row")
            labels.append(label.strip())
    codes, _ = encode(labels)
    return GroupStart(codes)


def _tuples(value: Any) -> Any:
    """Return lists, however deep, as tuples of numbers; raises TypeError for what is none."""
    if isinstance(value, list):
        return tuple(map(_tuples, value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)

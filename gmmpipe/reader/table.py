"""From a parsed table to a sample: columns chosen, rows checked, labels coded."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gmmpipe.errors import InputError, suggest
from gmmpipe.numerics.datasets import File
from gmmpipe.numerics.mixture import Array
from gmmpipe.numerics.sample import Labels, Sample

MISSING_LABELS = frozenset({"", "NA", "NaN", "nan"})
EXACT = 2**53  # beyond, doubles leave out integers


@dataclass(frozen=True)
class Chosen:
    """Which columns to read: numbers of the features and of the label, names of the features."""

    features: tuple[int, ...]
    label: int | None
    names: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """The chosen columns of a file.

    x (N, D) with NaN where a value is missing; labels (N,) text or None; place(i) says where
    row i stands in the file.
    """

    name: str
    columns: tuple[str, ...]
    x: Array
    labels: Sequence[str] | None
    place: Callable[[int], str]


def choose(columns: Sequence[str], kind: File, name: str, *, named: bool = True) -> Chosen:
    """Return the columns that kind asks for; ``named`` is false for made-up names.

    Raises InputError for unknown, repeated or nameless columns.
    """
    repeated = [column for column, count in Counter(columns).items() if count > 1 and column]
    if repeated:
        raise InputError(f"{name}: two columns are called {repeated[0]!r}; rename one")
    label = None if kind.label is None else _find(kind.label, columns, name, "label")
    if kind.columns is None:
        features = tuple(c for c in range(len(columns)) if c != label)
    else:
        features = tuple(_find(key, columns, name, "column") for key in kind.columns)
    if len(set(features)) < len(features):
        raise InputError(f"{name}: columns {_listed(kind.columns or ())} name one column twice")
    if label in features:
        raise InputError(f"{name}: column {kind.label!r} is the label; leave it out of columns")
    if not features:
        raise InputError(f"{name}: no column is left besides the label; a feature is needed")
    for c in features:
        if named and not columns[c].strip():
            raise InputError(
                f"{name}: column {c + 1} has no name (row numbers?); name it, or choose columns"
            )
    return Chosen(features, label, tuple(columns[c] for c in features))


def _find(key: str | int, columns: Sequence[str], name: str, what: str) -> int:
    """Return the place of a column given by name, 1-based number, or -1 for the last."""
    if isinstance(key, str) and key in columns:
        return columns.index(key)
    try:
        number = int(key)
    except ValueError:
        raise InputError(f"{name}: {suggest(what, key, [c for c in columns if c][:50])}") from None
    if number == -1:
        return len(columns) - 1
    if 1 <= number <= len(columns):
        return number - 1
    raise InputError(f"{name}: {what} is {key}; choose 1 to {len(columns)}, -1, or a name")


def sample(table: Table, kind: File) -> Sample:
    """Return the sample of a table.

    Rows with a missing or infinite value, or without a label, are refused or dropped as kind
    says. Raises InputError for those, and for fewer than two distinct rows.
    """
    sound = np.asarray(np.isfinite(table.x).all(axis=1))
    named = np.array([label.strip() not in MISSING_LABELS for label in table.labels or ()], bool)
    if kind.missing == "refuse":
        _refuse(table, sound, named)
    keep = sound & named if table.labels is not None else sound
    x = np.ascontiguousarray(table.x[keep])
    if len(x) == 0:
        why = f"a value is missing in all {len(keep)}" if len(keep) else "the file holds none"
        raise InputError(f"{table.name}: no row is left: {why}; add rows")
    if not (x != x[0]).any():
        raise InputError(f"{table.name}: all {len(x)} rows are equal; give two distinct rows")
    dropped = len(keep) - len(x)
    if table.labels is None:
        return Sample(x, table.columns, dropped=dropped)
    kept = [label.strip() for label, k in zip(table.labels, keep, strict=True) if k]
    labels, classes = encode(kept)
    return Sample(x, table.columns, labels, classes, dropped=dropped)


def _refuse(table: Table, sound: npt.NDArray[np.bool_], named: npt.NDArray[np.bool_]) -> None:
    if not sound.all():
        i = int(np.argmin(sound))
        c = int(np.argmin(np.isfinite(table.x[i])))
        raise InputError(
            f"{table.name}: {table.place(i)}, column {table.columns[c]!r}: value {table.x[i, c]} "
            "is not finite; mend it, or set missing: drop"
        )
    if not named.all():
        raise InputError(
            f"{table.name}: {table.place(int(np.argmin(named)))}: no label; "
            "mend it, or set missing: drop"
        )


def encode(values: Sequence[str]) -> tuple[Labels, tuple[str, ...]]:
    """Return the code of each label and the sorted class names.

    Where all are numbers they are compared and sorted as numbers ("2" before "10", "1" = "1.0").
    """
    numbers = _numbers(set(values))
    if numbers is None:
        classes = sorted(set(values))
        code = {value: i for i, value in enumerate(classes)}
    else:
        order = sorted(set(numbers.values()))
        classes = [str(int(v)) if v == int(v) else repr(v) for v in order]
        rank = {v: i for i, v in enumerate(order)}
        code = {value: rank[v] for value, v in numbers.items()}
    return np.array([code[value] for value in values], np.int64), tuple(classes)


def _numbers(values: set[str]) -> dict[str, float] | None:
    """Return each label's number, or None unless all are numbers that doubles tell apart."""
    try:
        numbers = {value: float(value) for value in values}
    except ValueError:
        return None
    return numbers if all(abs(v) < EXACT for v in numbers.values()) else None


def _listed(keys: Sequence[str | int]) -> str:
    return ", ".join(str(key) for key in keys)

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
PART = 65_536  # rows of a large file that are read at a time


@dataclass(frozen=True)
class Chosen:
    """Which columns to read: numbers of features, label and weight, names of the features."""

    features: tuple[int, ...]
    label: int | None
    names: tuple[str, ...]
    weight: int | None = None

    @property
    def numeric(self) -> tuple[int, ...]:
        """Return the numbers of the columns of numbers: the features, then the weight if any."""
        return self.features if self.weight is None else (*self.features, self.weight)


@dataclass(frozen=True)
class Table:
    """The chosen columns of a file.

    x (N, D), NaN where a value is missing, its last column the weight where one is ``weighted``;
    columns: D names; labels (N,) text or None; place(i) says where row i stands in the file.
    """

    name: str
    columns: tuple[str, ...]
    x: Array
    labels: Sequence[str] | None
    place: Callable[[int], str]
    weighted: bool = False


def choose(columns: Sequence[str], kind: File, name: str, *, named: bool = True) -> Chosen:
    """Return the columns that kind asks for; ``named`` is false for made-up names.

    Raises InputError for unknown, repeated or nameless columns.
    """
    repeated = [column for column, count in Counter(columns).items() if count > 1 and column]
    if repeated:
        raise InputError(f"{name}: two columns are called {repeated[0]!r}; rename one")
    label = None if kind.label is None else _find(kind.label, columns, name, "label")
    weight = None if kind.weight is None else _find(kind.weight, columns, name, "weight")
    if kind.columns is None:
        features = tuple(c for c in range(len(columns)) if c not in (label, weight))
    else:
        features = tuple(_find(key, columns, name, "column") for key in kind.columns)
    if len(set(features)) < len(features):
        raise InputError(f"{name}: columns {_listed(kind.columns or ())} name one column twice")
    for what, place in (("label", label), ("weight", weight)):
        if place in features:
            raise InputError(
                f"{name}: column {getattr(kind, what)!r} is the {what}; leave it out of columns"
            )
    if label is not None and label == weight:
        raise InputError(f"{name}: column {kind.label!r} is both label and weight; give two")
    if not features and kind.features_needed:
        raise InputError(f"{name}: no column is left besides label and weight; a feature is needed")
    for c in features:
        if named and not columns[c].strip():
            raise InputError(
                f"{name}: column {c + 1} has no name (row numbers?); name it, or choose columns"
            )
    return Chosen(features, label, tuple(columns[c] for c in features), weight)


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


@dataclass(frozen=True)
class Part:
    """Rows of a table that are kept: x (n, D), weight (n,) and labels if any; how many were not."""

    x: Array
    weight: Array | None
    labels: list[str] | None
    dropped: int


def kept(table: Table, kind: File) -> Part:
    """Return the rows of a table that are to be used.

    Rows with a missing or infinite value, or without a label, are refused or dropped as kind
    says; where it keeps missing values, rows without any are dropped. Raises InputError for those
    and for negative weights.
    """
    finite = np.isfinite(table.x)
    sound = np.asarray(finite.all(axis=1))
    if kind.missing == "keep":
        lost = np.isnan(table.x)
        sound = np.asarray((finite | lost).all(axis=1))
        if table.weighted:
            sound &= finite[:, -1]
    named = np.array([label.strip() not in MISSING_LABELS for label in table.labels or ()], bool)
    if kind.missing != "drop":
        _refuse(table, sound, named)
    keep = sound & named if table.labels is not None else sound
    values = table.x[:, :-1] if table.weighted else table.x
    keep = keep & ~np.isnan(values).all(axis=1)
    x = np.ascontiguousarray(values[keep])
    weight = _weight(table, keep) if table.weighted else None
    labels = None
    if table.labels is not None:
        labels = [label.strip() for label, k in zip(table.labels, keep, strict=True) if k]
    return Part(x, weight, labels, len(keep) - len(x))


def sample(table: Table, kind: File) -> Sample:
    """Return the sample of a table.

    Its rows are those ``kept``. Raises InputError too for fewer than two distinct rows, and for
    weights that are too light.
    """
    part = kept(table, kind)
    x, total = part.x, 0.0 if part.weight is None else float(part.weight.sum())
    equal = len(x) > 0 and np.array_equal(x, np.broadcast_to(x[0], x.shape), equal_nan=True)
    refuse_useless(table.name, len(x), part.dropped, equal, None if part.weight is None else total)
    if part.labels is None:
        return Sample(x, table.columns, dropped=part.dropped, weight=part.weight)
    labels, classes = encode(part.labels)
    return Sample(x, table.columns, labels, classes, dropped=part.dropped, weight=part.weight)


def refuse_useless(name: str, n: int, dropped: int, equal: bool, total: float | None) -> None:
    """Raise InputError where a file keeps no rows, equal ones alone, or weights that are light."""
    if n == 0:
        why = f"a value is missing in all {dropped}" if dropped else "the file holds none"
        raise InputError(f"{name}: no row is left: {why}; add rows")
    if equal:
        raise InputError(f"{name}: all {n} rows are equal; give two distinct rows")
    if total is not None and not 1 < total < np.inf:
        raise InputError(
            f"{name}: the weights sum to {total:g}; a weight says how many times its row"
            " counts, so scale them to sum to the number of rows"
        )


def _weight(table: Table, keep: npt.NDArray[np.bool_]) -> Array:
    """Return the weights of the rows that are kept; raises InputError for a negative one."""
    weight = np.ascontiguousarray(table.x[keep, -1])
    if (weight < 0).any():
        i = int(np.flatnonzero(keep)[np.argmax(weight < 0)])
        raise InputError(
            f"{table.name}: {table.place(i)}: the weight {table.x[i, -1]:g} is negative; give 0 or"
            " more"
        )
    return weight


def _refuse(table: Table, sound: npt.NDArray[np.bool_], named: npt.NDArray[np.bool_]) -> None:
    if not sound.all():
        i = int(np.argmin(sound))
        c = int(np.argmin(np.isfinite(table.x[i])))
        column = f"column {table.columns[c]!r}" if c < len(table.columns) else "the weight"
        raise InputError(
            f"{table.name}: {table.place(i)}, {column}: value {table.x[i, c]} "
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

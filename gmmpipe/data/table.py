"""From parsed columns to rows that are used: columns chosen, rows checked."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, compress
from typing import Any

import numpy as np
import numpy.typing as npt

from gmmpipe.data.cells import is_missing, numbers_of_missing, texts_of_missing
from gmmpipe.data.file import File
from gmmpipe.errors import InputError, UnreadableData, suggest
from gmmpipe.mixture.mixture import Array

LONGEST = 2000  # characters of the name of a column or group; figures show it
NO_COLUMN = "no column of numbers is left besides label, weight and index; a feature is needed"


@dataclass(frozen=True)
class Chosen:
    """Which columns to read, by place: features, label, weight, id; and the features' names."""

    features: tuple[int, ...]
    label: int | None
    names: tuple[str, ...]
    weight: int | None = None
    id: int | None = None

    @property
    def numeric(self) -> tuple[int, ...]:
        """Return the places of the columns of numbers: the features, then the weight if any."""
        return self.features if self.weight is None else (*self.features, self.weight)

    @property
    def used(self) -> tuple[int, ...]:
        """Return the places of all columns that are read."""
        return (*self.numeric, *(c for c in (self.label, self.id) if c is not None))

    def unused(self, count: int) -> list[int]:
        """Return the places, of so many columns, of those that are not read."""
        used = set(self.used)
        return [c for c in range(count) if c not in used]


@dataclass(frozen=True)
class Table:
    """Some rows of a file, in its chosen columns.

    x (N, D), NaN where a value is missing, its last column the weight where one is ``weighted``;
    columns: D names; labels, ids (N,) text or None; place(i) says where row i stands in the file;
    passed_over: lines before these rows that hold none; decided: what was decided of how to read
    the file, the same for all its tables (see ``gmmpipe.data.file_summary``).
    """

    name: str
    columns: tuple[str, ...]
    x: Array
    labels: Sequence[str] | None
    ids: Sequence[str] | None
    place: Callable[[int], str]
    weighted: bool = False
    passed_over: int = 0
    decided: dict[str, Any] = field(default_factory=dict)


def choose(
    columns: Sequence[str],
    kind: File,
    name: str,
    *,
    set_aside: Collection[int] = (),
    named: bool = True,
) -> Chosen:
    """Return the columns that kind asks for.

    set_aside: places of columns that are features only where they are asked for; ``named`` is false
    for made-up names. Raises InputError for unknown, repeated or nameless columns.
    """
    repeated = [column for column, count in Counter(columns).items() if count > 1 and column]
    if repeated:
        raise _first_line(f"{name}: two columns are called {repeated[0]!r}", "rename one")
    roles = _roles(columns, kind, name)
    if kind.columns is None:
        others = {*roles.values(), *set_aside}
        features = tuple(c for c in range(len(columns)) if c not in others)
    else:
        features = _places(kind.columns, columns, name)
    if len(set(features)) < len(features):
        raise InputError(f"{name}: columns {_listed(kind.columns or ())} name one column twice")
    excluded = _places(kind.exclude or (), columns, name)
    features = tuple(c for c in features if c not in excluded)
    for what, place in roles.items():
        if place in features:
            raise InputError(
                f"{name}: column {getattr(kind, what)!r} is the {what}; leave it out of columns"
            )
    if not features and kind.features_needed:
        raise InputError(f"{name}: {NO_COLUMN}")
    for c in features if named and kind.columns is None else ():
        if not columns[c].strip():
            what = f"{name}: column {c + 1} has no name and is no index"
            raise _first_line(what, "name it, choose columns")
    names = tuple(columns[c] or f"x{c + 1}" for c in features)
    return Chosen(features, roles.get("label"), names, roles.get("weight"), roles.get("id"))


def _roles(columns: Sequence[str], kind: File, name: str) -> dict[str, int]:
    """Return the places of label, weight and id, those of them that kind names."""
    roles = {
        what: _find(key, columns, name, what)
        for what in ("label", "weight", "id")
        if (key := getattr(kind, what)) is not None
    }
    for (what, place), (other, second) in combinations(roles.items(), 2):
        if place == second:
            key = getattr(kind, what)
            raise InputError(f"{name}: column {key!r} is both {what} and {other}; give two")
    return roles


def _first_line(what: str, mend: str) -> InputError:
    return UnreadableData(what, mend, ("header", "no"))


def _places(keys: Sequence[str | int], columns: Sequence[str], name: str) -> tuple[int, ...]:
    """Return the places of columns given by name, number, or range of numbers such as 2..5."""
    places: list[int] = []
    for key in _joined(keys, columns):
        ends = None if key in columns else re.fullmatch(r"(\d+)\.\.(\d+)", str(key))
        found = [_find(end, columns, name, "column") for end in (ends.groups() if ends else [key])]
        if found[0] > found[-1]:
            low, high = found[-1] + 1, found[0] + 1
            raise InputError(f"{name}: columns holds {key!r}; give {low}..{high}")
        places += range(found[0], found[-1] + 1)
    return tuple(places)


def _joined(keys: Sequence[str | int], columns: Sequence[str]) -> list[str | int]:
    """Return the keys, those that were parted at the commas of a column's name joined again."""
    whole = {_close(column): column for column in columns if "," in column}
    result: list[str | int] = []
    i = 0
    while i < len(keys):
        ends = range(len(keys), i, -1) if keys[i] not in columns else ()
        joined = ((j, whole.get(_close(",".join(map(str, keys[i:j]))))) for j in ends)
        end, name = next(((j, name) for j, name in joined if name), (i + 1, None))
        result.append(keys[i] if name is None else name)
        i = end
    return result


def _close(text: str) -> str:
    """Return a text without blanks at its commas."""
    return ",".join(part.strip() for part in text.split(","))


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
class UsedRows:
    """Rows of a table that are kept: x (n, D), their places (n,), weight, labels, ids (n,) if any.

    The label of a row without one is None; no_labels: words in the place of one, such as NA.
    """

    x: Array
    rows: npt.NDArray[np.int64]
    weight: Array | None
    labels: list[str | None] | None
    ids: list[str] | None
    dropped: int
    no_labels: frozenset[str]


def used_rows(table: Table, kind: File) -> UsedRows:
    """Return the rows of a table that are to be used.

    Rows with a missing or infinite value are refused or dropped as kind says; where it keeps
    missing values, rows without any are dropped. Raises InputError for those and for negative
    weights.
    """
    values_read = table.x
    if codes := numbers_of_missing(kind):
        table = replace(table, x=np.where(np.isin(values_read, codes), np.nan, values_read))
    finite = np.isfinite(table.x)
    sound = np.asarray(finite.all(axis=1))
    if kind.missing == "keep":
        lost = np.isnan(table.x)
        sound = np.asarray((finite | lost).all(axis=1))
        if table.weighted:
            sound &= finite[:, -1]
    if kind.missing != "drop" and not sound.all():
        raise _unsound(table, values_read, sound)
    values = table.x[:, :-1] if table.weighted else table.x
    keep = sound & ~np.isnan(values).all(axis=1)
    x = np.ascontiguousarray(values[keep])
    weight = _weight(table, keep) if table.weighted else None
    labels, missing = None, set[str]()
    if table.labels is not None:
        texts = texts_of_missing(kind)
        texts_of_rows = [label.strip() for label in compress(table.labels, keep)]
        missing = {label for label in set(texts_of_rows) if is_missing(label, texts)}
        labels = [None if label in missing else label for label in texts_of_rows]
    ids = None if table.ids is None else [text.strip() for text in compress(table.ids, keep)]
    no_labels = frozenset(filter(None, missing))
    return UsedRows(x, np.flatnonzero(keep), weight, labels, ids, len(keep) - len(x), no_labels)


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


def _unsound(table: Table, values_read: Array, sound: npt.NDArray[np.bool_]) -> InputError:
    """Return the error about the first row that is not sound."""
    i = int(np.argmin(sound))
    c = int(np.argmin(np.isfinite(table.x[i])))
    column = f"column {table.columns[c]!r}" if c < len(table.columns) else "the weight"
    what = "stands for none" if np.isfinite(values_read[i, c]) else "is not finite"
    return UnreadableData(
        f"{table.name}: {table.place(i)}, {column}: value {values_read[i, c]} {what}",
        "mend it",
        ("missing", "drop"),
    )


def _listed(keys: Sequence[str | int]) -> str:
    return ", ".join(str(key) for key in keys)

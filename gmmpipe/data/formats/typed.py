"""Tables whose columns have types, as Arrow holds them: numbers are features, text is labels."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmpipe.data.file import File
from gmmpipe.data.formats.npy import names, place, too_large
from gmmpipe.data.table import LONGEST, NO_COLUMN, Chosen, Table, choose
from gmmpipe.errors import MOST, InputError, UnreadableData, suggest
from gmmpipe.mixture.floats import EXACT
from gmmpipe.mixture.mixture import Array
from gmmpipe.store import free_memory

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Typed:
    """A table of Arrow: its columns, and what yields the rows of some of them.

    on_request: columns that are features only where they are asked for; values: what the values of
    a column stand for, as labels; left_out: what else the file holds, not read; table: what is
    read of a file that may hold several tables, such as "variable x".
    """

    schema: "pa.Schema"
    parts: Callable[[list[str]], Iterator[Any]]
    on_request: frozenset[str] = frozenset()
    values: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    table: str = ""


@contextmanager
def sound(name: str, what: str) -> Iterator[None]:
    """Say in one line what a library says of a file that it cannot read.

    Raises InputError.
    """
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:  # libraries raise what they like
        line = " ".join(str(error).split())[:120] or type(error).__name__
        raise InputError(
            f"{name}: cannot be read as {what} ({line}); save it again, or as .csv"
        ) from None


def one_of(names: Sequence[str], kind: File, name: str, what: str) -> str:
    """Return which of the tables in a file is read; raises InputError where that is not clear."""
    if not names:
        raise InputError(f"{name}: holds no {what}; give a file with one")
    if kind.table is not None:
        if kind.table not in names:
            raise InputError(f"{name}: {suggest(what, kind.table, list(names))}")
        return kind.table
    if len(names) > 1:
        listed = ", ".join(names[:MOST]) + (", ..." if len(names) > MOST else "")
        problem = f"{name}: holds {len(names)} tables ({listed})"
        raise UnreadableData(problem, "", ("table", names[0]))
    return names[0]


def refuse_huge(rows: int, columns: int, name: str) -> None:
    """Raise InputError for a table that a small file claims and free memory does not hold.

    A few bytes of run-length code can claim any number of rows; labels count as numbers do.
    """
    free_memory.refuse_beyond(f"{name}: {rows:,} rows of {columns} columns", rows * max(columns, 1))


def from_table(whole: "pa.Table", **further: Any) -> Typed:
    """Return a table that is whole in memory; further: as of ``Typed``."""
    return Typed(whole.schema, lambda needed: iter([whole.select(needed)]), **further)


@dataclass(frozen=True)
class _Columns:
    """The columns of a file: their names there, as they are called, and which are read.

    partitions: what the folders' names say, whose columns stand last; values: as of ``Typed``.
    """

    stored: tuple[str, ...]
    names: tuple[str, ...]
    chosen: Chosen
    partitions: Mapping[str, str]
    values: Mapping[str, Mapping[Any, str]]


def typed(
    source: Typed, name: str, kind: File, partitions: Mapping[str, str] | None = None
) -> Iterator[Table]:
    """Yield the chosen columns of a table of Arrow, some rows at a time.

    Columns that are no numbers, and what pandas' notes call the index, are features only where
    they are asked for. partitions: what the names of folders say of all rows. Raises InputError.
    """
    import pyarrow as pa

    columns, decided = _understood(source, name, kind, partitions or {})
    needed = [columns.stored[c] for c in columns.chosen.used if c < len(columns.stored)]
    first = 0
    for part in source.parts(needed):
        whole = part if isinstance(part, pa.Table) else pa.Table.from_batches([part])
        for start in range(0, whole.num_rows, kind.part):
            rows = whole.slice(start, kind.part)
            yield _table(rows, first, columns, name, decided)
            first += rows.num_rows
    if not first:
        yield _table(source.schema.empty_table(), 0, columns, name, decided)


def _understood(
    source: Typed, name: str, kind: File, partitions: Mapping[str, str]
) -> tuple[_Columns, dict[str, Any]]:
    """Return the columns of a file, and what was decided of them."""
    schema = source.schema
    stored = tuple(n for n in schema.names if not n.startswith("__index_level_"))
    called = stored if kind.names is None else names(len(stored), kind, name)
    every = (*called, *(key for key in partitions if key not in called))
    index = _index(schema, stored)
    types = [schema.types[c] for c, n in enumerate(schema.names) if n in stored]
    text = {c for c, each in enumerate(types) if not _is_number(each)}
    text |= {c for c, n in enumerate(stored) if n in source.on_request}
    added = set(range(len(stored), len(every)))
    if kind.columns is None and kind.features_needed and not set(range(len(stored))) - text - index:
        raise _no_feature(source, name, every[0])
    chosen = choose(every, kind, name, set_aside={*index, *text, *added})
    if chosen.label is not None and chosen.label < len(types):
        _refuse_no_label(types[chosen.label], every[chosen.label], name)
    decided = {
        "numeric": len(chosen.features),
        "left_out": [*(called[c] for c in chosen.unused(len(called))), *source.left_out],
        "index": [every[c] for c in sorted(index) if c not in chosen.used],
        "table": source.table,
    }
    return _Columns(stored, every, chosen, partitions, source.values), decided


def _refuse_no_label(kind: Any, column: str, name: str) -> None:
    """Refuse lists and the like, which may be of any length."""
    import pyarrow as pa

    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    if pa.types.is_nested(inner) or isinstance(inner, pa.BaseExtensionType):
        raise InputError(f"{name}: column {column!r} holds {kind}, no labels; choose another")


def _index(schema: Any, stored: tuple[str, ...]) -> set[int]:
    """Return the places of the columns that pandas' notes call the index."""
    try:
        notes = json.loads((schema.metadata or {})[b"pandas"])
        named = [n for n in notes["index_columns"] if isinstance(n, str)]
    except (KeyError, TypeError, ValueError, RecursionError):  # no notes, or not pandas'
        return set()
    return {stored.index(n) for n in named if n in stored}


def _table(table: Any, first: int, columns: _Columns, name: str, decided: dict[str, Any]) -> Table:
    """Return a table of rows of which that one is the first."""
    chosen = columns.chosen
    x = np.empty((table.num_rows, len(chosen.numeric)))
    for j, c in enumerate(chosen.numeric):
        if c < len(columns.stored):
            x[:, j] = _numbers(table.column(columns.stored[c]), columns.names[c], name, first)
        else:
            x[:, j] = _partition(columns, c, name)
    labels, ids = (
        None if c is None else _texts(table, columns, c, name) for c in (chosen.label, chosen.id)
    )
    weighted = chosen.weight is not None
    return Table(name, chosen.names, x, labels, ids, place(first), weighted, decided=decided)


def _texts(table: Any, columns: _Columns, c: int, name: str) -> list[str]:
    """Return a column as texts; rows share one, which a file may hold once for many."""
    if c >= len(columns.stored):
        return [columns.partitions[columns.names[c]]] * int(table.num_rows)
    meant = columns.values.get(columns.stored[c])
    labels: list[str] = []
    for part in table.column(columns.stored[c]).dictionary_encode().chunks:
        codes = part.indices.unique()
        values = part.dictionary.take(codes)
        _refuse_long(values, columns.names[c], name)
        named = (meant.get(v, plain(v)) if meant else v for v in values.to_pylist())
        each = ("" if value is None else str(value) for value in named)
        texts = dict(zip(codes.to_pylist(), each, strict=True))
        labels += map(texts.__getitem__, part.indices.to_pylist())
    return labels


def _refuse_long(values: Any, column: str, name: str) -> None:
    """Refuse texts that name no group before they are Python's."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if is_text(values.type):
        longest = pc.max(pc.binary_length(values.cast(pa.large_binary()))).as_py() or 0
        if longest > 4 * LONGEST:  # bytes of UTF-8
            raise InputError(
                f"{name}: column {column!r} holds a text of {longest:,} bytes, which is no label;"
                f" shorten it to {LONGEST:,} characters"
            )


def is_text(kind: Any) -> bool:
    """Return whether a type of Arrow is text, or bytes, of any length."""
    import pyarrow as pa

    types = pa.types
    text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return bool(
        text or types.is_binary(kind) or types.is_large_binary(kind) or types.is_binary_view(kind)
    )


def plain(value: Any) -> Any:
    """Return a whole number as an integer, anything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _partition(columns: _Columns, c: int, name: str) -> float:
    column = columns.names[c]
    try:
        return float(columns.partitions[column])
    except ValueError:
        raise InputError(
            f"{name}: {column}={columns.partitions[column]} is no number; leave it out of columns"
        ) from None


def _is_number(kind: Any) -> bool:
    import pyarrow as pa

    types = pa.types
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _no_feature(source: Typed, name: str, column: str) -> InputError:
    """Return the error about a table of which that column is the first."""
    if not source.schema.names:
        return InputError(f"{name}: holds no column; give rows of numbers")
    kind = source.schema.types[0]
    if _is_number(kind):
        return UnreadableData(f"{name}: {NO_COLUMN}", "", ("columns", [column]))
    return _no_number(name, column, kind)


def _no_number(name: str, column: str, kind: Any) -> InputError:
    what = f"{name}: column {column!r} holds {kind}, not numbers"
    return UnreadableData(what, "choose columns without it", ("label", column))


def _numbers(data: Any, column: str, name: str, first: int) -> Array:
    """Return an Arrow column as float64, NaN where null."""
    import pyarrow as pa

    kind = data.type
    if not _is_number(kind):
        raise _no_number(name, column, kind)
    if pa.types.is_decimal(kind):
        values = [float("nan") if v is None else float(v) for v in data.to_pylist()]
        return np.array(values, np.float64)
    if pa.types.is_integer(kind):
        try:
            data = data.cast(pa.float64())
        except pa.ArrowInvalid:  # an integer that no double equals
            values = data.to_pylist()
            i = next(i for i, v in enumerate(values) if v is not None and abs(v) > EXACT)
            raise too_large(name, first + i, column, values[i]) from None
    return np.asarray(data.to_numpy(), np.float64)

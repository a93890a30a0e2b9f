"""Tables of Apache Parquet: one file, or a folder of them."""

import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from gmmpipe.errors import InputError, UnreadableData
from gmmpipe.numerics.datasets import File
from gmmpipe.numerics.mixture import Array
from gmmpipe.reader.cells import EXACT
from gmmpipe.reader.magic import LENGTH, PARQUET, refuse_other
from gmmpipe.reader.npy import names, place, too_large
from gmmpipe.reader.table import PART, Chosen, Table, choose

MOST_CELLS = 2**31  # 16 GiB of doubles; a few bytes of run-length code can claim any number


def parquet(file: BinaryIO, name: str, kind: File) -> Iterator[Table]:
    """Yield the chosen columns of a .parquet file, some rows at a time.

    Columns that are no numbers, and what pandas' notes call the index, are features only where
    they are asked for. Raises InputError.
    """
    yield from _tables(file, name, kind, {})


def parquet_folder(path: Path, name: str, kind: File) -> Iterator[Table]:
    """Yield the chosen columns of all .parquet files of a folder, as ``parquet`` does.

    What the names of folders say of their files, as year=2021, are columns at the end that are
    read only where they are asked for. Raises InputError too where the files differ in columns.
    """
    columns = None
    inside = {each: each.relative_to(path) for each in files(path)}
    keys = list(dict.fromkeys(key for each in inside.values() for key in _partitions(each)))
    for each, below in inside.items():
        where = f"{name}/{below}"
        with each.open("rb") as file:
            refuse_other(file.read(LENGTH), where, PARQUET)
            for table in _tables(file, where, kind, _partitions(below)):
                if columns not in (None, table.columns):
                    raise InputError(
                        f"{where}: columns {', '.join(table.columns)} where the first file has"
                        f" {', '.join(columns or ())}; give all files the same, or choose columns"
                    )
                columns = table.columns
                used = (*table.columns, kind.label, kind.weight)
                table.decided["partitions"] = [key for key in keys if key not in used]
                yield table


def _partitions(path: Path) -> dict[str, str]:
    """Return what the folders of a path say, as year=2021."""
    return dict(part.split("=", 1) for part in path.parts[:-1] if "=" in part)


def files(path: Path) -> list[Path]:
    """Return the files that a folder of Parquet consists of, sub-folders too, by their paths.

    Those whose names begin with . or _ are notes of programs. Raises InputError for none, and for
    folders that are links.
    """
    found: list[Path] = []
    for folder, folders, inside in os.walk(path):
        folders[:] = sorted(name for name in folders if name[0] not in "._")
        for name in folders:
            if Path(folder, name).is_symlink():
                raise InputError(f"{folder}/{name}: is a link to a folder; copy the folder there")
        found += [Path(folder, n) for n in inside if n.endswith(".parquet") and n[0] not in "._"]
    if not found:
        raise InputError(
            f"{path}: not a regular file, nor a folder with *.parquet; give one of these"
        )
    return sorted(found)


@dataclass(frozen=True)
class _Columns:
    """The columns of a file: their names there, as they are called, and which are read.

    partitions: what the folders' names say, whose columns stand last.
    """

    stored: tuple[str, ...]
    names: tuple[str, ...]
    chosen: Chosen
    partitions: Mapping[str, str]


def _tables(file: Any, name: str, kind: File, partitions: Mapping[str, str]) -> Iterator[Table]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    in_memory = isinstance(file, io.BytesIO)
    unsound = (pa.ArrowException, OSError, ValueError)
    try:
        source = pq.ParquetFile(pa.BufferReader(file.getvalue()) if in_memory else file.name)
        schema = source.schema_arrow
        rows = source.metadata.num_rows
        if in_memory and rows * max(len(schema.names), 1) > MOST_CELLS:
            raise InputError(f"{name}: {rows} rows of {len(schema.names)} columns; cut it")
        columns, decided = _understood(schema, name, kind, partitions)
        place_of = columns.chosen.used
        needed = [columns.stored[c] for c in place_of if c < len(columns.stored)]
        first = 0
        for batch in source.iter_batches(PART, columns=needed, use_threads=False):
            yield _table(pa.Table.from_batches([batch]), first, columns, name, decided)
            first += batch.num_rows
        if not first:
            yield _table(schema.empty_table(), 0, columns, name, decided)
    except InputError:
        raise
    except unsound as error:
        line = " ".join(str(error).split())[:120]
        raise InputError(f"{name}: not a sound Parquet file ({line}); save it anew") from None


def _understood(
    schema: Any, name: str, kind: File, partitions: Mapping[str, str]
) -> tuple[_Columns, dict[str, Any]]:
    """Return the columns of a file, and what was decided of them."""
    stored = tuple(n for n in schema.names if not n.startswith("__index_level_"))
    given = stored if kind.names is None else names(len(stored), kind, name)
    every = (*given, *(key for key in partitions if key not in given))
    index = _index(schema, stored)
    text = {c for c, n in enumerate(stored) if not _is_number(schema.field(n).type)}
    added = set(range(len(stored), len(every)))
    if kind.columns is None and kind.features_needed and not set(range(len(stored))) - text - index:
        raise _no_number(name, every[0], schema.field(stored[0]).type) if stored else ValueError
    chosen = choose(every, kind, name, set_aside={*index, *text, *added})
    decided = {
        "numeric": len(chosen.features),
        "left_out": [given[c] for c in chosen.unused(len(given))],
        "index": [every[c] for c in sorted(index) if c not in chosen.used],
    }
    return _Columns(stored, every, chosen, partitions), decided


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
    labels = None
    if chosen.label is not None:
        labels = _labels(table, columns, chosen.label)
    weighted = chosen.weight is not None
    return Table(name, chosen.names, x, labels, place(first), weighted, decided=decided)


def _labels(table: Any, columns: _Columns, c: int) -> list[str]:
    if c >= len(columns.stored):
        return [columns.partitions[columns.names[c]]] * int(table.num_rows)
    values = table.column(columns.stored[c]).to_pylist()
    return ["" if value is None else str(value) for value in values]


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

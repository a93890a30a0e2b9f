"""Tables written as numbers: .npy and .parquet."""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from mmap import mmap
from typing import Any

import numpy as np

from gmmpipe.errors import InputError
from gmmpipe.numerics.datasets import File
from gmmpipe.numerics.mixture import Array
from gmmpipe.reader.table import EXACT, Chosen, Table, choose

MOST_CELLS = 2**31  # 16 GiB of doubles; a few bytes of run-length code can claim any number
REAL = re.compile(r"[<>=|]?(?:[iu][1248]|f[248])")
LONGEST_HEADER = 10_000


def npy(content: bytes, name: str, kind: File) -> Table:
    """Return the chosen columns of a .npy file: two-dimensional, real numbers.

    The array is built from the bytes at hand, never unpickled. Raises InputError.
    """
    return next(npy_parts(content, name, kind, most=None))


def npy_parts(content: bytes | mmap, name: str, kind: File, most: int | None) -> Iterator[Table]:
    """Yield the chosen columns of a .npy file, so many rows at a time; else as ``npy``."""
    data = _array(content, name)
    columns = _names(data.shape[1], kind, name)
    chosen = choose(columns, kind, name, named=kind.names is not None)
    for first in range(0, len(data) or 1, most or len(data) or 1):
        part = data[first:][:most]
        if data.dtype.kind in "iu":
            _refuse_large(part, columns, name, first)
        x = part[:, list(chosen.numeric)].astype(np.float64)
        labels = None if chosen.label is None else [str(v) for v in part[:, chosen.label].tolist()]
        yield Table(name, chosen.names, x, labels, _place(first), chosen.weight is not None)


def _array(content: bytes | mmap, name: str) -> Any:
    """Return the array in the bytes, not copied."""
    try:
        kind, fortran, shape, begin = _header(content)
    except (ValueError, KeyError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise InputError(f"{name}: not a sound .npy file; save it anew with numpy.save") from None
    if not isinstance(kind, str) or not REAL.fullmatch(kind):
        raise InputError(f"{name}: type {str(kind)[:40]!r} is not real numbers; save float64")
    if len(shape) != 2 or shape[1] == 0:
        raise InputError(f"{name}: shape {shape}; save rows x features, such as x[:, None]")
    dtype = np.dtype(kind)
    count = shape[0] * shape[1]
    if count * dtype.itemsize != len(content) - begin:
        raise InputError(
            f"{name}: {len(content) - begin} bytes of numbers where shape {shape} of {dtype} "
            f"takes {count * dtype.itemsize}; copy it again"
        )
    flat = np.frombuffer(content, dtype, count, begin)
    return flat.reshape(shape, order="F" if fortran else "C")


def _header(content: bytes | mmap) -> tuple[object, bool, tuple[int, ...], int]:
    """Return type, Fortran order, shape, and where the numbers begin (NEP 1).

    numpy's own parser is lenient: it warns, or fails in ways of its tokeniser.
    """
    if len(content) < 12 or content[:6] != b"\x93NUMPY" or content[6] not in (1, 2, 3):
        raise ValueError
    begin = 10 if content[6] == 1 else 12
    end = begin + int.from_bytes(content[8:begin], "little")
    if end > min(len(content), LONGEST_HEADER):
        raise ValueError
    header = ast.literal_eval(content[begin:end].decode("utf-8").strip())
    shape = header["shape"]
    if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError
    return header["descr"], bool(header["fortran_order"]), shape, end


def _refuse_large(data: Any, columns: tuple[str, ...], name: str, first: int) -> None:
    large = (data > EXACT) | (data < -EXACT)
    if large.any():
        i, c = np.argwhere(large)[0]
        raise _too_large(name, first + int(i), columns[c], data[i, c])


def parquet(content: bytes, name: str, kind: File) -> Table:
    """Return the chosen columns of a .parquet file; an unnamed pandas index is left out.

    Raises InputError.
    """
    import pyarrow as pa

    return next(parquet_parts(pa.BufferReader(content), name, kind, most=None))


def parquet_parts(source: Any, name: str, kind: File, most: int | None) -> Iterator[Table]:
    """Yield the chosen columns of a .parquet file, a path too, so many rows at a time.

    Raises InputError, and for many rows at once where they are too many to hold.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    unsound = (pa.ArrowException, OSError, ValueError)
    try:
        file = pq.ParquetFile(source)
        given = [n for n in file.schema_arrow.names if not n.startswith("__index_level_")]
        if most is None and file.metadata.num_rows * max(len(given), 1) > MOST_CELLS:
            raise InputError(
                f"{name}: {file.metadata.num_rows} rows of {len(given)} columns; cut it"
            )
        columns = tuple(given) if kind.names is None else _names(len(given), kind, name)
        chosen = choose(columns, kind, name)
        named = dict(enumerate(zip(given, columns, strict=True)))
        needed = [given[c] for c in (*chosen.numeric, chosen.label) if c is not None]
        if most is None:
            parts = iter([file.read(columns=needed, use_threads=False)])
        else:
            batches = file.iter_batches(most, columns=needed, use_threads=False)
            parts = (pa.Table.from_batches([batch]) for batch in batches)
        first = 0
        for part in parts:
            yield _parquet_table(part, first, named, chosen, name)
            first += part.num_rows
    except InputError:
        raise
    except unsound as error:
        raise InputError(
            f"{name}: not a sound Parquet file ({_line(error)}); save it anew"
        ) from None


def _parquet_table(
    table: Any, first: int, columns: Mapping[int, tuple[str, str]], chosen: Chosen, name: str
) -> Table:
    """Return a table of rows of which that one is the first; columns: names there, and as set."""
    x = np.empty((table.num_rows, len(chosen.numeric)))
    for j, c in enumerate(chosen.numeric):
        given, column = columns[c]
        x[:, j] = _numbers(table.column(given), column, name, first)
    labels = None
    if chosen.label is not None:
        values = table.column(columns[chosen.label][0]).to_pylist()
        labels = ["" if value is None else str(value) for value in values]
    return Table(name, chosen.names, x, labels, _place(first), chosen.weight is not None)


def _numbers(data: Any, column: str, name: str, first: int) -> Array:
    """Return an Arrow column as float64, NaN where null."""
    import pyarrow as pa

    kind = data.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise InputError(
            f"{name}: column {column!r} holds {kind}, not numbers; set label: {column}, "
            "or choose columns without it"
        )
    if pa.types.is_decimal(kind):
        values = [float("nan") if v is None else float(v) for v in data.to_pylist()]
        return np.array(values, np.float64)
    if pa.types.is_integer(kind):
        try:
            data = data.cast(pa.float64())
        except pa.ArrowInvalid:  # an integer that no double equals
            values = data.to_pylist()
            i = next(i for i, v in enumerate(values) if v is not None and abs(v) > EXACT)
            raise _too_large(name, first + i, column, values[i]) from None
    return np.asarray(data.to_numpy(), np.float64)


def _names(count: int, kind: File, name: str) -> tuple[str, ...]:
    if kind.names is None:
        return tuple(f"x{c + 1}" for c in range(count))
    if len(kind.names) != count:
        raise InputError(f"{name}: {count} columns but {len(kind.names)} names; give one for each")
    return kind.names


def _too_large(name: str, i: int, column: str, value: object) -> InputError:
    return InputError(
        f"{name}: {_row(i)}, column {column!r}: {value} is an integer beyond 2^53, "
        "which doubles round; leave it out"
    )


def _place(first: int) -> Callable[[int], str]:
    """Return what says where a row stands, counted from the first of its part."""
    return lambda i: _row(first + i)


def _row(i: int) -> str:
    return f"row {i + 1}"


def _line(error: Exception) -> str:
    """Return the first line of a library's message, short."""
    return " ".join(str(error).split())[:120]

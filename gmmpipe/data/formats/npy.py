"""Tables written as numbers: .npy."""

import ast
import io
import re
from collections.abc import Callable, Iterator
from mmap import ACCESS_READ, mmap
from typing import Any, BinaryIO

import numpy as np

from gmmpipe.data.file import File
from gmmpipe.data.table import Table, choose
from gmmpipe.errors import InputError
from gmmpipe.mixture.floats import EXACT

REAL = re.compile(r"[<>=|]?(?:[iu][1248]|f[248])")
LONGEST_HEADER = 10_000

Content = bytes | mmap


def npy(file: BinaryIO, name: str, kind: File) -> Iterator[Table]:
    """Yield the chosen columns of a .npy file, two-dimensional real numbers, some rows at a time.

    The array is built from the bytes at hand, mapped or in memory, never unpickled. Raises
    InputError.
    """
    if isinstance(file, io.BytesIO):
        content: Content = file.getvalue()
    else:
        content = mmap(file.fileno(), 0, access=ACCESS_READ)
    data = _array(content, name)
    columns = names(data.shape[1], kind, name)
    chosen = choose(columns, kind, name, named=kind.names is not None)
    left_out = [columns[c] for c in chosen.unused(len(columns))]
    decided = {"numeric": len(chosen.features), "left_out": left_out}
    weighted = chosen.weight is not None
    for first in range(0, len(data) or 1, kind.part):
        part = data[first : first + kind.part]
        if data.dtype.kind in "iu":
            _refuse_large(part, columns, name, first)
        x = part[:, list(chosen.numeric)].astype(np.float64)
        labels, ids = (
            None if c is None else [str(v) for v in part[:, c].tolist()]
            for c in (chosen.label, chosen.id)
        )
        yield Table(name, chosen.names, x, labels, ids, place(first), weighted, decided=decided)


def _array(content: Content, name: str) -> Any:
    """Return the array in the bytes, not copied."""
    try:
        kind, fortran, shape, begin = _header(content)
    except (ValueError, KeyError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise InputError(f"{name}: not a valid .npy file; save it again with numpy.save") from None
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


def _header(content: Content) -> tuple[object, bool, tuple[int, ...], int]:
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
        raise too_large(name, first + int(i), columns[c], data[i, c])


def names(count: int, kind: File, name: str) -> tuple[str, ...]:
    """Return the names of the columns of a file without names: as set, or made up."""
    if kind.names is None:
        return tuple(f"x{c + 1}" for c in range(count))
    if len(kind.names) != count:
        raise InputError(f"{name}: {count} columns but {len(kind.names)} names; give one for each")
    return kind.names


def too_large(name: str, i: int, column: str, value: object) -> InputError:
    """Return the error about an integer that no double equals."""
    return InputError(
        f"{name}: row {i + 1}, column {column!r}: {value} is an integer beyond 2^53, "
        "which doubles round; leave it out"
    )


def place(first: int) -> Callable[[int], str]:
    """Return what says where a row stands, counted from the first of its part."""
    return lambda i: f"row {first + i + 1}"

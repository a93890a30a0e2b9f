"""Data frames and matrices of R (.rds, .RData), as pyreadr reads them."""

import bz2
import gzip
import lzma
import re
import warnings
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from struct import unpack
from tempfile import TemporaryFile
from typing import Any, BinaryIO

import numpy as np

from gmmpipe.data.file import File
from gmmpipe.data.formats.arrow import frame
from gmmpipe.data.formats.limits import refuse_growth
from gmmpipe.data.formats.r_objects import n_objects
from gmmpipe.data.formats.typed import one_of, refuse_huge, sound, typed
from gmmpipe.data.table import Table
from gmmpipe.errors import InputError

PACKED: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
BLOCK = 2**22
SEQUENCE = re.compile(  # the end of "compact_intseq, base, 13", then (length, first, step)
    rb"\x00\x00\x00\x0d\x00\x00\x00\x01\x00\x00\x00[\x0d\x0e]\x00\x00\x00\xfe"
    rb"\x00\x00\x00\x0e\x00\x00\x00\x03(.{8})",
    re.DOTALL,
)


def r_data(file: BinaryIO, name: str, kind: File) -> Iterator[Table]:
    """Yield the chosen columns of the one data frame or matrix in a file of R, or of the one named.

    Factors are text; row names are an index. Raises InputError.
    """
    import pyreadr

    with sound(name, "a file of R"), TemporaryFile() as plain:
        _unpack(file, plain, name)
        objects = [each["object_name"] for each in pyreadr.list_objects(plain)]
        with mmap(plain.fileno(), 0, access=ACCESS_READ) as content:
            others = n_objects(content) - len(objects)
        if not objects:
            raise InputError(
                f"{name}: holds no data frame, vector or matrix (objects of other kinds: {others});"
                " save a data frame"
            )
        named = {str(key or "data"): key for key in objects}
        one = one_of(list(named), kind, name, "object")
        plain.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frames = pyreadr.read_r(plain, use_objects=[named[one]])
        data = frames[named[one]]
        _refuse_integer64(data, name)
        left_out = [f"object {key}" for key in named if key != one]
        if others:
            left_out.append(f"{others} of other kinds, such as lists")
        yield from typed(frame(data, left_out=tuple(left_out), table=f"object {one}"), name, kind)


def _unpack(file: BinaryIO, plain: Any, name: str) -> None:
    """Write what is packed in a file of R."""
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(5)
    file.seek(0)
    opened = next((opener for magic, opener in PACKED.items() if head.startswith(magic)), None)
    source: Any = file if opened is None else opened(file)
    for part in iter(lambda: source.read(BLOCK), b""):
        plain.write(part)
        refuse_growth(name, size, file.tell(), plain.tell())
    refuse_huge(plain.tell() // 8 + _of_sequences(plain), 1, name)
    plain.seek(0)


def _of_sequences(plain: Any) -> int:
    """Return how many numbers the sequences stand for that R keeps as their first and length."""
    plain.flush()
    with mmap(plain.fileno(), 0, access=ACCESS_READ) as content:
        return sum(int(unpack(">d", each[1])[0]) for each in SEQUENCE.finditer(content))


def _refuse_integer64(data: Any, name: str) -> None:
    """Refuse integers of 64 bits, which R keeps in the bits of doubles that are all but 0."""
    for column in data.select_dtypes("float64"):
        values = data[column].to_numpy()
        values = values[np.isfinite(values) & (values != 0)]
        if len(values) and np.abs(values).max() < np.finfo(float).tiny:
            raise InputError(
                f"{name}: column {column!r} holds integers of 64 bits; save it as.numeric in R"
            )

"""Arrays of MATLAB (.mat) and tables of Weka (.arff), as scipy reads them."""

from collections.abc import Iterator, Mapping
from io import StringIO
from struct import unpack
from typing import Any, BinaryIO
from zlib import decompressobj

import numpy as np

from gmmpipe.data.file import File
from gmmpipe.data.formats.arrow import frame
from gmmpipe.data.formats.limits import refuse_growth
from gmmpipe.data.formats.lines import text_of
from gmmpipe.data.formats.typed import one_of, refuse_huge, sound, typed
from gmmpipe.data.table import Table
from gmmpipe.errors import InputError, UnreadableData

PACKED = 15  # what begins an element that is packed by zlib
BLOCK = 2**20  # bytes that are unpacked at a time


def mat(file: BinaryIO, name: str, kind: File) -> Iterator[Table]:
    """Yield the chosen columns of the arrays of a .mat file up to version 7.

    Arrays of as many rows stand side by side; the columns of x are called x1, x2, ... Raises
    InputError, also where the numbers of rows differ.
    """
    import pandas as pd
    from scipy.io import loadmat, whosmat

    source: Any = file
    head = file.read(128)
    if b"MATLAB 7.3" in head or head.startswith(b"\x89HDF"):
        raise InputError(f"{name}: MATLAB 7.3, which is HDF5; save it with -v7, or as .csv")
    file.seek(0)
    with sound(name, "a .mat file"):
        for _, shape, _ in whosmat(source):
            refuse_huge(shape[0], int(np.prod(shape[1:], dtype=object)), name)
        _refuse_growth(file, name)
        file.seek(0)
        contents = loadmat(source)
        variables = {key: _matrix(value) for key, value in contents.items() if key[:2] != "__"}
        usable = {key: array for key, array in variables.items() if array is not None}
        read = _side_by_side(usable, kind, name)
        columns = dict(_named(read))
        left_out = tuple(key for key in variables if key not in read)
        title = f"variable {next(iter(read))}" if len(read) == 1 else f"{len(read)} variables"
        whole = frame(pd.DataFrame(columns), left_out=left_out, table=title)
        yield from typed(whole, name, kind)


def _refuse_growth(file: BinaryIO, name: str) -> None:
    """Refuse a file that unpacks to too much, however deep in cells and structures it is."""
    size = file.seek(0, 2)
    file.seek(126)
    order = {b"IM": "<", b"MI": ">"}.get(file.read(2))
    grown = 0
    while order and len(tag := file.read(8)) == 8:
        what, count = unpack(f"{order}iI", tag)
        if what != PACKED:
            file.seek(count, 1)
            continue
        unpacking = decompressobj()
        for left in range(count, 0, -BLOCK):
            part = file.read(min(left, BLOCK))
            while part:
                grown += len(unpacking.decompress(part, BLOCK))
                part = unpacking.unconsumed_tail
                refuse_growth(name, size, file.tell(), grown)
    refuse_huge(grown // 8, 1, name)


def arff(file: BinaryIO, name: str, kind: File) -> Iterator[Table]:
    """Yield the chosen columns of an .arff file; nominal ones are text. Raises InputError."""
    import pandas as pd
    from scipy.io.arff import loadarff

    with sound(name, "ARFF"):
        data, _ = loadarff(StringIO(text_of(file, name, kind)))
        columns = {column: _plain(data[column]) for column in data.dtype.names or ()}
        yield from typed(frame(pd.DataFrame(columns)), name, kind)


def _plain(values: Any) -> Any:
    return [v.decode() for v in values] if values.dtype.kind == "S" else values


def _matrix(value: Any) -> Any:
    """Return an array of (rows, columns) of numbers or text, None for anything else."""
    from scipy.sparse import issparse

    if issparse(value) or not isinstance(value, np.ndarray):
        return None
    if value.dtype.kind == "O" and value.ndim == 2 and value.shape[1] == 1:  # a cell array
        texts = [np.ravel(cell) for cell in value[:, 0]]
        if all(text.dtype.kind == "U" and text.size <= 1 for text in texts):
            return np.array([str(text[0]) if text.size else None for text in texts], object)[
                :, None
            ]
    if value.dtype.kind == "U":
        return value.reshape(len(value), -1)
    return value if value.dtype.kind in "iuf" and value.ndim == 2 and value.size else None


def _side_by_side(usable: Mapping[str, Any], kind: File, name: str) -> dict[str, Any]:
    """Return the arrays that are read: the one asked for, else all that have more than one row."""
    if kind.table is not None:
        one = one_of(list(usable), kind, name, "variable")
        return {one: usable[one]}
    result = {key: array for key, array in usable.items() if len(array) > 1}
    if not result:
        raise InputError(f"{name}: holds no matrix of two rows or more; give rows x features")
    rows = {key: len(array) for key, array in result.items()}
    if len(set(rows.values())) > 1:
        listed = ", ".join(f"{key} {count}" for key, count in rows.items())
        problem = f"{name}: its variables differ in rows ({listed})"
        raise UnreadableData(problem, "", ("table", max(result, key=lambda key: result[key].size)))
    return result


def _named(arrays: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, array in arrays.items():
        if array.shape[1] == 1:
            yield key, array[:, 0]
        else:
            yield from ((f"{key}{c + 1}", array[:, c]) for c in range(array.shape[1]))

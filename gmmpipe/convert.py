"""A table as a .npy file that can be mapped: read once, part by part, never whole."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib.format import header_data_from_array_1_0, write_array_header_1_0

from gmmpipe.errors import InputError
from gmmpipe.numerics.datasets import File
from gmmpipe.progress import Bar
from gmmpipe.reader import summary, tables
from gmmpipe.reader.gathering import Gathering
from gmmpipe.reader.table import Table
from gmmpipe.sealed import writing


def convert(source: str, target: str, **options: Any) -> int:
    """Write the chosen columns of a text file, perhaps .gz, to a .npy file; return the rows.

    options: those of ``File``, as columns=("a", 2) or missing="drop".

    float64 in C order, so that ``em.fit`` reads it where it is. Every value is checked as the
    reader checks them; a progress line goes to stderr. The target is there whole or not at all. A
    .parquet file and a folder of them are taken too. Raises InputError, with line, column and
    value, for what is no number.
    """
    if Path(target).suffix != ".npy":
        raise InputError(f"{target}: give a name that ends in .npy")
    kind = File(source, **options)
    try:
        size = Path(source).stat().st_size
        with Bar(Path(source).name, size) as bar, writing(target) as out:
            found = Gathering(kind)
            _write(tables(Path(source), source, kind, bar), found, out)
    except OSError as error:
        raise InputError(f"{source}: cannot be converted to {target} ({error})") from None
    print(summary(Path(source).name, found.reading), file=sys.stderr)
    return found.n


def _write(parts: Iterable[Table], found: Gathering, out: IO[bytes]) -> None:
    """Write header and rows; the header last, as only then the number of rows is known."""
    for table in parts:
        if not found.n:
            out.seek(0)
            _header(out, 0, len(table.columns))
        out.write(found.add(table).x.data.cast("B"))
    if not found.n:
        raise InputError(f"{found.kind.path}: the file holds no row; give rows of numbers")
    out.seek(0)
    _header(out, found.n, len(found.columns))


def _header(out: IO[bytes], n: int, width: int) -> None:
    """Write the header of n rows; numpy leaves room for n to grow, so it is as long for any n."""
    shaped = header_data_from_array_1_0(np.empty((0, width)))
    write_array_header_1_0(out, {**shaped, "shape": (n, width)})

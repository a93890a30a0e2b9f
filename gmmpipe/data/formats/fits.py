"""Tables of astronomy (.fits), as astropy reads them."""

import warnings
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np

from gmmpipe.data.file import File
from gmmpipe.data.formats.typed import Typed, one_of, sound, typed
from gmmpipe.data.table import Table

DAMAGE = "File may have been truncated|Error validating header"  # of which astropy warns alone


def fits(file: BinaryIO, name: str, kind: File) -> Iterator[Table]:
    """Yield the chosen columns of a table in a FITS file, some rows at a time.

    The values of a column of vectors are columns v1, v2, ...; what is neither number, text nor
    truth value is left out. Raises InputError.
    """
    from astropy.io import fits as library

    with sound(name, "FITS"), library.open(file, memmap=not isinstance(file, BytesIO)) as units:
        tables = _tables(units)
        title = one_of(list(tables), kind, name, "table")
        others = tuple(f"table {other}" for other in tables if other != title)
        yield from typed(_typed(tables[title], kind, f"table {title}", others), name, kind)


def _tables(units: Any) -> dict[str, Any]:
    """Return the tables of a file by name, or by their place where they have none of their own."""
    from astropy.io import fits as library

    result: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", DAMAGE)
        for i, unit in enumerate(units):
            if isinstance(unit, library.BinTableHDU | library.TableHDU):
                key = unit.name or f"HDU {i}"
                result[f"{key} (HDU {i})" if key in result else key] = unit
    return result


def _typed(unit: Any, kind: File, title: str, others: tuple[str, ...]) -> Typed:
    import pyarrow as pa

    data: Any = unit.data
    columns, left_out = _columns(data)
    some = pa.table({c: _values(data[:1], *place) for c, place in columns.items()})

    def parts(needed: list[str]) -> Iterator[Any]:
        for first in range(0, len(data), kind.part):
            rows = data[first : first + kind.part]
            yield pa.table({c: _values(rows, *columns[c]) for c in needed})

    return Typed(some.schema, parts, left_out=(*left_out, *others), table=title)


Places = Mapping[str, tuple[Any, int | None]]  # column of the file, place in its vectors


def _columns(data: Any) -> tuple[Places, list[str]]:
    """Return the columns that can be read, and the names of those that cannot."""
    readable: dict[str, tuple[Any, int | None]] = {}
    left_out = []
    for column in data.columns:
        values = data[:1][column.name]
        if values.ndim == 1 and values.dtype.kind in "iufUSb":
            readable[column.name] = (column, None)
        elif values.ndim == 2 and values.dtype.kind in "iuf" and values.shape[1]:
            readable |= {f"{column.name}{c + 1}": (column, c) for c in range(values.shape[1])}
        else:
            left_out.append(column.name)
    return readable, left_out


def _values(rows: Any, column: Any, place: int | None) -> Any:
    """Return the values of a column, null where the bytes in the file say so."""
    import pyarrow as pa

    values, lost = np.asarray(rows[column.name]), _lost(rows, column)
    if place is not None:
        values, lost = values[:, place], lost[:, place]
    if values.dtype.kind in "SU":
        return pa.array(values.astype(str).tolist(), pa.string())
    return pa.array(values.astype(values.dtype.newbyteorder("=")), mask=lost)


def _lost(rows: Any, column: Any) -> Any:
    """Return where a value is missing; TNULL is meant before scaling, in a text a blank is too."""
    raw = rows.view(np.ndarray)[column.name]
    if raw.dtype.kind == "S":
        text = np.strings.strip(raw)
        return (text == b"") | (text == str(column.null or "").strip().encode())
    return np.zeros(raw.shape, bool) if column.null is None else raw == column.null

"""Tables of SPSS (.sav) and Stata (.dta), as pyreadstat reads them."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

from gmmpipe.data.file import File
from gmmpipe.data.formats.arrow import frame
from gmmpipe.data.formats.typed import Typed, plain, refuse_huge, sound, typed
from gmmpipe.data.table import Table
from gmmpipe.store import free_memory

SPSS_TIMES = re.compile(r"[AEJS]?DATE|D?TIME|DATETIME|YMDHMS|MTIME|QYR|MOYR|WKYR|WKDAY|MONTH")
STATA_TIMES = re.compile(r"%-?(t[^y]|d)")  # a year is a number


def sav(file: BinaryIO, name: str, kind: File) -> Iterator[Table]:
    """Yield the chosen columns of an SPSS file, as ``_tables``."""
    from pyreadstat import read_sav

    with sound(name, "SPSS"):
        yield from _tables(read_sav, SPSS_TIMES, file, name, kind)


def dta(file: BinaryIO, name: str, kind: File) -> Iterator[Table]:
    """Yield the chosen columns of a Stata file, as ``_tables``."""
    from pyreadstat import read_dta

    with sound(name, "Stata"):
        yield from _tables(read_dta, STATA_TIMES, file, name, kind)


def _tables(
    read: Callable[..., Any], times: re.Pattern[str], file: BinaryIO, name: str, kind: File
) -> Iterator[Table]:
    """Yield the chosen columns; values that the file declares to be missing are.

    The labels of values name the groups. A column with labels of values is a feature where it is
    asked for or called a scale; one of dates or times never is.
    """
    import pyarrow as pa

    _, notes = read(file, metadataonly=True, encoding=kind.encoding)

    def of_type(column: str) -> Any:
        if notes.readstat_variable_types[column] == "string":
            return pa.string()
        is_time = times.match(notes.original_variable_types[column] or "")
        return pa.timestamp("s") if is_time else pa.float64()

    def parts(needed: list[str]) -> Iterator[Any]:
        width = sum(-(-notes.variable_storage_width[column] // 8) for column in needed)
        refuse_huge(notes.number_rows or 0, width, name)
        most = free_memory.capacity() // width + 1  # where the file does not say how many it has
        file.seek(0)
        limit = notes.number_rows or most
        data, _ = read(file, usecols=needed, encoding=kind.encoding, row_limit=limit)
        refuse_huge(len(data), width, name)
        yield from frame(data).parts(needed)

    schema = pa.schema([(column, of_type(column)) for column in notes.column_names])
    values = {c: _distinct(meant) for c, meant in notes.variable_value_labels.items()}
    codes = {c for c in values if notes.variable_measure[c] != "scale"}
    yield from typed(Typed(schema, parts, frozenset(codes), values), name, kind)


def _distinct(meant: Mapping[Any, str]) -> dict[Any, str]:
    """Return what values stand for, the value added where two stand for the same."""
    times = Counter(meant.values())
    return {v: text if times[text] == 1 else f"{text} ({plain(v)})" for v, text in meant.items()}

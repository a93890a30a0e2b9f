"""Rows of values of any kind, as the text that the same rules read as any other table."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from io import TextIOWrapper
from tempfile import SpooledTemporaryFile
from typing import Any

from gmmpipe.data.file import File
from gmmpipe.data.formats.text import delimited
from gmmpipe.data.table import Table
from gmmpipe.errors import InputError
from gmmpipe.store import free_memory

IN_MEMORY = 2**23  # bytes


def read_rows(
    rows: Iterable[Sequence[Any]], name: str, kind: File, columns: tuple[str, ...] | None = None
) -> Iterator[Table]:
    """Yield the chosen columns of rows, of which a blank one holds nothing, as ``delimited``.

    columns: the names of all of them; where None the first row may hold names. Messages count the
    rows as lines. Fractions that are no text have a point, which settles the decimal mark.
    """
    options: dict[str, Any] = {"delimiter": "comma", "comment": None, "encoding": "utf-8"}
    if columns is not None:
        options |= {"header": False, "names": kind.names or columns}
    with _written(rows, name) as (file, pointed):
        if pointed and kind.decimal == "auto":
            options["decimal"] = "point"
        for table in delimited(file, name, replace(kind, **options)):
            keys = ("numeric", "left_out", "index", "thousands")
            decided = {key: table.decided[key] for key in keys}
            if columns is None:
                decided = {**table.decided, "delimiter": "cells"}
            yield replace(table, decided=decided)


@contextmanager
def _written(rows: Iterable[Sequence[Any]], name: str) -> Iterator[tuple[Any, bool]]:
    """Give the rows as text, and whether some values are fractions."""
    fractions, length, checked = False, 0, 0
    with SpooledTemporaryFile(IN_MEMORY) as file:
        text = TextIOWrapper(file, encoding="utf-8", newline="")
        writer = csv.writer(text, lineterminator="\n")
        for row in rows:
            fractions = fractions or any(isinstance(value, float) for value in row)
            try:
                cells = [_cell(value) for value in row]
                writer.writerow(cells) if row else text.write("\n")
            except UnicodeEncodeError as error:
                raise InputError(f"{name}: {error.object[:40]!r} is no Unicode; mend it") from None
            length += sum(map(len, cells))
            if length - checked > IN_MEMORY:  # a workbook holds a text once for many cells
                checked = length
                free_memory.refuse_beyond(f"{name}: cells of {length:,} characters", length // 8)
        text.flush()
        file.seek(0)
        yield file, fractions
        text.detach()


def _cell(value: Any) -> str:
    """Return a value as text on one line; that of a number is exact."""
    if value is None:
        return ""
    if isinstance(value, dict | list):
        value = json.dumps(value)
    return " ".join(str(value).splitlines())

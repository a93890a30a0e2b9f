"""Tables written as text: .csv, .tsv, .txt, .data."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gmmpipe.errors import InputError
from gmmpipe.numerics.datasets import File
from gmmpipe.numerics.mixture import Array
from gmmpipe.reader.cells import MISSING, is_value, numbers
from gmmpipe.reader.dialect import DELIMITERS, Line, decode, has_header, rows_of_text
from gmmpipe.reader.table import Chosen, Table, choose

CHUNK = 65_536  # rows held as text at a time


def delimited(content: bytes, name: str, kind: File) -> Table:
    """Return the chosen columns of a text file; raises InputError with line, column and value."""
    return next(delimited_parts([content], name, kind))


def delimited_parts(blocks: Iterable[bytes], name: str, kind: File) -> Iterator[Table]:
    """Yield the chosen columns of a text that comes in blocks of whole lines, a table for each.

    The first block with a row says how the text is written. Raises InputError as ``delimited``.
    """
    manner, before, rows = None, 0, 0
    for block in blocks:
        text = decode(block, name, kind.encoding, before)
        lines, delimiter = rows_of_text(text, kind, name, before)
        before += text.count("\n")
        if manner is None and lines:
            manner = _understood(lines[0], delimiter, kind, name)
            kind, lines = replace(kind, delimiter=manner.word), lines[manner.header :]
        if manner is not None and lines:
            rows += len(lines)
            yield _read(lines, manner, kind, name)
    if manner is None:
        raise InputError(f"{name}: the file holds no row; give rows of numbers")
    if not rows:
        raise InputError(f"{name}: line {manner.first} is a header and no row follows; add rows")


@dataclass(frozen=True)
class Manner:
    """How a text is written: all its columns, which are read, what parts cells, the first line."""

    columns: tuple[str, ...]
    chosen: Chosen
    delimiter: str
    header: bool
    first: int

    @property
    def word(self) -> Any:
        """Return what the delimiter is called in the configuration."""
        return next(word for word, mark in DELIMITERS.items() if mark == self.delimiter)


def _understood(line: Line, delimiter: str, kind: File, name: str) -> Manner:
    cells = _cells([line], delimiter, name)[0]
    header = has_header(cells, kind)
    columns, named = _names(cells, header, kind, name)
    chosen = choose(columns, kind, name, named=named)
    return Manner(columns, chosen, delimiter, header, line[0])


def _read(body: Sequence[Line], manner: Manner, kind: File, name: str) -> Table:
    chosen, columns = manner.chosen, manner.columns
    x = np.empty((len(body), len(chosen.numeric)))
    labels: list[str] = []
    begin = 0
    for part, rows in _chunks(body, manner.delimiter, name):
        _same_width(part, rows, columns, manner.first, name)
        for j, c in enumerate(chosen.numeric):
            cells = [row[c] for row in rows]
            x[begin : begin + len(rows), j] = _column(cells, part, columns[c], kind, name)
        if chosen.label is not None:
            labels += [row[chosen.label] for row in rows]
        begin += len(rows)
    return _table(name, chosen, x, labels, body)


def _table(name: str, chosen: Chosen, x: Array, labels: list[str], body: Sequence[Line]) -> Table:
    given, weighted = None if chosen.label is None else labels, chosen.weight is not None
    return Table(name, chosen.names, x, given, lambda i: f"line {body[i][0]}", weighted)


def _names(first: list[str], header: bool, kind: File, name: str) -> tuple[tuple[str, ...], bool]:
    """Return the names of all columns, and whether somebody gave them."""
    if kind.names is not None:
        if len(kind.names) != len(first):
            raise InputError(
                f"{name}: {len(first)} columns but {len(kind.names)} names; give one for each"
            )
        return kind.names, True
    if header:
        return tuple(cell.strip() for cell in first), True
    return tuple(f"x{c + 1}" for c in range(len(first))), False


def _chunks(
    lines: Sequence[Line], delimiter: str, name: str
) -> Iterator[tuple[Sequence[Line], list[list[str]]]]:
    for begin in range(0, len(lines), CHUNK):
        part = lines[begin : begin + CHUNK]
        yield part, _cells(part, delimiter, name)


def _cells(lines: Sequence[Line], delimiter: str, name: str) -> list[list[str]]:
    """Return the cells of each line; raises InputError for quotes left open on their line."""
    texts = [line for _, line in lines]
    if delimiter == " " and not any('"' in text for text in texts):
        return [text.split() for text in texts]
    try:
        rows = list(_parse(texts, delimiter))
    except csv.Error:
        rows = []
    if len(rows) == len(lines):
        return rows
    for i, text in lines:
        try:
            list(_parse([text], delimiter))
        except csv.Error as error:
            reason = str(error)
            if "unexpected end" in reason:
                reason = "a quote is opened and not closed on the line"
            raise InputError(f"{name}: line {i}: {reason}; mend the line") from None
    raise InputError(f"{name}: lines {lines[0][0]} to {lines[-1][0]} cannot be parted into cells")


def _parse(texts: Sequence[str], delimiter: str) -> Iterator[list[str]]:
    return csv.reader(texts, delimiter=delimiter, skipinitialspace=delimiter != "\t", strict=True)


def _same_width(
    part: Sequence[Line], rows: list[list[str]], columns: Sequence[str], first: int, name: str
) -> None:
    """Refuse rows longer or shorter than the first: which cell belongs where is a guess."""
    width = len(columns)
    if set(map(len, rows)) == {width}:
        return
    (line, _), row = next(
        (line, row) for line, row in zip(part, rows, strict=True) if len(row) != width
    )
    if len(row) < width:
        what = f"nothing for column {columns[len(row)]!r}"
    else:
        what = f"{_short(row[width])} is one too many"
    raise InputError(
        f"{name}: line {line} has {len(row)} cells where line {first} has {width}: {what}; "
        "mend the line, or set delimiter"
    )


def _column(cells: list[str], part: Sequence[Line], column: str, kind: File, name: str) -> Array:
    """Return the numbers of one column; raises InputError with line, column and value."""

    def fail(i: int, value: str, reason: str) -> InputError:
        where = f"{name}: line {part[i][0]}, column {column!r}: {_short(value)}"
        values = sum(map(is_value, cells))
        if "not a number" in reason and 2 * values < len(cells):
            return InputError(
                f"{where} is text, as is most of the column; set label: {column}, "
                "or choose columns without it"
            )
        return InputError(f"{where} {reason}")

    if kind.decimal == "comma":
        for i, cell in enumerate(cells):
            if "." in cell and cell.strip() not in MISSING:
                raise fail(i, cell, "has a point in it, yet decimal is comma")
        cells = [cell.replace(",", ".") for cell in cells]
    return numbers(cells, kind.missing, fail)


def _short(value: str) -> str:
    """Return a value as shown in a message."""
    return repr(value if len(value) <= 40 else value[:37] + "...")

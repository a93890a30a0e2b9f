"""Tables written as text: .csv, .tsv, .txt, .data."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

import numpy as np

from gmmpipe.data.cells import Ways, numbers
from gmmpipe.data.file import File
from gmmpipe.data.formats.dialect import cells_of
from gmmpipe.data.formats.layout import TextLayout, layout_of, refuse_ragged, short
from gmmpipe.data.formats.lines import Line, blocks_of_lines, encoding_of
from gmmpipe.data.table import Table
from gmmpipe.errors import InputError, UnreadableData
from gmmpipe.mixture.mixture import Array

HEAD = 1_000  # lines from which it is decided how a text is written
HEAD_SIZE = 2**22  # or so many characters
LISTED = 8  # features that a message lists


def delimited(file: BinaryIO, name: str, kind: File) -> Iterator[Table]:
    """Yield the chosen columns of a text, some rows at a time.

    Its first lines say how it is written. Raises InputError with line, column and value.
    """
    encoding = encoding_of(file.read(4), kind.encoding, name)
    file.seek(0)
    blocks = blocks_of_lines(file, name, kind, encoding)
    first_blocks, head = _head(blocks)
    layout = layout_of(head, kind, name)
    layout.decided["encoding"] = encoding
    is_row, header, some = layout.dialect.is_row, bool(layout.header), False
    passed_over = layout.above
    for block in chain(first_blocks, blocks):
        lines = [each for each in block if each[0] >= layout.first]
        rows = [each for each in lines if is_row(each[1])]
        passed_over += sum(1 for _, line in lines if line.strip()) - len(rows)
        if rows and header:
            rows, header = rows[1:], False
        for i in range(0, len(rows), kind.part):
            some = True
            yield _table(rows[i : i + kind.part], layout, kind, name, passed_over)
            passed_over = 0
    if some and passed_over:  # after the last row
        yield _table([], layout, kind, name, passed_over)
    if not some:
        what = f"{name}: line {layout.first} is a header and no row follows"
        raise UnreadableData(what, "add rows", ("header", "no"))


def _head(blocks: Iterator[list[Line]]) -> tuple[list[list[Line]], list[Line]]:
    """Return the blocks that hold the first lines, and these lines."""
    first_blocks: list[list[Line]] = []
    head: list[Line] = []
    size = 0
    for block in blocks:
        first_blocks.append(block)
        for line in block:
            if len(head) >= HEAD or (size > HEAD_SIZE and len(head) > 1):
                return first_blocks, head
            head.append(line)
            size += len(line[1])
    return first_blocks, head


def _table(lines: list[Line], layout: TextLayout, kind: File, name: str, passed_over: int) -> Table:
    chosen = layout.chosen
    rows = cells_of(lines, layout.dialect, name)
    refuse_ragged(rows, lines, layout.columns, layout.first, name)
    x = np.empty((len(lines), len(chosen.numeric)))
    column = _Column(lines, layout, kind, name)
    for j, c in enumerate(chosen.numeric):
        x[:, j] = column.read([row[c] for row in rows], layout.columns[c])
    labels, ids = (
        None if c is None else [row[c] for row in rows] for c in (chosen.label, chosen.id)
    )

    def place(i: int) -> str:
        return f"line {lines[i][0]}"

    weighted = chosen.weight is not None
    return Table(name, chosen.names, x, labels, ids, place, weighted, passed_over, layout.decided)


class _Column:
    """Reads columns of some lines; its errors name line, column and value."""

    def __init__(self, lines: list[Line], layout: TextLayout, kind: File, name: str) -> None:
        self.lines, self.layout, self.kind, self.name = lines, layout, kind, name

    def read(self, cells: list[str], column: str) -> Array:
        """Return the numbers of one column."""

        def fail(i: int, value: str, reason: str, ways: Ways) -> InputError:
            line = self.lines[i][0]
            where = f"{self.name}: line {line}, column {column!r}: {short(value)}"
            if line == self.layout.first:
                ways = (*ways, ("header", "yes"))
            if reason == "is not a number" and column in self.layout.text:
                text = f"{where} is text, as is most of the column"
                return UnreadableData(text, "choose columns without it", ("label", column), *ways)
            if reason == "is not a number":
                ways = (*self._without(column), *ways)
            return UnreadableData(f"{where} {reason}", "mend it", *ways)

        return numbers(cells, self.layout.form, self.kind, fail)

    def _without(self, column: str) -> Ways:
        """Return the option that reads all features but one, where these can be listed."""
        others = [name for name in self.layout.chosen.names if name != column]
        plain = all(re.fullmatch(r"[\w.-]+", name) for name in others)
        listed = self.kind.columns is None and plain and 0 < len(others) <= LISTED
        return (("columns", others),) if listed else ()

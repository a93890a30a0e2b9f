"""From the first lines of a text to how all of it is read."""

from dataclasses import dataclass, replace
from typing import Any

from gmmpipe.data.cells import NumberForm, form_of, is_missing, is_value
from gmmpipe.data.file import File
from gmmpipe.data.formats.dialect import (
    WORDS,
    Dialect,
    cells_of,
    dialect_of,
    is_error_row,
    separator,
)
from gmmpipe.data.formats.header import header_of, is_index, lacks_a_name, names_in_comment
from gmmpipe.data.formats.lines import Line
from gmmpipe.data.table import NO_COLUMN, Chosen, choose
from gmmpipe.errors import InputError, UnreadableData

OTHER_DELIMITER = ("delimiter", "semicolon")


@dataclass(frozen=True)
class TextLayout:
    """How a text is read: its dialect and columns, which are read, how numbers are written.

    text: the columns that are read though they are text; first: the number of the line with the
    first row; above: how many comments are above it; decided: see ``gmmpipe.data.file_summary``.
    """

    dialect: Dialect
    columns: tuple[str, ...]
    chosen: Chosen
    form: NumberForm
    text: frozenset[str]
    header: str
    first: int
    above: int
    decided: dict[str, Any]


def layout_of(head: list[Line], kind: File, name: str) -> TextLayout:
    """Return how a text is read; raises InputError where its first lines do not say."""
    lines = [each for each in head if each[1].strip(" ")]
    named = separator(lines[0][1]) if lines and kind.delimiter == "auto" else None
    lines = lines[1:] if named else lines
    dialect = dialect_of(lines, kind, name, named)
    above, lines = _parted(lines, dialect)
    if not lines:
        raise InputError(f"{name}: the file holds no row; give rows of numbers")
    rows = cells_of(lines, dialect, name)
    if lacks_a_name(rows):
        rows[0].insert(0, "")
        dialect = replace(dialect, width=len(rows[0]))
    start = _Start(kind, name, dialect, above, lines, rows, header_of(rows, kind))
    columns, origin = start.names()
    refuse_ragged(start.body, start.places, columns, lines[0][0], name)
    chosen, index = start.choose(columns, bool(origin))
    form = start.form(columns, chosen)
    unused = chosen.unused(len(columns))
    decided = {
        "delimiter": WORDS[dialect.delimiter],
        "decimal": form.decimal,
        "thousands": form.thousands,
        "header": start.header,
        "line": lines[0][0],
        "origin": origin,
        "names": list(columns),
        "numeric": len(chosen.features),
        "left_out": [_called(columns, c) for c in unused],
        "index": [_called(columns, c) for c in index if c in unused],
    }
    text = frozenset(columns[c] for c in chosen.numeric if start.is_text(c))
    header, first = start.header, lines[0][0]
    return TextLayout(dialect, columns, chosen, form, text, header, first, len(above), decided)


def _called(columns: tuple[str, ...], c: int) -> str:
    return columns[c] or f"column {c + 1}"


def _parted(lines: list[Line], dialect: Dialect) -> tuple[list[Line], list[Line]]:
    """Return the comments above the first row, and the rows from there."""
    mark = dialect.comment
    for i, (_, line) in enumerate(lines):
        marked = mark is not None and line.lstrip().startswith(mark)
        if dialect.is_row(line) and (not marked or is_error_row(line, dialect)):
            return lines[:i], [each for each in lines[i:] if dialect.is_row(each[1])]
    return lines, []


@dataclass(frozen=True)
class _Start:
    """The first lines of a text: comments above, then rows, of which the first may be a header."""

    kind: File
    name: str
    dialect: Dialect
    above: list[Line]
    lines: list[Line]
    rows: list[list[str]]
    header: str

    @property
    def body(self) -> list[list[str]]:
        """The rows of values."""
        return self.rows[bool(self.header) :]

    @property
    def places(self) -> list[Line]:
        """The lines that these are on."""
        return self.lines[bool(self.header) :]

    def names(self) -> tuple[tuple[str, ...], str]:
        """Return the names of all columns, and where they are from: "" for made-up ones."""
        first, names = self.rows[0], self.kind.names
        if names is not None:
            if len(names) != len(first):
                raise InputError(
                    f"{self.name}: {len(first)} columns but {len(names)} names; give one for each"
                )
            return names, "set"
        if self.header:
            return tuple(cell.strip() for cell in first), "header"
        last = self.above[-1][1] if self.above and self.kind.header is None else ""
        if commented := names_in_comment(last, self.dialect):
            return commented, "comment"
        return tuple(f"x{c + 1}" for c in range(len(first))), ""

    def choose(self, columns: tuple[str, ...], named: bool) -> tuple[Chosen, list[int]]:
        """Return the columns that are read, and the places of those that are an index.

        An index, and columns of text, are features only where they are asked for.
        """
        cells = [[row[c] for row in self.body] for c in range(len(columns))]
        index = [c for c, name in enumerate(columns) if named and not name and is_index(cells[c])]
        text = [c for c, column in enumerate(cells) if _is_text(column)]
        every = len({*index, *text, *self._taken(columns)}) == len(columns)
        if text and every and self.kind.columns is None and self.kind.features_needed:
            c = text[0]
            i = next(i for i, cell in enumerate(cells[c]) if not is_value(cell))
            raise UnreadableData(
                f"{self.name}: {NO_COLUMN}; line {self.places[i][0]}, column {columns[c]!r}:"
                f" {short(cells[c][i])} is text",
                "",
                ("header", "no" if self.header else "yes"),
                OTHER_DELIMITER,
            )
        chosen = choose(columns, self.kind, self.name, set_aside={*index, *text}, named=named)
        return chosen, index

    def is_text(self, c: int) -> bool:
        """Return whether a column is text."""
        return _is_text([row[c] for row in self.body])

    def _taken(self, columns: tuple[str, ...]) -> list[int]:
        """Return the places of label, weight and id, where they are given by name."""
        keys = (self.kind.label, self.kind.weight, self.kind.id)
        return [columns.index(key) for key in keys if isinstance(key, str) and key in columns]

    def form(self, columns: tuple[str, ...], chosen: Chosen) -> NumberForm:
        """Return how the numbers that are read are written."""
        if self.kind.decimal != "auto":
            return NumberForm(self.kind.decimal, given=True)
        lines = [f"line {i}" for i, _ in self.places]
        result = form_of(
            (
                (columns[c], list(zip(lines, (row[c] for row in self.body), strict=True)))
                for c in chosen.numeric
            ),
            self.name,
        )
        if result.decimal == "comma" and self.dialect.delimiter == " ":
            raise UnreadableData(
                f"{self.name}: numbers with a comma, parted by blanks: decimals, or pairs?",
                "",
                ("decimal", "comma"),
            )
        return result


def _is_text(cells: list[str]) -> bool:
    """Return whether less than half of a column's cells that are not missing are values."""
    present = [cell for cell in cells if not is_missing(cell)]
    return 2 * sum(map(is_value, present)) < len(present)


def refuse_ragged(
    rows: list[list[str]], lines: list[Line], columns: tuple[str, ...], first: int, name: str
) -> None:
    """Refuse rows longer or shorter than the first: which cell belongs where is a guess."""
    width = len(columns)
    if not set(map(len, rows)) - {width}:
        return
    (line, _), row = next(
        (line, row) for line, row in zip(lines, rows, strict=True) if len(row) != width
    )
    if len(row) < width:
        what = f"nothing for column {columns[len(row)]!r}"
    else:
        what = f"{short(row[width])} is one too many"
    raise UnreadableData(
        f"{name}: line {line} has {len(row)} cells where line {first} has {width}: {what}",
        "mend the line",
        OTHER_DELIMITER,
    )


def short(value: str) -> str:
    """Return a value as shown in a message."""
    return repr(value if len(value) <= 40 else value[:37] + "...")

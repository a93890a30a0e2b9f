"""Sheets of Excel workbooks (.xlsx), as openpyxl reads them."""

import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import Any, BinaryIO

from gmmpipe.data.file import File
from gmmpipe.data.formats.limits import refuse_growth
from gmmpipe.data.formats.rows import read_rows
from gmmpipe.data.formats.text import HEAD
from gmmpipe.data.formats.typed import one_of, refuse_huge, sound
from gmmpipe.data.table import Table
from gmmpipe.errors import InputError

MOST_ROWS = 2**20  # of a sheet
# openpyxl makes objects of all that is in these before it reads a sheet, 0.1 s for 50 kB
WHOLE = ("[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml")
MOST_WHOLE = 2**22  # bytes of one of them

Row = list[Any]  # the values of a row from column A to its last that is filled


def workbook(file: BinaryIO, name: str, kind: File) -> Iterator[Table]:
    """Yield the chosen columns of the one visible sheet that is filled, or of the one asked for.

    Values are read by the rules of text; of a formula that is its last result. Messages name row i
    of the sheet as line i. Raises InputError.
    """
    with sound(name, "a workbook"):
        _refuse_bomb(file, name)
        sheets = _opened(file, data_only=True)
        filled = [t for t, s in sheets.items() if s.sheet_state == "visible" and any(_rows(s))]
        title = one_of(list(sheets) if kind.table else filled, kind, name, "sheet")
        where = f"{name} (sheet {title})"
        sheet = _Sheet(file, title, where)
        others = [f"sheet {other}" for other in sheets if other != title]
        passed_over = sheet.above
        for table in read_rows(sheet.rows(), where, kind):
            left_out = [*table.decided["left_out"], *others]
            decided = {**table.decided, "left_out": left_out, "table": f"sheet {title}"}
            yield replace(table, decided=decided, passed_over=table.passed_over + passed_over)
            passed_over = 0


class _Sheet:
    """The table on a sheet: rows of one width, blank ones above it or between them.

    It begins in the first column that is filled in the first rows and is as wide as its first row.
    A single text above wider rows, such as a title, is passed over: ``above`` counts these.
    """

    def __init__(self, file: BinaryIO, title: str, name: str) -> None:
        self.file, self.title, self.name = file, title, name
        head = list(islice(self._values(), HEAD))
        filled = [[c for c, value in enumerate(row) if value is not None] for row in head]
        self.left = min((cells[0] for cells in filled if cells), default=0)
        several = any(len(cells) > 1 for cells in filled)
        begin = (
            i
            for i, cells in enumerate(filled)
            if cells and not (several and len(cells) == 1 and isinstance(head[i][cells[0]], str))
        )
        self.first = next(begin, len(head))
        self.width = len(head[self.first]) - self.left if self.first < len(head) else 0
        self.above = sum(1 for cells in filled[: self.first] if cells)

    def rows(self) -> Iterator[Row]:
        """Yield the rows, [] for a blank one; raises InputError for cells beside the table."""
        formulas = self._formulas()
        for i, row in enumerate(self._values()):
            if not row or i < self.first:
                yield []
                continue
            if any(value is not None for value in row[: self.left]):
                raise InputError(f"{self.name}: line {i + 1}: a value left of the table; move it")
            cells = row[self.left :] + [None] * (self.left + self.width - len(row))
            if None in cells:
                self._refuse_uncalculated(i, row, formulas)
            if i % File.part == 0:
                refuse_huge(i, len(cells), self.name)
            yield cells

    def _values(self) -> Iterator[Row]:
        return _rows(_opened(self.file, data_only=True)[self.title])

    def _formulas(self) -> Iterator[tuple[int, Any]]:
        """Yield the cells of each row, formulas in place of their results."""
        sheet = _opened(self.file, data_only=False)[self.title]
        sheet.reset_dimensions()
        yield from enumerate(_cells(sheet.iter_rows()))

    def _refuse_uncalculated(self, i: int, row: Row, formulas: Iterator[tuple[int, Any]]) -> None:
        cells = next((formula_cells for number, formula_cells in formulas if number == i), ())
        for value, cell in zip(chain(row, [None] * len(cells)), cells, strict=False):
            if value is None and cell.data_type == "f":
                raise InputError(
                    f"{self.name}: line {i + 1}: the formula in {cell.coordinate} has no result;"
                    " open the file in a spreadsheet and save it"
                )


def _opened(file: BinaryIO, *, data_only: bool) -> dict[str, Any]:
    """Return the sheets of a workbook."""
    import openpyxl

    file.seek(0)
    with warnings.catch_warnings(action="ignore"):  # of what is no cell, such as styles
        book = openpyxl.load_workbook(file, read_only=True, data_only=data_only, keep_links=False)
    return {sheet.title: sheet for sheet in book.worksheets}


def _rows(sheet: Any) -> Iterator[Row]:
    sheet.reset_dimensions()  # what the file claims of them need not hold
    for i, row in enumerate(_cells(sheet.iter_rows(values_only=True))):
        if i >= MOST_ROWS:
            raise InputError(f"sheet {sheet.title} has more than {MOST_ROWS:,} rows; save it again")
        last = next((c for c in range(len(row), 0, -1) if row[c - 1] is not None), 0)
        yield list(row[:last])


def _cells(rows: Iterator[Any]) -> Iterator[Any]:
    """Yield rows without warnings of what else is on the sheet."""
    while True:
        with warnings.catch_warnings(action="ignore"):
            row = next(rows, None)
        if row is None:
            return
        yield row


def _refuse_bomb(file: BinaryIO, name: str) -> None:
    size = file.seek(0, 2)
    with zipfile.ZipFile(file) as archive:
        grown = sum(member.file_size for member in archive.infolist())
        sizes = {member.filename: member.file_size for member in archive.infolist()}
    for part in WHOLE:
        if sizes.get(part, 0) > MOST_WHOLE:
            raise InputError(
                f"{name}: its part {part} has {sizes[part]:,} bytes, at most {MOST_WHOLE:,} are"
                " read; save the sheet as .csv"
            )
    refuse_growth(name, size, size, grown)
    refuse_huge(grown // 8, 1, name)

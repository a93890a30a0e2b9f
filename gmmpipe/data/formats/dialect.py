"""How a text file is written: what parts its cells, which lines are comments."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from gmmpipe.data.cells import SPREADSHEET_ERRORS, is_missing, is_number
from gmmpipe.data.file import File
from gmmpipe.data.formats.lines import Line
from gmmpipe.errors import InputError

DELIMITERS = {
    "tab": "\t", "semicolon": ";", "comma": ",", "pipe": "|", "blank": " ", "none": "\x1f",
}  # fmt: skip
NONE = DELIMITERS["none"]
WORDS = {mark: word for word, mark in DELIMITERS.items()}
QUOTED = re.compile(r'"[^"]*"')
SEP = re.compile(r'"?sep=([\t;,|])"?')  # Excel's first line
LOOKED_AT = 50  # rows from which the delimiter is found


@dataclass(frozen=True)
class Dialect:
    """What parts cells; the mark of comments; whether all lines with it are; cells of a row."""

    delimiter: str
    comment: str | None
    always: bool
    width: int

    def is_row(self, line: str) -> bool:
        """Return whether a line holds cells; one of tabs alone is a row of missing values."""
        if not line.strip(" " if self.delimiter == "\t" else None):
            return False
        if self.comment is None or not line.lstrip().startswith(self.comment):
            return True
        if self.always:
            return False
        bare = line.lstrip().removeprefix(self.comment)
        if self.delimiter == " " and (not bare or bare[0].isspace()):  # the mark stands alone
            return False
        return len(self.cells(line)) == self.width

    def cells(self, line: str) -> list[str]:
        """Return the cells of one line, none where its quotes are not closed."""
        try:
            return next(parse([self.bare(line)], self.delimiter), [])
        except csv.Error:
            return []

    def bare(self, line: str) -> str:
        """Return a line as it is to be parsed: of one parted by blanks its comment is cut off.

        A comment begins with the mark alone, or where the line has more cells than a row.
        """
        if self.delimiter != " ":
            return line
        line = line.strip().replace("\t", " ")
        if self.comment is None or self.comment not in line:
            return line
        covered = QUOTED.sub(lambda quoted: "-" * len(quoted[0]), line)
        for mark in re.finditer(rf"\s{re.escape(self.comment)}(?=(\s|$)?)", covered):
            alone = self.always or mark[1] is not None
            if alone or sum(1 for _ in re.finditer(r"\S+", covered)) != self.width:
                return line[: mark.start()].rstrip()
        return line


def separator(line: str) -> str | None:
    """Return the delimiter that a first line `sep=;` names, as Excel writes it."""
    match = SEP.fullmatch(line.strip(" "))
    return match[1] if match else None


def dialect_of(lines: Sequence[Line], kind: File, name: str, named: str | None) -> Dialect:
    """Return how the first lines of a text are written.

    named: the delimiter that the file names itself. The first line without the mark of comments
    says how many cells a row has.
    """
    always = kind.comment not in (None, "auto")
    mark = "#" if kind.comment == "auto" else kind.comment
    plain = [line for _, line in lines if not (mark and line.lstrip().startswith(mark))]
    if kind.delimiter != "auto":
        delimiter = DELIMITERS[kind.delimiter]
    elif named is not None:
        delimiter = named
    elif name.lower().removesuffix(".gz").endswith(".tsv") and any("\t" in x for x in plain):
        delimiter = "\t"
    else:
        is_csv = name.lower().removesuffix(".gz").endswith(".csv")
        one = is_csv and _is_one_column(plain[:LOOKED_AT])
        delimiter = NONE if one else _delimiter(plain[:LOOKED_AT], mark)
    width = _width(plain, Dialect(delimiter, mark, always, 0))
    return Dialect(delimiter, mark, always, width)


def _width(lines: Sequence[str], dialect: Dialect) -> int:
    """Return how many cells the first row has.

    Where all lines parted by blanks end in a word with the mark of comments, it is a cell.
    """
    rows = (line for line in lines if dialect.is_row(line))
    first = next(rows, "")
    mark = dialect.comment
    if dialect.delimiter == " " and mark and not dialect.always and mark in first:
        some = [first, *islice(rows, LOOKED_AT)]
        whole = {len(QUOTED.sub("-", line).split()) for line in some}
        if all(mark in line for line in some) and len(whole) == 1:
            return whole.pop()
    return len(dialect.cells(first))


def _is_one_column(lines: Sequence[str]) -> bool:
    """Return whether a name stands above numbers with decimal commas, or with parted thousands.

    Not where what is left of the commas counts the rows.
    """
    first, *rest = [line.strip() for line in lines if line.strip()] or [""]
    if "," in first or is_number(first) or not all(map(is_number, rest)):
        return False
    left = [line.partition(",")[0] for line in rest]
    return left not in ([str(i + start) for i in range(len(left))] for start in (0, 1))


def _delimiter(lines: Sequence[str], mark: str | None) -> str:
    """Return what parts most lines into equally many cells, as many as can be of them numbers.

    One that parts the first line, which may be names, as the others goes before one that does not.
    """
    best, most = NONE, (False, 0.0, 0.0)
    for delimiter in "\t;,| ":
        rows = [Dialect(delimiter, mark, False, 0).cells(line) for line in lines]
        counts = Counter(map(len, rows))
        width, same = max(counts.items(), key=lambda each: each[::-1], default=(0, 0))
        if width < 2:
            continue
        cells = [cell for row in rows if len(row) == width for cell in row if not is_missing(cell)]
        share = same / len(rows)
        numeric = round(share * sum(map(is_number, cells)) / max(len(cells), 1), 9)
        score = (len(rows[0]) == width, numeric, share)
        if score > most and (delimiter != " " or numeric):
            best, most = delimiter, score
    return best


def parse(lines: Sequence[str], delimiter: str) -> Iterator[list[str]]:
    """Yield the cells of lines, quotes taken off; csv.Error for quotes that are not closed."""
    if delimiter == " " and not any('"' in line for line in lines):
        return (line.split() for line in lines)
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter != "\t", strict=True)


def cells_of(lines: Sequence[Line], dialect: Dialect, name: str) -> list[list[str]]:
    """Return the cells of each row; raises InputError for quotes left open on their line."""
    texts = [dialect.bare(line) for _, line in lines]
    try:
        rows = list(parse(texts, dialect.delimiter))
    except csv.Error:
        rows = []
    if len(rows) == len(lines):
        return rows
    for (i, _), text in zip(lines, texts, strict=True):
        try:
            list(parse([text], dialect.delimiter))
        except csv.Error as error:
            reason = str(error)
            if "unexpected end" in reason:
                reason = "a quote is opened and not closed on the line"
            raise InputError(f"{name}: line {i}: {reason}; mend the line") from None
    raise InputError(f"{name}: lines {lines[0][0]} to {lines[-1][0]} cannot be parted into cells")


def is_error_row(line: str, dialect: Dialect) -> bool:
    """Return whether a line above the first row begins with an error of a spreadsheet: a row."""
    cells = dialect.cells(line)
    return len(cells) == dialect.width and cells[0].strip().lower() in SPREADSHEET_ERRORS

"""Whether the first row of a text holds names, and which; which column is an index."""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from gmmpipe.data.cells import PLAIN, is_missing, is_number, is_value
from gmmpipe.data.file import File
from gmmpipe.data.formats.dialect import Dialect

WHOLE = re.compile(r"-?[0-9]+")
RISING = 6  # columns from which rising numbers are an axis whatever their steps
YEARS = range(1500, 2201)

Rows = Sequence[Sequence[str]]


def header_of(rows: Rows, kind: File) -> str:
    """Return why the first of some rows is a header: "" where it is a row of values.

    "set" where the user said so, "names" where it is text; "numbers", "axis", "text above numbers",
    "empty first cell" are guesses.
    """
    if kind.header is not None:
        return "set" if kind.header else ""
    first, below = [cell.strip() for cell in rows[0]], rows[1:]
    words = [c for c, cell in enumerate(first) if not is_value(cell)]
    values = [c for c, cell in enumerate(first) if is_number(cell)]
    if not values:
        unsure = any(is_value(cell) for cell in first if cell)
        return "names" if words and (not unsure or _is_new(first, words, below)) else ""
    if not first[0] and _names_an_index(first, below):
        return "empty first cell"
    if len(set(first)) == len(first) and any(_is_number_column(below, c) for c in words):
        whole = all(WHOLE.fullmatch(first[c]) for c in values)
        return "text above numbers" if whole or _rises([first[c] for c in values]) else ""
    if len(values) == len(first):
        return _guess(first, below)
    axis = [first[c] for c in values]
    beside = [[row[c] for c in values if c < len(row)] for row in below]
    return "axis" if words and _is_axis(axis, beside) else ""


def _names_an_index(first: Sequence[str], below: Rows) -> bool:
    """Return whether an empty first cell is that of an index, numbers being the other names."""
    others = [row[1:] for row in below]
    numbers = _counts(first[1:]) or _is_axis(first[1:], others)
    return numbers and is_index([row[0] for row in below if row])


def _guess(first: Sequence[str], below: Rows) -> str:
    """Return why a first row of numbers is a header, "" if nothing says so."""
    if _counts(first) and (len(first) > 2 or _no_whole(below)):
        return "numbers"
    return "axis" if _is_axis(first, below) else ""


def _is_new(first: Sequence[str], words: Sequence[int], below: Rows) -> bool:
    """Return whether some text of the first row does not occur again in its column."""
    return any(first[c] not in {row[c].strip() for row in below if c < len(row)} for c in words)


def _is_number_column(rows: Rows, c: int) -> bool:
    cells = [row[c] for row in rows if c < len(row) and not is_missing(row[c])]
    return bool(cells) and all(map(is_number, cells))


def _counts(cells: Sequence[str]) -> bool:
    """Return whether cells are 0, 1, 2, ..., as pandas names columns without names."""
    return list(cells) == [str(c) for c in range(len(cells))]


def _no_whole(rows: Rows) -> bool:
    """Return whether there are values and none is written as a whole number."""
    cells = [cell.strip() for row in rows for cell in row if not is_missing(cell)]
    return bool(cells) and not any(map(WHOLE.fullmatch, cells))


def _is_axis(cells: Sequence[str], below: Rows) -> bool:
    """Return whether cells are a rising axis, such as years or wavelengths, and no row below is."""
    for rule in (_is_even, _is_long):
        if rule(cells):
            return not any(rule([cell.strip() for cell in row]) for row in below)
    return False


def _rises(cells: Sequence[str]) -> bool:
    if len(cells) < 2 or not all(map(PLAIN.fullmatch, cells)):
        return False
    return all(a < b for a, b in pairwise(map(float, cells)))


def _is_even(cells: Sequence[str]) -> bool:
    """Return whether cells rise by equal steps, three at least, or are two years in a row."""
    if not _rises(cells):
        return False
    steps = np.diff([float(cell) for cell in cells])
    if len(cells) == 2:
        return bool(steps[0] == 1 and all(float(cell) in YEARS for cell in cells))
    return bool(np.allclose(steps, steps[0], rtol=1e-6, atol=0))


def _is_long(cells: Sequence[str]) -> bool:
    return len(cells) >= RISING and _rises(cells)


def names_in_comment(line: str, dialect: Dialect) -> tuple[str, ...]:
    """Return the names in a comment above the first row, none where they are not as many."""
    mark = dialect.comment or ""
    bare = line.strip()
    while mark and bare.startswith(mark):
        bare = bare.removeprefix(mark).strip()
    names = tuple(cell.strip() for cell in dialect.cells(bare))
    fits = len(names) == dialect.width and not any(map(is_value, names))
    return names if fits and len(set(names)) == len(names) else ()


def lacks_a_name(rows: Rows) -> bool:
    """Return whether names are above all columns but the first, an index, as R writes them."""
    first, below = rows[0], rows[1:]
    if not below or any(len(row) != len(first) + 1 for row in below) or any(map(is_value, first)):
        return False
    cells = [row[0].strip() for row in below]
    counts = all(map(WHOLE.fullmatch, cells)) and _counts(
        [str(int(c) - int(cells[0])) for c in cells]
    )
    return is_index(cells) and (counts or not any(map(is_value, cells)))


def is_index(cells: Sequence[str]) -> bool:
    """Return whether the cells of a column without a name are all distinct.

    They are whole numbers, text, or numbers that rise by equal steps. cells: of the first rows.
    """
    bare = [cell.strip() for cell in cells]
    kinds = {bool(WHOLE.fullmatch(cell)) for cell in bare}
    one_kind = kinds == {True} or not any(map(is_number, bare)) or _is_even(bare)
    return len(set(bare)) == len(bare) > 0 and one_kind

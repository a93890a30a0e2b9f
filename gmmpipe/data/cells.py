"""Text cells to numbers, exactly: correctly rounded, nothing half understood."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from gmmpipe.data.file import File
from gmmpipe.errors import InputError, UnreadableData, Way
from gmmpipe.mixture.floats import EXACT
from gmmpipe.mixture.mixture import Array

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", ".", "#n/a", "#na"})
SPREADSHEET_ERRORS = frozenset(
    {"#div/0!", "#value!", "#ref!", "#num!", "#name?", "#null!", "#n/a", "#na"}
)
NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
INTEGER = re.compile(r"[+-]?[0-9]+")
DROP, MAR = ("missing", "drop"), "fit.missing=mar"
SIGNIFICANT = 10  # numbers with a point before three digits, from which it may part thousands

Ways = tuple[Way, ...]
Fail = Callable[[int, str, str, Ways], InputError]


def _grouped(mark: str, other: str) -> re.Pattern[str]:
    """Return what matches a number with that decimal mark, its thousands perhaps parted."""
    part = rf"[{re.escape(other)}'\u2019 \u00a0\u2009\u202f]"
    whole = rf"[0-9]+|[1-9][0-9]{{0,2}}(?P<part>{part})[0-9]{{3}}(?:(?P=part)[0-9]{{3}})*"
    mark = re.escape(mark)
    return re.compile(rf"[+-]?(?:(?:{whole})(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+-]?[0-9]+)?")


MARKS = {"point": ".", "comma": ","}
PATTERNS = {"point": _grouped(".", ","), "comma": _grouped(",", ".")}
PARTED = re.compile(r"[^0-9.,eE+-]")


def is_missing(cell: str, texts: frozenset[str] = MISSING) -> bool:
    """Return whether a cell, of a feature or a label, stands for no value."""
    return cell.strip().lower() in texts


def texts_of_missing(kind: File) -> frozenset[str]:
    """Return what stands for a missing value in a file, in lower case."""
    return MISSING if kind.na is None else frozenset(["", *(str(v).lower() for v in kind.na)])


def numbers_of_missing(kind: File) -> list[float]:
    """Return the numbers that stand for a missing value in a file."""
    return [float(v) for v in kind.na or () if PLAIN.fullmatch(str(v))]


def is_number(cell: str) -> bool:
    """Return whether a cell is a number with decimal point or comma, thousands parted or not."""
    cell = cell.strip()
    plain = PLAIN.fullmatch(cell) is not None
    return plain or any(pattern.fullmatch(cell) for pattern in PATTERNS.values())


def is_value(cell: str) -> bool:
    """Return whether a cell stands for a value of a feature: a number, NaN, infinity, missing."""
    if is_number(cell):
        return True
    cell = cell.strip().lower()
    return cell in MISSING or cell in SPREADSHEET_ERRORS or bool(NOT_FINITE.fullmatch(cell))


@dataclass(frozen=True)
class NumberForm:
    """How numbers are written: their decimal mark, and whether thousands are parted."""

    decimal: str = "point"
    thousands: bool = False
    given: bool = False

    def plain(self, cell: str) -> str | None:
        """Return a cell as Python writes the number, None where it is none in this form."""
        mark = MARKS[self.decimal]
        if not (self.thousands or self.given):
            cell = cell if mark == "." else cell.replace(",", ".") if "." not in cell else "-"
            return cell if PLAIN.fullmatch(cell) else None
        if not PATTERNS[self.decimal].fullmatch(cell):
            return None
        other = "," if mark == "." else "."
        return PARTED.sub("", cell.replace(other, "")).replace(mark, ".")


Place = tuple[str, str, str]  # where a cell stands, its column, its text


def form_of(columns: Iterable[tuple[str, Sequence[tuple[str, str]]]], name: str) -> NumberForm:
    """Return how the numbers of some columns are written, each (column, [(place, cell), ...]).

    A number such as 12,5 or 3.1 has one reading; 1,113 has two, which another number must decide.
    Raises InputError where numbers of both kinds occur, or nothing decides.
    """
    sure: dict[str, Place] = {}
    unsure: list[tuple[Place, bool]] = []
    thousands = False
    for column, cells in columns:
        either: list[Place] = []
        hundreds = False
        for place, text in cells:
            cell = text.strip()
            if cell.isdigit():
                hundreds = hundreds or (len(cell) == 3 and cell[0] != "0")
                continue
            readings = [mark for mark, pattern in PATTERNS.items() if pattern.fullmatch(cell)]
            if not ("," in cell or "." in cell) or not readings:
                hundreds = hundreds or re.fullmatch("[+-]?[1-9][0-9]{2}", cell) is not None
                thousands = thousands or (bool(readings) and bool(PARTED.search(cell)))
            elif len(readings) == 2:
                either.append((place, column, cell))
            else:
                sure.setdefault(readings[0], (place, column, cell))
                thousands = thousands or not (PLAIN.fullmatch(cell.replace(",", ".")))
        if either:
            unsure.append((either[0], hundreds and _are_thousands(either)))
    if len(sure) == 2:
        raise _mixed(name, sure["comma"], sure["point"])
    if sure:
        decimal = next(iter(sure))
        other = MARKS["comma" if decimal == "point" else "point"]
        return NumberForm(decimal, thousands or any(other in where[2] for where, _ in unsure))
    return _undecided(unsure, thousands, name)


def _are_thousands(either: Sequence[Place]) -> bool:
    """Return whether numbers, beside some of three digits, are thousands parted by a comma.

    By a point they may be, where there are many and none has fewer or more than three decimals.
    """
    return "," in either[0][2] or len(either) >= SIGNIFICANT


def _undecided(unsure: Sequence[tuple[Place, bool]], thousands: bool, name: str) -> NumberForm:
    """Return the form where no number has one reading alone."""
    commas = [(where, parted) for where, parted in unsure if "," in where[2]]
    points = [where for where, parted in unsure if "." in where[2] and parted]
    if commas and any(parted for _, parted in commas):
        return NumberForm("point", thousands=True)
    if commas or points:
        place, column, cell = commas[0][0] if commas else points[0]
        both = [cell.replace(",", "").replace(".", ""), cell.replace(",", ".")]
        raise UnreadableData(
            f"{name}: {place}, column {column!r}: {cell!r} is {both[0]} or {both[1]}, and no number"
            " of the file says which",
            "",
            *(("decimal", mark) for mark in MARKS),
        )
    return NumberForm("point", thousands)


def _mixed(name: str, comma: Place, point: Place) -> InputError:
    return UnreadableData(
        f"{name}: {comma[0]}, column {comma[1]!r}: {comma[2]!r} has a decimal comma where"
        f" {point[0]}, column {point[1]!r}, has {point[2]!r}",
        "mend the numbers",
        *(("decimal", mark) for mark in MARKS),
    )


def numbers(cells: Sequence[str], form: NumberForm, kind: File, fail: Fail) -> Array:
    """Return the cells as float64, NaN where missing.

    A missing value is an error unless kind drops or keeps it, an infinite one unless it drops it.
    fail(i, value, reason, ways) makes the error about cell i.
    """
    text = "".join(cells)
    if text.isascii() and "_" not in text:  # float() takes 1_000 and digits of other scripts
        swapped = form.decimal == "comma" and "." not in text
        plain: Iterable[str] = (cell.replace(",", ".") for cell in cells) if swapped else cells
        try:
            if form.decimal == "comma" and not swapped:
                raise ValueError
            values = np.fromiter(map(float, plain), np.float64, len(cells))
        except ValueError:
            pass
        else:
            if np.max(np.abs(values), initial=0.0) < EXACT:  # false for NaN as well
                return values
    texts = texts_of_missing(kind)
    parsed = [_number(i, cell, form, (kind.missing, texts), fail) for i, cell in enumerate(cells)]
    return np.array(parsed, np.float64)


def _number(
    i: int, cell: str, form: NumberForm, lost: tuple[str, frozenset[str]], fail: Fail
) -> float:
    missing, texts = lost
    cell, refuse = cell.strip(), missing != "drop"
    if (plain := form.plain(cell)) is not None:
        value = float(plain)
        if INTEGER.fullmatch(plain) and abs(value) >= EXACT and Decimal(plain).copy_abs() > EXACT:
            raise fail(i, cell, "is an integer beyond 2^53, which doubles round; leave it out", ())
        if np.isfinite(value) or not refuse:
            return value
        raise fail(i, cell, "is beyond the range of doubles", (DROP,))
    if is_missing(cell, texts) or (missing == "keep" and cell.lower().endswith("nan")):
        if missing not in ("drop", "keep"):
            raise fail(i, cell, "is a missing value", (DROP, MAR))
        return float("nan")
    if cell.lower() in SPREADSHEET_ERRORS:
        if refuse:
            raise fail(i, cell, "is an error of a spreadsheet", (DROP,))
        return float("nan")
    if NOT_FINITE.fullmatch(cell):
        if refuse:
            raise fail(
                i, cell, "is not finite", (DROP, MAR) if cell.lower()[-1] == "n" else (DROP,)
            )
        return float(cell)
    if is_number(cell):
        reason = f"is no number where decimals are {form.decimal}s"
        raise fail(i, cell, reason, tuple(("decimal", mark) for mark in MARKS))
    raise fail(i, cell, "is not a number", ())

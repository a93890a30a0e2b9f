"""A table in a file of the user's as a data set: every setting, and the option that gives it.

Nothing heavy is imported: the command line is made of this.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, NamedTuple


@dataclass(frozen=True)
class Length:
    """Bounds on characters or entries: those of annotated_types, which is long to import."""

    least: int = 1
    most: int | None = None
    __is_annotated_types_grouped_metadata__: ClassVar[Literal[True]] = True

    def __iter__(self) -> Iterator[object]:
        """Yield the bounds to whoever checks them."""
        from annotated_types import MaxLen, MinLen

        yield MinLen(self.least)
        if self.most is not None:
            yield MaxLen(self.most)


class Option(NamedTuple):
    """How a setting of a file is given on the command line, as --NAME VALUE: its help."""

    value: str
    purpose: str


@dataclass(frozen=True)
class File:
    """Your own table: text, .npy, .parquet, .json, .xlsx, ... (docs/reading.md), each also .gz."""

    features_needed: ClassVar[bool] = True
    part: ClassVar[int] = 65_536  # rows that are read at a time ...
    block: ClassVar[int] = 2**22  # ... and bytes of a text
    longest_line: ClassVar[int] = 2**26  # characters
    path: Annotated[str, Length()]
    """File to read, relative to the project."""
    label: Annotated[
        str | int | None, Option("COLUMN", "column of known groups, where a row may have none")
    ] = None
    """Column of the known groups, by name or 1-based number (-1 = last); not a feature. Rows
    without a label are fitted all the same, and left out of the agreement."""
    id: Annotated[
        str | int | None, Option("COLUMN", "column that names the rows in `labels`; never fitted")
    ] = None
    """Column that names the rows, kept in the table `labels`; not a feature."""
    columns: Annotated[
        tuple[str | int, ...] | None,
        Length(),
        Option("A,B or 2..5", "columns to use, by name or number; else all columns of numbers"),
    ] = None
    """Features, by name, 1-based number or range of numbers (2..5); null = all columns of numbers
    but label, id, weight and what is recognised as an index."""
    exclude: Annotated[
        tuple[str | int, ...] | None, Length(), Option("A,B or 2..5", "columns not to use")
    ] = None
    """Columns that are no features, given as ``columns`` are."""
    weight: Annotated[str | int | None, Option("COLUMN", "column of row weights")] = None
    """Column of sample weights, by name or 1-based number (-1 = last); a row of weight 2 counts as
    that row twice, one of weight 0 not at all."""
    table: Annotated[
        str | None, Length(), Option("NAME", "which one, where a file holds several")
    ] = None
    """Which table of a file that holds several (sheet, variable, object), by name; null = the only
    one."""
    names: Annotated[tuple[str, ...], Length()] | None = None
    """Names of all columns, for a file without a header; null = x1, x2, ..."""
    delimiter: Annotated[
        Literal["auto", "comma", "semicolon", "tab", "pipe", "blank", "none"],
        Option("WORD", "comma, semicolon, tab, pipe, blank or none"),
    ] = "auto"
    """What parts the cells of a text file; none = one column, auto = found from the first lines."""
    decimal: Annotated[Literal["auto", "point", "comma"], Option("WORD", "point or comma")] = "auto"
    """Decimal mark of a text file, the other one parting thousands; auto = found out."""
    header: Annotated[bool | None, Option("yes|no", "whether the first row holds names")] = None
    """Whether the first row holds names; null = found out."""
    encoding: Annotated[
        str | None, Length(most=40), Option("NAME", "of a text, such as latin-1")
    ] = None
    """Encoding of a text file; null = UTF-8, or UTF-16 where a byte order mark says so."""
    comment: Annotated[
        str | None,
        Length(most=8),
        Option("MARK", "lines that begin with it are passed over; or none"),
    ] = "auto"
    """Lines that begin with this are passed over; auto = with #, unless such a line has the cells
    of a row; null = none."""
    missing: Annotated[
        Literal["auto", "refuse", "drop", "keep"],
        Option("WORD", "rows with missing values: refuse, drop or keep"),
    ] = "auto"
    """Rows with a missing value: refuse the file, drop and count them, or keep them, to be fitted
    with fit.missing=mar; auto = keep for that, else refuse. Infinity is refused or dropped."""
    na: Annotated[
        tuple[str | int | float, ...] | None,
        Length(),
        Option("A,B", "texts and numbers that stand for a missing value"),
    ] = None
    """Texts, in any case, and numbers that stand for a missing value beside the empty cell, in
    features and labels; null = NA, N/A, NaN, NULL, None, ?, ., #N/A and #NA."""

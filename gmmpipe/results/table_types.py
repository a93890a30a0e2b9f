"""Whether a table in a file, which may be that of others, is as its declaration says."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gmmpipe.errors import InputError
from gmmpipe.results.columns import OUTER, Column, Type
from gmmpipe.results.tables import Table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

REMEDY = "run the experiment again, or take the version anew from where it came"
NAMES: dict[Type, str] = {
    "text": "text",
    "whole": "whole numbers",
    "number": "numbers",
    "yes or no": "yes or no",
    "numbers": "lists of numbers",
    "records": "lists of records",
}
WHOLE: tuple[Type, ...] = ("whole", "yes or no", "numbers")  # a row has a value of these


def refuse_other(
    table: Table, found: "pa.Schema", rows: int, path: Path, outer: Sequence[str]
) -> None:
    """Raise InputError where a column is missing, twice there, or of another type.

    found, rows: the schema and number of rows of the table in the file ``path``; without rows
    types mean nothing. outer: the outer axes of the sweep.
    """
    for column in table.columns:
        for name in outer if column is OUTER else [column.name]:
            places = found.get_all_field_indices(name)
            if not places and column.optional:
                continue
            if len(places) != 1:
                count = f"{len(places)} columns" if places else "no column"
                raise InputError(f"{path}: has {count} {name!r}; {REMEDY}")
            kind = found.field(places[0]).type
            if rows and not _is_of(column, kind):
                wanted = "text or numbers" if column is OUTER else NAMES[column.type]
                raise InputError(f"{path}: column {name!r} holds {kind}, not {wanted}; {REMEDY}")


def refuse_gaps(table: Table, frame: "pd.DataFrame", path: Path) -> None:
    """Raise InputError where a row lacks a number that each has."""
    for column in table.columns:
        needed = column.type in WHOLE and not column.optional and column.name in frame
        if needed and frame[column.name].isna().any():
            raise InputError(f"{path}: column {column.name!r} lacks values; {REMEDY}")


def _is_of(column: Column, found: "pa.DataType") -> bool:
    from pyarrow import types

    if types.is_null(found):
        return column.optional or column.type not in WHOLE
    listed = found.value_type if types.is_list(found) or types.is_large_list(found) else None
    text = types.is_string(found) or types.is_large_string(found)
    whole, truth = types.is_integer(found), types.is_boolean(found)
    number = whole or types.is_floating(found)
    answers: dict[Type, bool] = {
        "text": text or (column is OUTER and (number or truth)),
        "whole": whole or (column.optional and number),  # with gaps they are floats
        "number": number,
        "yes or no": truth,
        "numbers": listed is not None and types.is_floating(listed),
        "records": listed is not None and types.is_struct(listed),
    }
    return answers[column.type]

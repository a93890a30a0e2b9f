"""Tables written as JSON: .json and, an object or a list a line, .jsonl."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, BinaryIO

from gmmpipe.data.file import File
from gmmpipe.data.formats.lines import blocks_of_lines, encoding_of, text_of
from gmmpipe.data.formats.rows import read_rows
from gmmpipe.data.formats.typed import refuse_huge
from gmmpipe.data.table import Table
from gmmpipe.errors import InputError

SHAPES = (
    "a list of objects or of lists, an object of columns, or one with data (and columns) as pandas"
    " writes it"
)

Rows = tuple[tuple[str, ...] | None, list[list[Any]]]


def json_table(file: BinaryIO, name: str, kind: File) -> Iterator[Table]:
    """Yield the chosen columns of a .json file: rows or columns, as pandas writes them.

    Raises InputError: messages name line i for record i.
    """
    columns, rows = _rows(_parsed(text_of(file, name, kind), name), name)
    yield from read_rows(rows, f"{name} (a record a line)", kind, columns)


def json_lines(file: BinaryIO, name: str, kind: File) -> Iterator[Table]:
    """Yield the chosen columns of a .jsonl file; it is read twice, first for the names.

    Raises InputError with line, column and value.
    """
    encoding = encoding_of(file.read(4), kind.encoding, name)
    columns: dict[str, None] = {}
    shapes = set()
    count = 0
    for value in _values(file, name, kind, encoding):
        if value is not None:
            count += 1
            shapes.add(type(value))
            columns.update(dict.fromkeys(value) if isinstance(value, dict) else {})
    refuse_huge(count, len(columns), name)
    if shapes == {list}:
        yield from read_rows((v or [] for v in _values(file, name, kind, encoding)), name, kind)
        return
    if shapes != {dict}:
        raise InputError(f"{name}: give an object, or a list, in each line")
    values = _values(file, name, kind, encoding)
    rows = ([] if v is None else [v.get(c) for c in columns] for v in values)
    yield from read_rows(rows, name, kind, tuple(columns))


def _values(file: BinaryIO, name: str, kind: File, encoding: str) -> Iterator[Any]:
    """Yield the value of each line, None where it is blank."""
    file.seek(0)
    for number, line in chain.from_iterable(blocks_of_lines(file, name, kind, encoding)):
        yield _parsed(line, f"{name}: line {number}") if line.strip() else None


def _parsed(text: str, name: str) -> Any:
    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise InputError(f"{name}: an object has {twice!r} twice; leave one out")
        return result

    try:
        return json.loads(text, object_pairs_hook=members)
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        line = " ".join(str(error).split())[:120]
        raise InputError(f"{name}: not JSON ({line}); mend the file") from None


def _rows(value: Any, name: str) -> Rows:
    """Return the names of the columns, if any, and the rows of a value that is a table."""
    index: list[str] = []
    if isinstance(value, dict) and isinstance(value.get("data"), list):
        columns, schema = value.get("columns"), value.get("schema")
        if isinstance(columns, list):
            return _listed(value["data"], name, tuple(map(str, columns)))
        if isinstance(schema, dict) and isinstance(schema.get("primaryKey"), list):
            index = schema["primaryKey"]
        value = value["data"]
    if isinstance(value, list) and value:
        if all(isinstance(row, dict) for row in value):
            keys = tuple(dict.fromkeys(key for row in value for key in row if key not in index))
            refuse_huge(len(value), len(keys), name)
            return keys, [[row.get(key) for key in keys] for row in value]
        return _listed(value, name, None)
    if isinstance(value, dict) and value:
        return _columns(value, name)
    raise InputError(f"{name}: not a table; give {SHAPES}")


def _listed(value: Sequence[Any], name: str, columns: tuple[str, ...] | None) -> Rows:
    if not all(isinstance(row, list) for row in value):
        raise InputError(f"{name}: not a table; give {SHAPES}")
    return columns, list(value)


def _columns(value: dict[str, Any], name: str) -> Rows:
    """Return the rows of columns that are lists of one length, or objects by row as of pandas."""
    columns = list(value.values())
    if all(isinstance(column, dict) for column in columns):
        keys = list(dict.fromkeys(key for column in columns for key in column))
        refuse_huge(len(keys), len(columns), name)
        columns = [[column.get(key) for key in keys] for column in columns]
    lists = all(isinstance(column, list) for column in columns)
    if not lists or len(set(map(len, columns))) > 1:
        raise InputError(f"{name}: not a table; give {SHAPES}")
    return tuple(value), [list(row) for row in zip(*columns, strict=True)]

"""The data reader: bytes of a file in, rows x features out, or one line that says what is wrong.

Nothing is guessed silently: a short row, a stray word, an infinite number, a second column of
the same name are refused with file, line, column and value.
"""

from collections.abc import Callable

from gmmpipe.errors import InputError
from gmmpipe.numerics.datasets import File
from gmmpipe.numerics.given import Given, Grouped
from gmmpipe.numerics.sample import Sample
from gmmpipe.reader.binary import npy, parquet
from gmmpipe.reader.delimited import delimited
from gmmpipe.reader.given import groups, parameters
from gmmpipe.reader.inflate import inflate
from gmmpipe.reader.large import Gathering, described, gather, is_large, is_text
from gmmpipe.reader.table import Table, sample

Parser = Callable[[bytes, str, File], Table]
FORMATS: dict[str, Parser] = {
    ".csv": delimited,
    ".tsv": delimited,
    ".txt": delimited,
    ".data": delimited,
    ".npy": npy,
    ".parquet": parquet,
}

__all__ = [
    "FORMATS", "described", "gather", "given", "is_large", "is_text", "looked_at", "read",
]  # fmt: skip


def read(content: bytes, name: str, kind: File) -> Sample:
    """Return the rows of a data file from its bytes.

    name ends in one of ``FORMATS``, perhaps with .gz after it, and stands in messages. Raises
    InputError: one line with file, line (or row), column and value, and a remedy.
    """
    name, content, parse = _opened(content, name)
    return sample(parse(content, name, kind), kind)


def looked_at(content: bytes, name: str, kind: File) -> Gathering:
    """Return what a plan must know of a file; the rest as ``read``."""
    name, content, parse = _opened(content, name)
    found = Gathering(kind)
    found.add(parse(content, name, kind))
    found.check(name)
    return found


def given(content: bytes, name: str) -> Given | Grouped:
    """Return the start that a file gives: .json is parameters, else a table is groups of rows.

    Raises InputError: one line with file, line (or row) and a remedy.
    """
    if name.lower().endswith(".json"):
        return parameters(content, name)
    return groups(*_opened(content, name))


def _opened(content: bytes, name: str) -> tuple[str, bytes, Parser]:
    """Return the name as shown, the bytes unzipped, and what parses them."""
    stem = name.lower()
    name = name if name.isprintable() else repr(name)
    if stem.endswith(".gz"):
        stem, content = stem[:-3], inflate(content, name)
    for suffix, parse in FORMATS.items():
        if stem.endswith(suffix):
            if not content.strip():
                raise InputError(f"{name}: the file is empty; give rows of numbers")
            return name, content, parse
    raise InputError(
        f"{name}: the kind of file is told by its name; use {', '.join(FORMATS)}, or these with .gz"
    )

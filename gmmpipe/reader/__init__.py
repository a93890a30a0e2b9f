"""The data reader: bytes of a file in, rows x features out, or one line that says what is wrong.

Nothing is guessed silently: a short row, a stray word, an infinite number, a second column of
the same name are refused with file, line, column and value.
"""

from gmmpipe.errors import InputError
from gmmpipe.numerics.datasets import File
from gmmpipe.numerics.sample import Sample
from gmmpipe.reader.binary import npy, parquet
from gmmpipe.reader.delimited import delimited
from gmmpipe.reader.inflate import inflate
from gmmpipe.reader.table import sample

FORMATS = {
    ".csv": delimited,
    ".tsv": delimited,
    ".txt": delimited,
    ".data": delimited,
    ".npy": npy,
    ".parquet": parquet,
}

__all__ = ["FORMATS", "read"]


def read(content: bytes, name: str, kind: File) -> Sample:
    """Return the rows of a data file from its bytes.

    name ends in one of ``FORMATS``, perhaps with .gz after it, and stands in messages. Raises
    InputError: one line with file, line (or row), column and value, and a remedy.
    """
    stem = name.lower()
    name = name if name.isprintable() else repr(name)
    if stem.endswith(".gz"):
        stem, content = stem[:-3], inflate(content, name)
    for suffix, parse in FORMATS.items():
        if stem.endswith(suffix):
            if not content.strip():
                raise InputError(f"{name}: the file is empty; give rows of numbers")
            return sample(parse(content, name, kind), kind)
    raise InputError(
        f"{name}: the kind of file is told by its name; use {', '.join(FORMATS)}, or these with .gz"
    )

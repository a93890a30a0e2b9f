"""The data reader: a file in, rows x features out, or one line that says what is wrong.

What is guessed, left out or passed over is said (``summary``); a short row, a stray word, an
infinite number, a second column of the same name are refused with file, line, column and value.
docs/reading.md has the rules.
"""

from contextlib import closing
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from gmmpipe.data.dataset import Sample
from gmmpipe.data.file_summary import counting, summary
from gmmpipe.data.formats.registry import FORMATS
from gmmpipe.data.gather import Gathering
from gmmpipe.data.kinds import File
from gmmpipe.data.source import ProgressCallback, described, is_large, is_text, tables
from gmmpipe.data.start_file import given

__all__ = [
    "FORMATS", "counting", "described", "gather", "given", "is_large", "is_text", "look", "read",
    "summary", "tables",
]  # fmt: skip


def read(source: Path | bytes, name: str, kind: File) -> Sample:
    """Return the rows of a data file, held in memory; else as ``gather``."""
    return _gathered(Gathering(kind, BytesIO), source, name, progress=None).sample()


def look(path: Path, name: str, kind: File) -> str:
    """Return in one line how a file is read; of a large one the first rows alone are looked at.

    Raises InputError as ``gather``.
    """
    if not is_large(path):
        return summary(path.name, gather(path, name, kind).reading)
    found = Gathering(kind)
    with closing(tables(path, name, kind)) as parts:
        found.add(next(parts))
    return f"{summary(path.name, found.reading)} (of its first {found.n:,} rows)"


def gather(
    source: Path | bytes,
    name: str,
    kind: File,
    folder: Path | None = None,
    progress: ProgressCallback | None = None,
) -> Gathering:
    """Go through a data file once; its rows are kept in the folder, if there is one.

    source, name: as of ``tables``. In the folder the rows have no name, so that they are gone with
    the process or with the ``sample``. Raises InputError: one line with file, line (or row), column
    and value, and a remedy.
    """

    def keep() -> BinaryIO:
        return TemporaryFile(dir=folder)

    return _gathered(Gathering(kind, keep if folder else None), source, name, progress)


def _gathered(
    found: Gathering, source: Path | bytes, name: str, progress: ProgressCallback | None
) -> Gathering:
    try:
        for table in tables(source, name, found.kind, progress):
            found.add(table)
        found.check(name if name.isprintable() else repr(name))
    except BaseException:
        found.close()
        raise
    return found

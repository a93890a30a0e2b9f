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
from gmmpipe.data.file import File
from gmmpipe.data.file_summary import summary
from gmmpipe.data.gather import RowCollector
from gmmpipe.data.source import ProgressCallback, is_large, tables


def read(source: Path | bytes, name: str, kind: File) -> Sample:
    """Return the rows of a data file, in memory; otherwise as ``collect``."""
    return _collected(RowCollector(kind, BytesIO), source, name, progress=None).sample()


def preview(path: Path, name: str, kind: File) -> str:
    """Return in one line how a file is read; of a large one only the first rows are examined.

    Raises InputError as ``collect``.
    """
    if not is_large(path):
        return summary(path.name, collect(path, name, kind).reading)
    collector = RowCollector(kind)
    with closing(tables(path, name, kind)) as parts:
        collector.add(next(parts))
    return f"{summary(path.name, collector.reading)} (of its first {collector.n:,} rows)"


def collect(
    source: Path | bytes,
    name: str,
    kind: File,
    folder: Path | None = None,
    progress: ProgressCallback | None = None,
) -> RowCollector:
    """Go through a data file once; its rows are kept in the folder, if there is one.

    source, name: as of ``tables``. In the folder the rows have no name, so that they are gone with
    the process or with the ``sample``. Raises InputError: one line with file, line (or row), column
    and value, and a remedy.
    """

    def keep() -> BinaryIO:
        return TemporaryFile(dir=folder)

    return _collected(RowCollector(kind, keep if folder else None), source, name, progress)


def _collected(
    collector: RowCollector, source: Path | bytes, name: str, progress: ProgressCallback | None
) -> RowCollector:
    try:
        for table in tables(source, name, collector.kind, progress):
            collector.add(table)
        collector.check(name if name.isprintable() else repr(name))
    except BaseException:
        collector.close()
        raise
    return collector

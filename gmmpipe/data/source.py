"""A data file of any size, opened: in memory, on disk, zipped or a folder; and who parses it."""

import gzip
import zlib
from collections.abc import Callable, Generator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from gmmpipe.data.file import File
from gmmpipe.data.formats import magic
from gmmpipe.data.formats.limits import refuse_growth
from gmmpipe.data.formats.parquet import files, parquet_folder
from gmmpipe.data.formats.registry import Parser, format_of, suffixes
from gmmpipe.data.table import Table
from gmmpipe.errors import InputError
from gmmpipe.store.integrity import describe, sha256
from gmmpipe.store.open_files import open_regular

ProgressCallback = Callable[[int, int], None]  # bytes of the file and rows that are read

LARGE = 2**23  # bytes of a file that is not read into memory


def is_large(path: Path) -> bool:
    """Return whether a file is too large to read into memory; a folder always is."""
    return path.is_dir() or path.stat().st_size >= LARGE


def is_text(path: Path) -> bool:
    """Return whether a file holds text, perhaps zipped, by its name."""
    file_format = format_of(path.name)
    return file_format is not None and file_format.text


def described(path: Path) -> dict[str, Any]:
    """Return size and SHA-256 of a file, or of a folder of Parquet with those of its files."""
    if not path.is_dir():
        return describe(path)
    each = {str(file.relative_to(path)): describe(file) for file in files(path)}
    text = "".join(f"{entry['sha256']}  {name}\n" for name, entry in each.items())
    size = sum(entry["size"] for entry in each.values())
    return {"size": size, "sha256": sha256(text.encode()), "files": each}


def tables(
    source: Path | bytes, name: str, kind: File, progress: ProgressCallback | None = None
) -> Generator[Table]:
    """Yield the chosen columns of a data file, some rows at a time.

    source: its path, or all its bytes; or a folder with .parquet. name ends as one of ``FORMATS``,
    perhaps with .gz after it, and stands in messages. Raises InputError: one line with file, line
    (or row), column and value, and a remedy.
    """
    shown = name if name.isprintable() else repr(name)
    if isinstance(source, Path) and source.is_dir():
        for table in parquet_folder(source, shown, kind):
            yield table
            if progress is not None:
                progress(0, len(table.x))
        return
    with BytesIO(source) if isinstance(source, bytes) else open_regular(source) as raw:
        try:
            file, parse = _opened(raw, name, shown, kind)
            for table in parse(file, shown, kind):
                yield table
                if progress is not None:
                    progress(raw.tell(), len(table.x))
        except EOFError:
            raise InputError(f"{shown}: the gzip file is cut off; copy it again") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise InputError(
                f"{shown}: not valid gzip ({error}); compress the file again"
            ) from None


def _opened(raw: BinaryIO, name: str, shown: str, kind: File) -> tuple[BinaryIO, Parser]:
    """Return a file, unzipped if it is zipped by its name or first bytes, and what parses it."""
    file_format = format_of(name)
    if file_format is None:
        raise InputError(
            f"{shown}: the file name decides the format; use {', '.join(suffixes())},"
            " or these with .gz"
        )
    file_format.refuse_missing(shown)
    if kind.table is not None and not file_format.several:
        raise InputError(f"{shown}: such a file holds one table; leave out --table")
    file, head = raw, _peeked(raw)
    named = name.lower().endswith(".gz")
    if (head.startswith(magic.GZIP) and not file_format.zipped) or (head.strip() and named):
        file = _unzipped(raw, shown, file_format.text)
        head = _peeked(file)
    if not head.strip() and _is_blank(file):
        raise InputError(f"{shown}: the file is empty; give rows of numbers")
    if not (file_format.zipped or head.startswith(file_format.magic)):
        magic.refuse_other(head, shown)
    return file, file_format.parse


def _peeked(file: BinaryIO) -> bytes:
    head = file.read(magic.LENGTH)
    file.seek(0)
    return head


def _is_blank(file: BinaryIO) -> bool:
    blank = not any(part.strip() for part in iter(lambda: file.read(2**20), b""))
    file.seek(0)
    return blank


def _unzipped(raw: BinaryIO, shown: str, streamed: bool) -> BinaryIO:
    """Return what is in a gzip file; arrays whole in memory, hence of small files alone."""
    size = raw.seek(0, 2)
    raw.seek(0)
    bounded: Any = _Bounded(raw, size, shown)
    if streamed:
        return bounded  # type: ignore[no-any-return]  # as good as a file
    if size >= LARGE:
        raise InputError(f"{shown}: of {size:,} bytes, zipped, only text is read; unzip it")
    return BytesIO(b"".join(iter(lambda: bounded.read(2**22), b"")))


class _Bounded(gzip.GzipFile):
    """A gzip file that may not grow beyond all measure."""

    def __init__(self, raw: BinaryIO, size: int, shown: str) -> None:
        super().__init__(fileobj=raw, mode="rb")
        self.raw, self.packed, self.shown = raw, size, shown

    def read(self, size: int | None = -1) -> bytes:
        part = super().read(size)
        refuse_growth(self.shown, self.packed, self.raw.tell(), self.tell())
        return part

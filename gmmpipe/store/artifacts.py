"""Artifacts read and written, whole or not at all: JSON, tables, links, and what others offer."""

import errno
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gmmpipe.errors import InputError
from gmmpipe.store import spreadsheet
from gmmpipe.store.arrays import Rows, read_arrays, write_arrays
from gmmpipe.store.files import read, write, writing
from gmmpipe.store.integrity import describe, digest, sha256
from gmmpipe.store.open_files import created, flush_file, flush_folder, temporary_path
from gmmpipe.store.parquet import (
    StoredTable,
    appending,
    read_batch,
    read_table,
    to_frame,
    write_batches,
    write_table,
)

__all__ = [  # beside the formats below
    "Rows",
    "StoredTable",
    "appending",
    "describe",
    "digest",
    "read",
    "read_arrays",
    "read_batch",
    "read_table",
    "sha256",
    "to_frame",
    "write",
    "write_arrays",
    "write_batches",
    "write_table",
    "writing",
]

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

CSV_ROWS = 4_096
NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)  # of file systems that have none
LINK = "link: "  # begins a file that stands for a symbolic link
LARGEST_JSON = 2**26  # bytes, of which Python makes 20 times as many; 1,000 blocks take 7 MB
LONGEST_LINK = 2**12  # bytes of such a file


def write_json(path: str | Path, value: Any) -> None:
    """Write plain JSON types, readable and in a stable order."""
    write(path, json.dumps(value, indent=1, allow_nan=False) + "\n")


def read_json(path: str | Path, most: int = LARGEST_JSON) -> Any:
    """Return the value in a JSON file; raises InputError if it is not JSON, or too large."""
    return parse_json(read(path, most), str(path))


def parse_json(text: bytes | str, where: str) -> Any:
    """Return the value of a JSON text; raises InputError, naming ``where``, if it is none."""
    try:
        return json.loads(text)
    except RecursionError:
        raise InputError(f"{where}: not JSON that can be read: nested too deeply") from None
    except ValueError as error:
        raise InputError(f"{where}: not JSON ({error})") from None


def write_frame(path: str | Path, frame: "pd.DataFrame") -> None:
    """Write a data frame as .csv (see ``spreadsheet.csv``) or .parquet, after its suffix."""
    import pyarrow as pa

    if Path(path).suffix == ".parquet":
        write_table(path, pa.Table.from_pandas(frame, preserve_index=False))
    else:
        write(path, spreadsheet.csv(frame))


@contextmanager
def appending_csv(path: str | Path, rows: int = CSV_ROWS) -> Iterator[Callable[["pa.Table"], None]]:
    """Let a .csv (see ``spreadsheet.csv``) be written table by table, whole or not at all.

    rows: so many are turned into text at a time.
    """
    import pyarrow as pa

    waiting: list[pa.Table] = []
    with writing(path) as file:

        def append(table: "pa.Table", least: int = rows) -> None:
            waiting.append(table)
            if sum(each.num_rows for each in waiting) >= least:
                frame = pa.concat_tables(waiting).to_pandas()
                file.write(spreadsheet.csv(frame, header=file.tell() == 0).encode())
                waiting[:] = [table.schema.empty_table()]

        yield append
        left = sum(each.num_rows for each in waiting)
        if waiting and (left or file.tell() == 0):
            append(waiting[0].schema.empty_table(), least=0)


def read_frame(path: str | Path) -> "pd.DataFrame":
    """Return the data frame of a .parquet file written by write_frame."""
    return to_frame(read_table(path))


@contextmanager
def scratch(folder: str | Path) -> Iterator[str]:
    """Give a folder inside, removed at the end; ``remove_stale`` removes what a crash leaves."""
    place = temporary_path(Path(folder) / "scratch")
    place.mkdir(parents=True)
    try:
        yield str(place)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def claim(scratch: str, name: str) -> bool:
    """Return whether of all processes with this scratch folder this is the first to ask."""
    try:
        Path(scratch, name).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def link(path: str | Path, target: str) -> None:
    """Point the symbolic link ``path`` at ``target``, a name beside it, in one step.

    Where the file system has no such links a file stands for it: see ``linked``.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_path(path)
    temporary.unlink(missing_ok=True)
    try:
        temporary.symlink_to(target)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        with created(temporary) as file:
            file.write(f"{LINK}{target}\n".encode())
            flush_file(file)
    try:
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def linked(path: str | Path) -> str | None:
    """Return what a symbolic link, or the file that stands for one, points at; None of others."""
    path = Path(path)
    if path.is_symlink():
        return str(path.readlink())
    try:
        if path.stat().st_size > LONGEST_LINK:
            return None
        text = read(path).decode()
    except (OSError, InputError, UnicodeDecodeError):
        return None
    named = text.removeprefix(LINK).removesuffix("\n")
    return named if text == f"{LINK}{named}\n" else None

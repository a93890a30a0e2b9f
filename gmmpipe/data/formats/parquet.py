"""Tables of Apache Parquet: one file, or a folder of them."""

import os
from collections.abc import Container, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from gmmpipe.data.file import File
from gmmpipe.data.formats.arrow import arrow_file
from gmmpipe.data.formats.magic import LENGTH, PARQUET, refuse_other
from gmmpipe.data.formats.typed import Typed, is_text, refuse_huge, sound, typed
from gmmpipe.data.table import Table
from gmmpipe.errors import InputError
from gmmpipe.store import free_memory
from gmmpipe.store.open_files import open_regular


def parquet(file: BinaryIO, name: str, kind: File) -> Iterator[Table]:
    """Yield the chosen columns of a .parquet file, some rows at a time, as ``typed``."""
    yield from _tables(file, name, kind, {})


def parquet_folder(path: Path, name: str, kind: File) -> Iterator[Table]:
    """Yield the chosen columns of all .parquet files of a folder, as ``parquet`` does.

    What the names of folders say of their files, as year=2021, are columns at the end that are
    read only where they are asked for. Raises InputError too where the files differ in columns.
    """
    columns = None
    inside = {each: each.relative_to(path) for each in files(path)}
    keys = list(dict.fromkeys(key for each in inside.values() for key in _partitions(each)))
    for each, below in inside.items():
        where = f"{name}/{below}"
        with open_regular(each) as file:
            head = file.read(LENGTH)
            if not head.startswith(PARQUET):
                refuse_other(head, where)
            for table in _tables(file, where, kind, _partitions(below)):
                if columns not in (None, table.columns):
                    raise InputError(
                        f"{where}: columns {', '.join(table.columns)} where the first file has"
                        f" {', '.join(columns or ())}; give all files the same, or choose columns"
                    )
                columns = table.columns
                used = (*table.columns, kind.label, kind.weight, kind.id)
                table.decided["partitions"] = [key for key in keys if key not in used]
                yield table


def _partitions(path: Path) -> dict[str, str]:
    """Return what the folders of a path say, as year=2021."""
    return dict(part.split("=", 1) for part in path.parts[:-1] if "=" in part)


def files(path: Path) -> list[Path]:
    """Return the files that a folder of Parquet consists of, sub-folders too, by their paths.

    Those whose names begin with . or _ are notes of programs. Raises InputError for none, for
    folders that are links, and for what is no regular file.
    """
    paths: list[Path] = []
    for folder, folders, inside in os.walk(path):
        folders[:] = sorted(name for name in folders if name[0] not in "._")
        for name in folders:
            if Path(folder, name).is_symlink():
                raise InputError(f"{folder}/{name}: is a link to a folder; copy the folder there")
        paths += [Path(folder, n) for n in inside if n.endswith(".parquet") and n[0] not in "._"]
    if not paths:
        raise InputError(
            f"{path}: not a regular file, nor a folder with *.parquet; give one of these"
        )
    for file in paths:
        if not file.is_file():  # a pipe would be waited for
            raise InputError(f"{file}: not a regular file; take it out of the folder")
    return sorted(paths)


def _tables(file: Any, name: str, kind: File, partitions: Mapping[str, str]) -> Iterator[Table]:
    import pyarrow.parquet as pq

    with sound(name, "Parquet"):
        source = pq.ParquetFile(arrow_file(file))
        schema = source.schema_arrow
        if isinstance(file, BytesIO):
            refuse_huge(source.metadata.num_rows, len(schema.names), name)

        def parts(needed: list[str]) -> Iterator[Any]:
            """Yield rows in which a text that the file holds once for many rows is so, too."""
            texts = [column for column in needed if is_text(schema.field(column).type)]
            _refuse_growth(source, texts, name)
            whole = pq.ParquetFile(
                arrow_file(file), metadata=source.metadata, read_dictionary=texts
            )
            yield from whole.iter_batches(kind.part, columns=needed, use_threads=False)

        yield from typed(Typed(schema, parts), name, kind, partitions)


def _refuse_growth(source: Any, texts: Container[str], name: str) -> None:
    """Refuse a row group whose texts unpack to more than memory holds.

    They are gone through first, page by page: see ``gmmpipe.store.parquet`` for why.
    """
    leaves = [i for i in range(len(source.schema)) if source.schema.column(i).path in texts]
    if leaves:
        source.reader.scan_contents(leaves, batch_size=File.part)
    for group in map(source.metadata.row_group, range(source.metadata.num_row_groups)):
        size = sum(group.column(i).total_uncompressed_size for i in leaves)
        free_memory.refuse_beyond(f"{name}: texts of {group.num_rows:,} rows", size // 8)

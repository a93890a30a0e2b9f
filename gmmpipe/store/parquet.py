"""Arrow tables in files: Parquet, written and read in parts where they are long, and scratch."""

import hashlib
import os
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from gmmpipe.errors import InputError
from gmmpipe.store import free_memory
from gmmpipe.store.files import read, writing
from gmmpipe.store.integrity import digest, refuse_damaged
from gmmpipe.store.open_files import open_regular

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

GROUP_ROWS = 16_384  # of a row group at most, ...
PIECE = 2**20  # bytes written at a time
GROUP_BYTES = 2**25  # ... and about its bytes
PARQUET: dict[str, Any] = {"compression": "zstd", "write_page_checksum": True}


def write_table(path: str | Path, table: "pa.Table") -> None:
    """Write an Arrow table as Parquet with a checksum on every page."""
    import pyarrow.parquet as pq

    metadata = _with_digest(table.schema, table.num_rows).metadata
    with writing(path) as file, _gathered(file) as sink:
        pq.write_table(table.replace_schema_metadata(metadata), sink, **PARQUET)


class Appender:
    """The rows of a Parquet file to be: tables go in, full row groups are written."""

    def __init__(self, writer: "pq.ParquetWriter", schema: "pa.Schema", group: int) -> None:
        self.rows = 0
        self._writer, self._schema, self._group = writer, schema, group
        self._held: list[pa.Table] = []

    def append(self, table: "pa.Table") -> None:
        """Add the rows of a table of the schema."""
        self.rows += table.num_rows
        self._held.append(table.cast(self._schema))
        while sum(each.num_rows for each in self._held) >= self._group:
            self._write(self._group)

    def finish(self) -> None:
        """Write the rows that are left."""
        if self._held:
            self._write(self._group)

    def _write(self, rows: int) -> None:
        import pyarrow as pa

        waiting = pa.concat_tables(self._held)
        self._writer.write_table(waiting.slice(0, rows).combine_chunks(), row_group_size=rows)
        self._held = [waiting.slice(rows)] if waiting.num_rows > rows else []


@contextmanager
def appending(
    path: str | Path, schema: "pa.Schema", rows: int, row_bytes: int
) -> Iterator[Appender]:
    """Let a Parquet file of so many rows be written table by table, whole or not at all.

    row_bytes: about what a row takes. The bytes of the file depend on neither where the tables end
    nor how many there are. Raises ValueError for another number of rows.
    """
    import pyarrow.parquet as pq

    described = _with_digest(schema, rows)
    group = max(1, min(GROUP_ROWS, GROUP_BYTES // row_bytes))
    with (
        writing(path) as file,
        _gathered(file) as sink,
        pq.ParquetWriter(sink, described, **PARQUET) as writer,
    ):
        appender = Appender(writer, described, group)
        yield appender
        appender.finish()
        if appender.rows != rows:
            raise ValueError(f"{path}: {appender.rows} rows where there should be {rows}")


@contextmanager
def _gathered(file: BinaryIO) -> Iterator["pa.NativeFile"]:
    """Gather the many small writes of Parquet into few of a file."""
    import pyarrow as pa

    sink = pa.BufferedOutputStream(pa.PythonFile(file, "w"), PIECE)
    try:
        yield sink
        sink.flush()
    except BaseException:
        with suppress(OSError, pa.ArrowException):
            sink.close()  # or Arrow writes what is left to a closed file, and says that it cannot
        raise


def read_table(path: str | Path) -> "pa.Table":
    """Return an Arrow table; raises InputError if the file is damaged or not Parquet."""
    import io

    with _sound(path):
        file = _open(io.BytesIO(read(path)))
        _refuse_growing(path, file)
        return _checked(file.read(use_threads=False))


def to_frame(table: "pa.Table") -> "pd.DataFrame":
    """Return a table as a data frame, whatever notes for pandas came with it."""
    frame: pd.DataFrame = table.replace_schema_metadata(None).to_pandas()
    return frame


class StoredTable:
    """A Parquet artifact that stays where it is: only what is asked for is read.

    Raises InputError if the file is damaged or not Parquet.
    """

    def __init__(self, path: str | Path) -> None:
        import pyarrow as pa

        self.path = path
        with open_regular(path) as file:
            refuse_damaged(path, hashlib.file_digest(file, "sha256").hexdigest())
            same = os.fdopen(os.dup(file.fileno()), "rb")
        weakref.finalize(self, same.close)
        with _sound(path):
            self._file = _open(pa.PythonFile(same, "r"))
            _refuse_growing(path, self._file)
            self.schema = self._file.schema_arrow
            self.n_rows = self._file.metadata.num_rows
            self.columns: list[str] = self.schema.names

    def rows(self, keys: "pd.DataFrame") -> "pd.DataFrame":
        """Return the rows that have in the columns of ``keys`` what one of its rows has.

        They come in the order of the table. No more than a row group is held besides.
        """
        import pyarrow as pa

        names, wanted = list(keys.columns), keys.drop_duplicates()
        tables = [self.schema.empty_table()]
        with _sound(self.path):
            for group in range(self._file.num_row_groups):
                if not _may_hold(self._file.metadata.row_group(group), wanted):
                    continue
                key_columns = self._file.read_row_group(group, columns=names, use_threads=False)
                match = to_frame(key_columns).merge(wanted, on=names, how="left", indicator=True)
                keep = pa.array(match["_merge"] == "both")
                if keep.true_count:
                    whole = self._file.read_row_group(group, use_threads=False)
                    tables.append(whole.filter(keep))
        rows: pd.DataFrame = to_frame(pa.concat_tables(tables))
        return rows

    def parts(self, columns: Sequence[str]) -> Iterator["pd.DataFrame"]:
        """Yield some columns of all rows, a row group at a time."""
        with _sound(self.path):
            for group in range(self._file.num_row_groups):
                read = self._file.read_row_group(group, columns=list(columns), use_threads=False)
                yield to_frame(read)


def _may_hold(group: "pq.RowGroupMetaData", wanted: "pd.DataFrame") -> bool:
    """Say whether the smallest and largest values of a row group leave room for some row."""
    import numpy as np

    may = np.ones(len(wanted), dtype=bool)
    columns = (group.column(i) for i in range(group.num_columns))
    for column in columns:
        name, statistics = column.path_in_schema, column.statistics
        if name in wanted and statistics is not None and statistics.has_min_max:
            may &= (wanted[name] >= statistics.min).to_numpy(bool)
            may &= (wanted[name] <= statistics.max).to_numpy(bool)
    return bool(may.any())


def _open(source: Any) -> "pq.ParquetFile":
    import pyarrow.parquet as pq

    return pq.ParquetFile(source, page_checksum_verification=True)


def _refuse_growing(path: str | Path, file: "pq.ParquetFile") -> None:
    """Raise InputError where a file's rows exceed memory: run-length code claims any number.

    Lists are gone through first, with little memory: what is wrong with their metadata is an error
    there, and ends the process in ``column``, where Arrow does not expect it.
    """
    leaves = [file.schema.column(i) for i in range(len(file.schema))]
    lists = [i for i, leaf in enumerate(leaves) if leaf.max_repetition_level]
    if lists:
        file.reader.scan_contents(lists, batch_size=65_536)
    for group in map(file.metadata.row_group, range(file.num_row_groups)):
        values = len(leaves) * group.num_rows + sum(group.column(i).num_values for i in lists)
        free_memory.refuse_beyond(f"{path}: a group of {file.metadata.num_rows:,} rows", values)


@contextmanager
def _sound(path: str | Path) -> Iterator[None]:
    """Let what Arrow says of a file be said in the user's words."""
    import pyarrow as pa

    try:
        yield
    except (InputError, MemoryError):  # some of Arrow's are both
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(
            f"{path}: damaged or not Parquet ({' '.join(str(error).split())})"
        ) from None


def _checked(table: "pa.Table") -> "pa.Table":
    recorded = (table.schema.metadata or {}).get(b"seal")
    if recorded and recorded != _digest(table.schema, table.num_rows).encode():
        raise ValueError("names or types have changed")
    return table


def _with_digest(schema: "pa.Schema", rows: int) -> "pa.Schema":
    metadata: Mapping[Any, Any] = schema.metadata or {}
    return schema.with_metadata({**metadata, "seal": _digest(schema, rows)})


def _digest(schema: "pa.Schema", rows: int) -> str:
    """Return a digest of what Parquet keeps no checksum of: names, types, metadata, extent."""
    metadata = {k.hex(): v.hex() for k, v in (schema.metadata or {}).items() if k != b"seal"}
    columns = schema.remove_metadata().to_string().replace("item:", "element:")  # as read
    return digest([columns, rows, metadata])


def write_batches(path: str | Path, batches: Sequence["pa.RecordBatch"]) -> None:
    """Write batches of one schema as scratch, without a checksum; gone with the process."""
    import pyarrow as pa

    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def read_batch(path: str | Path, place: int) -> "pa.Table":
    """Return one of the batches that ``write_batches`` wrote."""
    import pyarrow as pa

    with pa.OSFile(str(path)) as file, pa.ipc.open_file(file) as reader:
        return pa.Table.from_batches([reader.get_batch(place)])

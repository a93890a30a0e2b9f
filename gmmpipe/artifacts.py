"""The only module that reads and writes files: whole or not at all, the same bytes each time."""

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gmmpipe import sheet
from gmmpipe.archive import Rows, read_arrays, write_arrays
from gmmpipe.errors import InputError
from gmmpipe.sealed import describe, digest, flush, read, sha256, temporary_of, write

__all__ = ["Rows", "describe", "digest", "read", "read_arrays", "sha256", "write", "write_arrays"]

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def write_json(path: str | Path, value: Any) -> None:
    """Write plain JSON types, readable and in a stable order."""
    write(path, json.dumps(value, indent=1, allow_nan=False) + "\n")


def read_json(path: str | Path) -> Any:
    """Return the value in a JSON file; raises InputError if it is not JSON."""
    return parse_json(read(path), str(path))


def parse_json(text: bytes | str, where: str) -> Any:
    """Return the value of a JSON text; raises InputError, naming ``where``, if it is none."""
    try:
        return json.loads(text)
    except RecursionError:
        raise InputError(f"{where}: not JSON that can be read: nested too deeply") from None
    except ValueError as error:
        raise InputError(f"{where}: not JSON ({error})") from None


def write_table(path: str | Path, table: "pa.Table") -> None:
    """Write an Arrow table as Parquet with a checksum on every page."""
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), "seal": _seal(table)})
    pq.write_table(table, buffer, compression="zstd", write_page_checksum=True)
    write(path, buffer.getvalue())


def read_table(path: str | Path) -> "pa.Table":
    """Return an Arrow table; raises InputError if the file is damaged or not Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = io.BytesIO(read(path))
    try:
        table = pq.read_table(content, page_checksum_verification=True, use_threads=False)
        seal = (table.schema.metadata or {}).get(b"seal")
        if seal and seal != _seal(table).encode():
            raise ValueError("names or types have changed")
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(
            f"{path}: damaged or not Parquet ({' '.join(str(error).split())})"
        ) from None
    return table


def _seal(table: "pa.Table") -> str:
    """Return a digest of what Parquet keeps no checksum of: names, types, metadata, extent."""
    metadata = {k.hex(): v.hex() for k, v in (table.schema.metadata or {}).items() if k != b"seal"}
    columns = table.schema.remove_metadata().to_string().replace("item:", "element:")  # as read
    return digest([columns, table.num_rows, metadata])


def write_frame(path: str | Path, frame: "pd.DataFrame") -> None:
    """Write a data frame as .csv (see ``sheet.csv``) or .parquet, after its suffix."""
    import pyarrow as pa

    if Path(path).suffix == ".parquet":
        write_table(path, pa.Table.from_pandas(frame, preserve_index=False))
    else:
        write(path, sheet.csv(frame))


def read_frame(path: str | Path) -> "pd.DataFrame":
    """Return the data frame of a .parquet file written by write_frame."""
    frame: pd.DataFrame = read_table(path).to_pandas()
    return frame


def link(path: str | Path, target: str) -> None:
    """Point the symbolic link ``path`` at ``target``, relative to its folder, in one step."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_of(path)
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    try:
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    flush(path.parent)

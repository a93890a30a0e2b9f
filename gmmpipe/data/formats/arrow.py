"""Tables of Arrow in files: .feather and .arrow, .orc."""

from collections.abc import Iterator
from io import BytesIO
from struct import unpack_from
from typing import Any, BinaryIO

import numpy as np

from gmmpipe.data.file import File
from gmmpipe.data.formats.typed import Typed, from_table, refuse_huge, sound, typed
from gmmpipe.data.table import Table

FILE = b"ARROW1\0\0"  # before what else is the same as a stream


def arrow_file(file: Any) -> Any:
    """Return an open file, from its beginning, as Arrow's libraries take it.

    It is not opened again by its name, which may be another file's, or a pipe's, by now.
    """
    import pyarrow as pa

    if isinstance(file, BytesIO):
        return pa.BufferReader(file.getvalue())
    file.seek(0)
    return pa.PythonFile(file, "r")


def feather(file: BinaryIO, name: str, kind: File) -> Iterator[Table]:
    """Yield the chosen columns of a file or a stream of Arrow (Feather 2), as ``typed``."""
    import pyarrow as pa
    from pyarrow.dataset import IpcFileFormat

    with sound(name, "Arrow"):
        _refuse_bomb(file, name)
        source = arrow_file(file)
        if source.read(6) == b"ARROW1":
            count = IpcFileFormat().make_fragment(arrow_file(file)).count_rows()
            with pa.ipc.open_file(arrow_file(file)) as whole:
                at_once = 1 if isinstance(file, BytesIO) else max(whole.num_record_batches, 1)
                refuse_huge(-(-count // at_once), len(whole.schema.names), name)
                batches = (whole.get_batch(i) for i in range(whole.num_record_batches))
                yield from typed(_selected(whole.schema, batches), name, kind)
        else:
            source.seek(0)
            with pa.ipc.open_stream(source) as stream:
                yield from typed(_selected(stream.schema, _counted(stream, file, name)), name, kind)


def _refuse_bomb(file: BinaryIO, name: str) -> None:
    """Refuse a batch that unpacks to more than memory holds: Arrow unpacks it whole."""
    import pyarrow as pa

    source = arrow_file(file)
    if source.read(len(FILE)) != FILE:
        source.seek(0)
    for message in pa.ipc.MessageReader.open_stream(source):
        refuse_huge(_unpacked(message) // 8, 1, name)


def _unpacked(message: Any) -> int:
    """Return how many bytes a message claims to hold packed; each buffer begins with its size.

    https://arrow.apache.org/docs/format/Columnar.html#recordbatch-message
    """
    meta = message.metadata.to_pybytes()

    def field(table: int, i: int) -> int:  # where it is, as FlatBuffers have it; 0 for none
        vtable = table - unpack_from("<i", meta, table)[0]
        slot = 4 + 2 * i
        offset = unpack_from("<H", meta, vtable + slot)[0] if slot < meta[vtable] else 0
        return table + offset if offset else 0

    def led_to(place: int) -> int:
        return place + int(unpack_from("<I", meta, place)[0])

    if message.type not in ("record batch", "dictionary"):
        return 0
    batch = led_to(field(led_to(0), 2))
    batch = led_to(field(batch, 1)) if message.type == "dictionary" else batch
    if not field(batch, 3):
        return 0
    buffers = led_to(field(batch, 2))
    places = unpack_from(f"<{2 * unpack_from('<I', meta, buffers)[0]}q", meta, buffers + 4)
    sizes = zip(places[::2], places[1::2], strict=True)
    return sum(max(unpack_from("<q", message.body, begin)[0], 0) for begin, size in sizes if size)


def _counted(batches: Any, file: BinaryIO, name: str) -> Iterator[Any]:
    """Yield the batches of a stream, which does not say how many rows are to come.

    Those of a large file need not be in memory together.
    """
    count = 0
    for batch in batches:
        count = batch.num_rows + (count if isinstance(file, BytesIO) else 0)
        refuse_huge(count, batch.num_columns, name)
        yield batch


def orc(file: BinaryIO, name: str, kind: File) -> Iterator[Table]:
    """Yield the chosen columns of an .orc file, as ``typed``."""
    from pyarrow import orc

    with sound(name, "ORC"):
        source = orc.ORCFile(arrow_file(file))
        at_once = 1 if isinstance(file, BytesIO) else max(source.nstripes, 1)
        refuse_huge(-(-source.nrows // at_once), len(source.schema.names), name)

        def parts(needed: list[str]) -> Iterator[Any]:
            for i in range(source.nstripes):
                yield source.read_stripe(i, columns=needed)

        yield from typed(Typed(source.schema, parts), name, kind)


def frame(data: Any, **further: Any) -> Typed:
    """Return a pandas data frame as a table; what it holds as objects is text, if not numbers.

    further: as of ``Typed``.
    """
    import pandas as pd
    import pyarrow as pa

    data = data.rename(columns=str).infer_objects()
    for column in [name for name, dtype in data.dtypes.items() if dtype == np.dtype(object)]:
        lost = pd.isna(data[column])
        data[column] = data[column].map(str).astype("str").mask(lost)
    return from_table(pa.Table.from_pandas(data), **further)


def _selected(schema: Any, batches: Any) -> Typed:
    return Typed(schema, lambda needed: (batch.select(needed) for batch in batches))

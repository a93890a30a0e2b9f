"""Files in memory for the tests of the reader."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gmmpipe.data.file import File
from gmmpipe.data.read import read

BIG = 2**53 + 1


def load(content, name="t.csv", kind=File, **options):
    content = content.encode() if isinstance(content, str) else content
    return read(content, name, kind(name, **options))


def in_blocks(size):
    """Return the kind of a file that is read by so many bytes."""
    return type("Blocks", (File,), {"block": size})


def npy(array, **options):
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def parquet(columns):
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()

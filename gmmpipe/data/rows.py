"""Stores that are read row by row: .npy files and Parquet, for data that stay where they are."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmpipe.errors import InputError
from gmmpipe.mixture.mixture import Array
from gmmpipe.store.arrays import read_arrays

if TYPE_CHECKING:
    import pyarrow.parquet as pq


class Mapped:
    """A store with all of its rows in one mapped ``array``."""

    array: Any

    @property
    def shape(self) -> tuple[int, int]:
        """Return (N, D)."""
        n, d = self.array.shape
        return n, d

    def rows(self, first: int, last: int) -> Array:
        """Return some rows, mapped.

        Parameters
        ----------
        first : int
            The first row, from 0.
        last : int
            The row after the last.

        Returns
        -------
        (last - first, D) array
            A view of the file.

        """
        result: Array = self.array[first:last]
        return result


@dataclass(frozen=True)
class Npy(Mapped):
    """The rows of a .npy file, mapped and not read.

    Parameters
    ----------
    path : str
        File of a float64 array (N, D) in C order.

    Notes
    -----
    A file that is not sound, or not such an array, is refused by InputError when its rows are first
    asked for.

    Examples
    --------
    >>> import numpy as np
    >>> from gmmpipe.data.rows import Npy
    >>> np.save("rows.npy", np.arange(6.0).reshape(3, 2))
    >>> source = Npy("rows.npy")
    >>> source.shape, source.rows(1, 3).tolist()
    ((3, 2), [[2.0, 3.0], [4.0, 5.0]])

    """

    path: str

    @cached_property
    def array(self) -> Array:
        """Return the array, memory-mapped.

        Raises InputError for a file that is not sound, or not float64 in C order.
        """
        try:
            array: Array = np.load(self.path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise InputError(f"{self.path}: not a valid .npy file ({_line(error)})") from None
        if array.dtype != np.float64 or array.ndim != 2 or not array.flags.c_contiguous:
            raise InputError(
                f"{self.path}: {array.dtype} of shape {array.shape}; save rows x features of"
                " float64 in C order"
            )
        return array

    def __reduce__(self) -> tuple[type, tuple[str]]:
        """Send the path, never the rows."""
        return Npy, (self.path,)


@dataclass(frozen=True)
class Parquet:
    """The rows of Parquet, read as row groups.

    Parameters
    ----------
    path : str
        A file, or a folder, of which all ``*.parquet`` are read in the order of their names.
    columns : tuple of str, default ()
        Columns of numbers to read; by default all.

    Notes
    -----
    What is not sound Parquet, or has no such columns of numbers, is refused by InputError when its
    rows are first asked for.

    Examples
    --------
    >>> import pandas as pd
    >>> from gmmpipe.data.rows import Parquet
    >>> pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]}).to_parquet("rows.parquet")
    >>> Parquet("rows.parquet", columns=("b",)).rows(1, 3).tolist()
    [[5.0], [6.0]]

    """

    path: str
    columns: tuple[str, ...] = ()

    @cached_property
    def files(self) -> list["pq.ParquetFile"]:
        """Return the files, open; raises InputError where there is none or one is not sound."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = Path(self.path)
        paths = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
        if not paths:
            raise InputError(f"{self.path}: no *.parquet in the folder")
        try:
            return [pq.ParquetFile(each, memory_map=True) for each in paths]
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{self.path}: not sound Parquet ({_line(error)})") from None

    @cached_property
    def names(self) -> list[str]:
        """Return the columns that are read."""
        stored = self.files[0].schema_arrow.names
        for name in self.columns:
            if name not in stored:
                raise InputError(f"{self.path}: no column {name!r}; it has {', '.join(stored)}")
        return list(self.columns or stored)

    @cached_property
    def ends(self) -> list[int]:
        """Return the number of rows up to the end of each file."""
        return list(accumulate(file.metadata.num_rows for file in self.files))

    @property
    def shape(self) -> tuple[int, int]:
        """Return (N, D)."""
        return self.ends[-1], len(self.names)

    def rows(self, first: int, last: int) -> Array:
        """Return some rows; of each file only the row groups that hold some are read.

        Parameters
        ----------
        first : int
            The first row, from 0.
        last : int
            The row after the last.

        Returns
        -------
        (last - first, D) array
            float64 in C order.

        """
        result = np.empty((last - first, len(self.names)))
        for file, end in zip(self.files, self.ends, strict=True):
            begin = end - file.metadata.num_rows
            for group in range(file.num_row_groups):
                stop = begin + file.metadata.row_group(group).num_rows
                if begin < last and stop > first:
                    low, high = max(first, begin), min(last, stop)
                    part = self._group(file, group)[low - begin : high - begin]
                    result[low - first : high - first] = part
                begin = stop
        return result

    def _group(self, file: "pq.ParquetFile", group: int) -> Array:
        import pyarrow as pa

        try:
            table = file.read_row_group(group, columns=self.names, use_threads=False)
            columns = [table.column(name).cast(pa.float64()).to_numpy() for name in self.names]
        except (pa.ArrowException, OSError, KeyError) as error:
            raise InputError(f"{self.path}: cannot be read as numbers ({_line(error)})") from None
        return np.stack(columns, axis=1)

    def __reduce__(self) -> tuple[type, tuple[str, tuple[str, ...]]]:
        """Send the path, never the rows."""
        return Parquet, (self.path, self.columns)


@dataclass(frozen=True)
class Stored(Mapped):
    """The array x of an artifact of the store, float64 (N, D), mapped where it is large."""

    path: str

    @property
    def array(self) -> Array:
        """Return the array; in each process the file is compared with its SHA-256 once."""
        return _stored(self.path)


@lru_cache(maxsize=2)  # a worker has many parts of one file
def _stored(path: str) -> Array:
    return read_arrays(path, "x")["x"]


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]

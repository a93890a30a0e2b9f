"""Files too large to be held: read in parts, each checked as a small file is, and kept on disk."""

import codecs
import gzip
import mmap
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from gmmpipe.errors import InputError
from gmmpipe.numerics.datasets import File
from gmmpipe.numerics.mixture import Array
from gmmpipe.numerics.sample import Sample
from gmmpipe.numerics.slices import cuts
from gmmpipe.reader.binary import npy_parts, parquet_parts
from gmmpipe.reader.delimited import delimited_parts
from gmmpipe.reader.table import PART, Part, Table, encode, kept, refuse_useless
from gmmpipe.sealed import describe, sha256

LARGE = 2**23  # bytes of a file from which it is read in parts
TEXT = (".csv", ".tsv", ".txt", ".data")
_BLOCK = 2**22  # bytes of text at a time
_LONGEST = 2**26  # bytes of a line

Told = Callable[[int, int], None]  # bytes of the file and rows that are read


def is_large(path: Path) -> bool:
    """Return whether a file is read in parts; a folder always is."""
    return path.is_dir() or path.stat().st_size >= LARGE


def is_text(path: Path) -> bool:
    """Return whether a file holds text, perhaps zipped, by its name."""
    return path.name.lower().removesuffix(".gz").endswith(TEXT)


def tables(path: Path, name: str, kind: File, told: Told | None = None) -> Iterator[Table]:
    """Yield a large file, or all *.parquet of a folder by name, in tables of some rows.

    name stands in messages. Raises InputError as ``reader.read`` does, and for arrays that are
    zipped, which cannot be read in parts.
    """
    with _unzipped(path, name) as (file, place):
        for table in _tables(path, file, name, kind):
            yield table
            if told is not None:
                told(place(), len(table.x))


def _tables(path: Path, file: BinaryIO | None, name: str, kind: File) -> Iterator[Table]:
    if file is None:
        yield from _folder(path, name, kind)
    elif is_text(path):
        yield from delimited_parts(_blocks(file, name, kind.encoding), name, kind)
    elif path.name.lower().endswith(".npy"):
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        yield from npy_parts(mapped, name, kind, PART)
    elif path.name.lower().endswith(".parquet"):
        yield from parquet_parts(path, name, kind, PART)
    else:
        raise InputError(
            f"{name}: of {path.stat().st_size:,} bytes only .npy, .parquet and text are read, text"
            " zipped too; unzip it, or give it one of these names"
        )


def _folder(path: Path, name: str, kind: File) -> Iterator[Table]:
    columns = None
    for each in files(path):
        where = f"{name}/{each.name}"
        for table in parquet_parts(each, where, kind, PART):
            if columns not in (None, table.columns):
                raise InputError(
                    f"{where}: columns {', '.join(table.columns)} where the first file has"
                    f" {', '.join(columns or ())}; give all files the same, or choose columns"
                )
            columns = table.columns
            yield table


def files(path: Path) -> list[Path]:
    """Return the files that a folder of Parquet consists of, by name; InputError for none."""
    found = sorted(each for each in path.glob("*.parquet") if each.is_file())
    if not found:
        raise InputError(
            f"{path}: not a regular file, nor a folder with *.parquet; give one of these"
        )
    return found


def described(path: Path) -> dict[str, Any]:
    """Return size and SHA-256 of a file, or of a folder of Parquet with those of its ``files``."""
    if not path.is_dir():
        return describe(path)
    each = {file.name: describe(file) for file in files(path)}
    text = "".join(f"{told['sha256']}  {name}\n" for name, told in each.items())
    size = sum(told["size"] for told in each.values())
    return {"size": size, "sha256": sha256(text.encode()), "files": each}


@contextmanager
def _unzipped(path: Path, name: str) -> Iterator[tuple[BinaryIO | None, Callable[[], int]]]:
    """Yield the file, unzipped if it is text, and what says how many of its bytes are read."""
    if path.is_dir():
        yield None, lambda: 0
        return
    with path.open("rb") as raw:
        if not (is_text(path) and path.name.lower().endswith(".gz")):
            yield raw, raw.tell
            return
        try:
            with gzip.GzipFile(fileobj=raw) as file:
                yield file, raw.tell  # type: ignore[misc]  # as good as one
        except EOFError:
            raise InputError(f"{name}: the gzip file is cut off; copy it again") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise InputError(f"{name}: not sound gzip ({error}); make the file anew") from None


def _blocks(text: BinaryIO, name: str, encoding: str | None) -> Iterator[bytes]:
    """Yield a text in blocks of whole lines; raises InputError where bytes tell no lines."""
    rest = text.read(2)
    marked = rest in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) and encoding is None
    if marked or (encoding or "").lower().startswith(("utf-16", "utf_16", "utf-32", "utf_32")):
        raise InputError(f"{name}: UTF-16 or 32; save a file of that size as UTF-8")
    while block := text.read(_BLOCK):
        whole, cut, left = (rest + block).rpartition(b"\n")
        if cut:
            yield whole + cut
        rest = left
        if len(rest) > _LONGEST:
            raise InputError(f"{name}: a line of more than {_LONGEST:,} bytes; is it a table?")
    if rest:
        yield rest


@dataclass
class Gathering:
    """What is known of a file's rows so far; the rows themselves where there is a ``folder``.

    ``size`` says of the file what a plan must know: n, d, dropped; missing, how many values are,
    and in how many patterns; where rows have weights, their total and how many are positive.
    """

    kind: File
    folder: Path | None = None
    n: int = 0
    dropped: int = 0
    missing: int = 0
    positive: int = 0
    total: float | None = None
    columns: tuple[str, ...] = ()
    patterns: set[bytes] = field(default_factory=set)
    codes: dict[str, int] | None = None
    kept: dict[str, BinaryIO] = field(default_factory=dict)
    first: Array | None = None
    equal: bool = True

    def add(self, table: Table) -> None:
        """Take in some rows; raises InputError for what is wrong with them."""
        part = kept(table, self.kind)
        self.columns = table.columns
        self.dropped += part.dropped
        if not len(part.x):
            return
        self.n += len(part.x)
        lost = np.isnan(part.x)
        self.missing += int(lost.sum())
        kinds = np.unique(lost, axis=0) if lost.any() else lost[:1]  # which sorts the rows
        self.patterns |= {row.tobytes() for row in kinds}
        self.first = part.x[0].copy() if self.first is None else self.first
        self.equal = self.equal and np.array_equal(
            part.x, np.broadcast_to(self.first, part.x.shape), equal_nan=True
        )
        self._keep("x", part.x)
        self._further(part)

    def _further(self, part: Part) -> None:
        if part.weight is not None:
            self.total = (self.total or 0.0) + float(part.weight.sum())
            self.positive += int(np.count_nonzero(part.weight))
            self._keep("weight", part.weight)
        if part.labels is not None:
            codes = self.codes = {} if self.codes is None else self.codes
            numbers = [codes.setdefault(label, len(codes)) for label in part.labels]
            self._keep("labels", np.array(numbers, np.int64))

    def _keep(self, name: str, rows: npt.NDArray[np.generic]) -> None:
        if self.folder is not None:
            if name not in self.kept:
                self.kept[name] = TemporaryFile(dir=self.folder)  # noqa: SIM115 - as long as this
            self.kept[name].write(rows.data.cast("B"))

    def check(self, name: str) -> None:
        """Raise InputError where the rows, now all there, are of no use."""
        refuse_useless(name, self.n, self.dropped, self.equal, self.total)

    @property
    def size(self) -> dict[str, Any]:
        """Return what a plan must know."""
        size: dict[str, Any] = {"n": self.n, "d": len(self.columns), "dropped": self.dropped}
        size["missing"] = self.missing
        if self.missing:
            size["patterns"] = len(self.patterns)
        if self.total is not None:
            size |= {"total": self.total, "positive": self.positive}
        return size

    def sample(self) -> Sample:
        """Return all rows, mapped: the files are gone with the last array."""
        x = self._mapped("x", np.float64, (self.n, len(self.columns)))
        weight = None if self.total is None else self._mapped("weight", np.float64, (self.n,))
        if self.codes is None:
            return Sample(x, self.columns, dropped=self.dropped, weight=weight)
        order, classes = encode(list(self.codes))
        labels = self._mapped("labels", np.int64, (self.n,))
        for cut in cuts(self.n):
            labels[cut] = order[labels[cut]]
        return Sample(x, self.columns, labels, classes, dropped=self.dropped, weight=weight)

    def _mapped(self, name: str, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> Any:
        with self.kept[name] as file:  # the memory outlives it
            file.flush()
            return np.asarray(np.memmap(file, dtype, "r+", shape=shape))

    def close(self) -> None:
        """Let go of rows that are of no use."""
        for file in self.kept.values():
            file.close()


def gather(
    path: Path, name: str, kind: File, folder: Path | None = None, told: Told | None = None
) -> Gathering:
    """Go through a large file once; its rows are kept in the folder, if there is one.

    There they have no name, so that they are gone with the process or with the ``sample``.

    Raises InputError as ``reader.read`` does.
    """
    found = Gathering(kind, folder)
    try:
        for table in tables(path, name, kind, told):
            found.add(table)
        found.check(name)
    except BaseException:
        found.close()
        raise
    return found

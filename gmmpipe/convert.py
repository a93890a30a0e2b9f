"""A text file as a .npy file that can be mapped: read once, block by block, never whole."""

import csv
import gzip
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from io import BufferedIOBase
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib.format import header_data_from_array_1_0, write_array_header_1_0

from gmmpipe.errors import InputError
from gmmpipe.numerics.datasets import File
from gmmpipe.reader.delimited import delimited
from gmmpipe.reader.dialect import decode, has_header, rows_of_text

_BLOCK = 2**24  # bytes of text at a time
_HEAD = 2**16  # bytes that tell delimiter and header
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "blank"}


def convert(source: str, target: str, columns: tuple[str | int, ...] | None = None) -> int:
    """Write the chosen columns of a text file, perhaps .gz, to a .npy file; return the rows.

    float64 in C order, so that ``em.fit`` reads it where it is. Every value is checked as the
    reader checks them; a progress line goes to stderr. The target is there whole or not at all.
    Raises InputError, with the line counted from the one that is named, for what is no number.
    """
    if Path(target).suffix != ".npy":
        raise InputError(f"{target}: give a name that ends in .npy")
    path = Path(target).with_name(f".{Path(target).name}.{os.getpid()}.tmp")
    try:
        with _opened(source) as text, path.open("wb") as out:
            n = _write(text, out, File(source, columns=columns, missing="refuse"))
            out.flush()
            os.fsync(out.fileno())
        path.replace(target)
    except (OSError, EOFError) as error:
        raise InputError(f"{source}: cannot be converted to {target} ({error})") from None
    finally:
        path.unlink(missing_ok=True)
    return n


def _opened(source: str) -> BufferedIOBase:
    return gzip.open(source) if source.lower().endswith(".gz") else Path(source).open("rb")


def _write(text: BufferedIOBase, out: IO[bytes], kind: File) -> int:
    """Write header and rows; the header last, as only then the number of rows is known."""
    begin, line, n, width = time.monotonic(), 1, 0, 0
    head, lead = b"", 0
    for block in _blocks(text):
        if kind.header is None:
            kind, head = _understood(block[:_HEAD], kind)
            block = block[len(head) :]  # noqa: PLW2901 - the header goes before every block
            lead = head.count(b"\n")
            line += lead
        if not block.strip():
            continue
        where = f"{kind.path}, lines from {line - lead} on"
        x = delimited(head + block, where, kind).x
        if not n:
            width = x.shape[1]
            _header(out, 0, width)
        out.write(x.tobytes())
        n, line = n + len(x), line + block.count(b"\n")
        print(f"\r{n:,} rows in {time.monotonic() - begin:.0f} s", end="", file=sys.stderr)
    if not n:
        raise InputError(f"{kind.path}: the file holds no row; give rows of numbers")
    print(file=sys.stderr)
    out.seek(0)
    _header(out, n, width)
    return n


def _header(out: IO[bytes], n: int, width: int) -> None:
    """Write the header of n rows; numpy leaves room for n to grow, so it is as long for any n."""
    shaped = header_data_from_array_1_0(np.empty((0, width)))
    write_array_header_1_0(out, {**shaped, "shape": (n, width)})


def _blocks(text: BufferedIOBase) -> Iterator[bytes]:
    """Yield the file in blocks of whole lines."""
    rest = b""
    while block := text.read(_BLOCK):
        whole, cut, rest_of_block = block.rpartition(b"\n")
        if cut:
            yield rest + whole + cut
            rest = rest_of_block
        else:
            rest += block
    if rest:
        yield rest


def _understood(start: bytes, kind: File) -> tuple[File, bytes]:
    """Return the kind with delimiter and header found out, and the lines up to the header."""
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError(f"{kind.path}: UTF-16; convert takes UTF-8 text")
    start = start[: start.rfind(b"\n") + 1] or start
    lines, delimiter = rows_of_text(decode(start, kind.path, kind.encoding), kind, kind.path)
    if not lines:
        return kind, b""
    number, first = lines[0]
    cells = first.split() if delimiter == " " else next(csv.reader([first], delimiter=delimiter))
    header = has_header(cells, kind)
    known = replace(kind, delimiter=_DELIMITERS[delimiter], header=header)  # type: ignore[arg-type]  # one of its words
    return known, b"".join(start.splitlines(keepends=True)[:number]) if header else b""

"""The bytes of a text file to numbered lines, some at a time."""

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO

from gmmpipe.data.file import File
from gmmpipe.errors import InputError, UnreadableData
from gmmpipe.store import free_memory

MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, bytes(2) + codecs.BOM_UTF16_BE)

Line = tuple[int, str]  # its number in the file, counted from 1, and its text


def encoding_of(head: bytes, wanted: str | None, name: str) -> str:
    """Return the encoding: as wanted, else UTF-16 where the file begins with its mark, else UTF-8.

    Raises InputError for an unknown one.
    """
    if wanted is None:
        return "utf-16" if head.startswith(MARKS[:2]) else "utf-8"
    try:
        "a".encode(wanted)
        codecs.getincrementaldecoder(wanted)
    except (LookupError, ValueError):  # not an encoding of text, or none at all
        raise InputError(f"{name}: encoding {wanted!r} is unknown; try utf-8, latin-1") from None
    name_of_it = codecs.lookup(wanted).name
    if name_of_it in ("utf-16", "utf-32") and not head.startswith(MARKS):
        return f"{name_of_it}-{'be' if head.startswith(bytes(1)) else 'le'}"
    return wanted


def blocks_of_lines(file: BinaryIO, name: str, kind: File, encoding: str) -> Iterator[list[Line]]:
    """Yield the lines of a text in blocks, without byte order mark and line ends of any kind.

    Raises InputError for bytes that do not belong to the encoding, for NUL characters and for
    endless lines.
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    rest, count, block = "", 0, b"-"
    while block:
        block = file.read(kind.block)
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise _undecodable(error, rest, count, name) from None
        except UnicodeError as error:
            raise InputError(f"{name}: not {encoding} ({error}); give another encoding") from None
        text = rest + newlines.decode(text, final=not block)
        if not count:
            text = text.removeprefix("\ufeff")
        if "\0" in text:
            line = count + 1 + text[: text.index("\0")].count("\n")
            what = f"{name}: line {line}: a NUL character; is it UTF-16?"
            raise UnreadableData(what, "", ("encoding", "utf-16"))
        whole, cut, rest = text.rpartition("\n") if block else (text, "", "")
        if len(rest) > kind.longest_line:
            raise InputError(
                f"{name}: a line of more than {kind.longest_line:,} characters; is it a table?"
            )
        if whole or cut:
            lines = whole.split("\n")
            yield list(enumerate(lines, count + 1))
            count += len(lines)


def text_of(file: BinaryIO, name: str, kind: File) -> str:
    """Return all of a text; raises InputError as ``blocks_of_lines``, and for too long a one.

    What is parsed of it takes up to 24 bytes a character, as empty lists or objects do.
    """
    encoding = encoding_of(file.read(4), kind.encoding, name)
    file.seek(0)
    parts: list[str] = []
    length = 0
    for block in blocks_of_lines(file, name, kind, encoding):
        parts.append("\n".join(line for _, line in block))
        length += len(parts[-1])
        free_memory.refuse_beyond(f"{name}: {length:,} characters", length)
    return "\n".join(parts)


def _undecodable(error: UnicodeDecodeError, rest: str, count: int, name: str) -> InputError:
    head = error.object[: error.start].decode(error.encoding, "ignore")
    before = rest + head.replace("\r\n", "\n").replace("\r", "\n")
    return UnreadableData(
        f"{name}: line {count + 1 + before.count(chr(10))}: byte 0x{error.object[error.start]:02x}"
        f" is not {error.encoding}",
        "save the file as UTF-8",
        ("encoding", "latin-1"),
    )

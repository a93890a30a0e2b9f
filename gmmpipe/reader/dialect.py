"""How a text file is written: its encoding, its lines, what parts its cells, its header."""

import codecs
import re
from collections import Counter

from gmmpipe.errors import InputError
from gmmpipe.numerics.datasets import File
from gmmpipe.reader.cells import is_value

DELIMITERS = {"tab": "\t", "semicolon": ";", "comma": ",", "pipe": "|", "blank": " "}
QUOTED = re.compile(r'"[^"]*"')
COMMA_CELLS = re.compile(r"\s*(?:[+-]?[0-9]+(?:,[0-9]+)?\s+)+[+-]?[0-9]+,[0-9]+\s*")
LOOKED_AT = 50  # lines from which the delimiter is found out

Line = tuple[int, str]  # its number in the file, counted from 1, and its text


def decode(content: bytes, name: str, encoding: str | None, before: int = 0) -> str:
    """Return the text without byte order mark, lines ended by a line feed alone.

    before: lines of the file that come before these. encoding None is UTF-8, or UTF-16 where the
    file begins with its mark. Raises InputError for bytes that do not belong to the encoding, an
    unknown encoding, and NUL characters.
    """
    if encoding is None:
        marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        encoding = "utf-16" if content.startswith(marks) else "utf-8"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        head = content[: error.start].decode(encoding, "ignore")
        raise InputError(
            f"{name}: line {before + _count_lines(head)}: byte 0x{content[error.start]:02x} is not "
            f"{encoding}; save the file as UTF-8, or set encoding, such as latin-1"
        ) from None
    except (LookupError, ValueError):  # not an encoding of text, or none at all
        raise InputError(f"{name}: encoding {encoding!r} is unknown; try utf-8, latin-1") from None
    if "\0" in text:
        line = before + _count_lines(text[: text.index("\0")])
        raise InputError(f"{name}: line {line}: a NUL character; is it UTF-16? set encoding")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _count_lines(text: str) -> int:
    return text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1


def rows_of_text(text: str, kind: File, name: str, before: int = 0) -> tuple[list[Line], str]:
    """Return the lines that hold cells, with their numbers, and the delimiter between cells.

    before: lines of the file that come before these.
    """
    comment = kind.comment
    lines = [
        (i, line)
        for i, line in enumerate(text.split("\n"), before + 1)
        if (bare := line.strip(" ")) and not (comment and bare.lstrip().startswith(comment))
    ]
    if kind.delimiter != "auto":
        delimiter = DELIMITERS[kind.delimiter]
    elif name.lower().removesuffix(".gz").endswith(".tsv"):
        delimiter = "\t"
    else:
        delimiter = _delimiter([line for _, line in lines[:LOOKED_AT]], kind)
    if delimiter != "\t":  # where tabs part the cells, a line of tabs is a row of missing values
        lines = [(i, line) for i, line in lines if line.strip()]
    if delimiter == " ":
        lines = [(i, _plain(line, comment)) for i, line in lines]
    return lines, delimiter


def _plain(line: str, comment: str | None) -> str:
    """Return a blank-separated line without outer blanks, tabs, and the comment behind it."""
    if comment and comment in line:
        line = re.split(rf"\s{re.escape(comment)}", line, maxsplit=1)[0]
    return line.strip().replace("\t", " ")


def _delimiter(lines: list[str], kind: File) -> str:
    """Return the character that occurs, outside quotes, equally often on most lines."""
    bare = [QUOTED.sub("", line) for line in lines]
    comma_is_decimal = kind.decimal == "comma" or (
        bool(bare) and COMMA_CELLS.fullmatch(bare[-1]) is not None
    )
    best, share = " ", 0.0
    for mark in "\t;,|":
        if mark == "," and comma_is_decimal:
            continue
        often, same = (
            Counter(line.count(mark) for line in bare).most_common(1)[0] if bare else (0, 0)
        )
        if often > 0 and same / len(bare) > share:
            best, share = mark, same / len(bare)
    return best


def has_header(cells: list[str], kind: File) -> bool:
    """Return whether the first row holds names: as set, or if some are text and none a value.

    A first row of text and numbers is data: if that is wrong, the text is refused aloud.
    """
    if kind.header is not None:
        return kind.header
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and not any(map(is_value, filled))

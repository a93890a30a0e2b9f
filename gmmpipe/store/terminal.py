"""What is printed: no name steers a terminal, and a terminal that goes away does no harm."""

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any, TextIO, cast

from gmmpipe.errors import shown

UNITS = ("bytes", "kB", "MB", "GB")
ERASE = "\r\x1b[K"  # what stands in the terminal's line


class Output(io.TextIOBase):
    """A standard stream on which names are shown as text.

    lasting: whether to go on in silence where nobody takes what is written, as the reader left or
    the terminal has closed. Otherwise that raises OSError, whose file name is ``name``.
    """

    def __init__(self, stream: TextIO | None, name: str, *, lasting: bool) -> None:
        self.name, self.lasting = name, lasting
        self.gone = stream is None  # it was closed when the process began
        self.stream = stream or io.StringIO()

    def write(self, text: str) -> int:
        """Write a text, its control characters as escapes."""
        return self._put(shown(text))

    def write_data(self, text: str) -> int:
        """Write a text as it is, where that is not a terminal."""
        return self._put(shown(text) if self.isatty() else text)

    def redraw(self, text: str) -> None:
        """Replace what stands in the terminal's line."""
        self._put(ERASE + shown(text))
        self.flush()

    def flush(self) -> None:
        """Hand on what was written."""
        self._put("", flush=True)

    def isatty(self) -> bool:
        """Return whether this is a terminal."""
        return not self.gone and not self.stream.closed and self.stream.isatty()

    def fileno(self) -> int:
        """Return the number of the open file."""
        return self.stream.fileno()

    def _put(self, text: str, *, flush: bool = False) -> int:
        if self.gone:
            return len(text)
        try:
            self.stream.write(text)
            if flush:
                self.stream.flush()
        except (OSError, ValueError) as error:  # ValueError: it is closed
            self._leave()
            if not self.lasting:
                if isinstance(error, OSError) and error.filename is None:
                    error.filename = self.name
                raise
        return len(text)

    def _leave(self) -> None:
        """Let what is still to be written, also at the end of the process, go nowhere."""
        self.gone = True
        with suppress(OSError, ValueError):  # it has no number, or is closed
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stream.fileno())
            os.close(nowhere)


def output(stream: TextIO) -> Output:
    """Return a stream as an Output: itself if it is one."""
    unknown: object = stream
    return unknown if isinstance(unknown, Output) else Output(stream, "the output", lasting=True)


def print_data(text: str) -> None:
    """Print a text whose characters matter, such as a table, as it is unless on a terminal."""
    output(sys.stdout).write_data(text)


def print_json(value: Any) -> None:
    """Print plain types as JSON, for programs."""
    print_data(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


@contextmanager
def printing(*, lasting: bool) -> Iterator[None]:
    """Let this process print by ``Output``; lasting: go on where nobody takes standard output.

    No command ends because nobody takes its messages on standard error.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of any script, whatever the locale shows
            stream.reconfigure(errors="backslashreplace")
    out = Output(sys.stdout, "standard output", lasting=lasting)
    err = Output(sys.stderr, "standard error", lasting=True)
    with redirect_stdout(cast(TextIO, out)), redirect_stderr(cast(TextIO, err)):
        yield


def size_text(size: float) -> str:
    """Return a size in the unit that gives one to three digits before the point."""
    for unit in UNITS[:-1]:
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} {UNITS[-1]}"

"""How far the reading of a large file has come: a line on a terminal, elsewhere now and then."""

import sys
import time
from types import TracebackType
from typing import Self, TextIO

SELDOM = 10.0  # seconds between lines where nobody watches


class Bar:
    """Tells of what is read of a file of some bytes.

    It is called with the bytes that are read, 0 = not known, and with how many rows there are more.
    """

    def __init__(self, what: str, size: int, out: TextIO | None = None) -> None:
        self.what, self.size, self.out = what, max(size, 1), out or sys.stderr
        self.rows, self.begin, self.last = 0, time.monotonic(), time.monotonic()

    def __call__(self, done: int, rows: int) -> None:
        """Take in that so many bytes are read, and so many rows more."""
        self.rows += rows
        now, share = time.monotonic(), min(done / self.size, 1.0)
        part = f"{share:.0%}, " if done else ""
        text = f"{self.what}: {part}{self.rows:,} rows, {now - self.begin:.0f} s"
        if self.out.isatty():
            full = int(30 * share)
            self.out.write(f"\r\x1b[K[{'#' * full}{'.' * (30 - full)}] {text}")
        elif now - self.last > SELDOM:
            self.out.write(f"{text}\n")
            self.last = now
        self.out.flush()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        """Say how many rows there were, if all went well."""
        if self.out.isatty():
            self.out.write("\r\x1b[K")
        if kind is None:
            spent = time.monotonic() - self.begin
            self.out.write(f"{self.what}: {self.rows:,} rows in {spent:.0f} s\n")
        self.out.flush()

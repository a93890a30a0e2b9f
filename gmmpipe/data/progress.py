"""How far a long job has come: a line on a terminal, elsewhere now and then."""

import re
import sys
import time
from types import TracebackType
from typing import Self, TextIO

from gmmpipe.store.terminal import output

SELDOM = 10.0
WIDTH = 30  # characters of a bar


class Bar:
    """Tells of what is read of a file of some bytes.

    It is called with the bytes that are read, 0 = not known, and with how many rows there are more.
    seldom: seconds between lines where nobody watches.
    """

    def __init__(
        self, what: str, size: int, out: TextIO | None = None, seldom: float = SELDOM
    ) -> None:
        self.what, self.size, self.out = what, max(size, 1), output(out or sys.stderr)
        self.seldom = seldom
        self.rows, self.begin, self.last = 0, time.monotonic(), time.monotonic()

    def __call__(self, done: int, rows: int) -> None:
        """Take in that so many bytes are read, and so many rows more."""
        self.rows += rows
        now, share = time.monotonic(), min(done / self.size, 1.0)
        part = f"{share:.0%}, " if done else ""
        text = f"{self.what}: {part}{self.rows:,} rows, {now - self.begin:.0f} s"
        if self.out.isatty():
            self.out.redraw(_bar(share, text))
        elif now - self.last > self.seldom:
            print(text, file=self.out, flush=True)
            self.last = now

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        """Say how many rows there were, if all went well."""
        if self.out.isatty():
            self.out.redraw("")
        if kind is None:
            spent = time.monotonic() - self.begin
            print(f"{self.what}: {self.rows:,} rows in {spent:.0f} s", file=self.out, flush=True)


class Progress:
    """What Snakemake has said so far, as one live line (terminal) or plain lines (pipe)."""

    def __init__(self, out: TextIO) -> None:
        self.out, self.began = output(out), time.monotonic()
        self.done = self.total = 0
        self.idle = False
        self.failed: list[str] = []
        self._rule = ""

    def see(self, line: str) -> None:
        """Take in one line of Snakemake's."""
        if match := re.match(r"(\d+) of (\d+) steps", line):
            self.done, self.total = int(match[1]), int(match[2])
            self._draw()
        elif match := re.match(r"(?:local)?rule (\w+):", line):
            self._rule = match[1]
        elif match := re.match(r"\s+log: (\S+) \(check log", line):
            self.failed.append(match[1])
        elif line.startswith("Nothing to be done"):
            self.idle = True

    def _draw(self) -> None:
        spent = time.monotonic() - self.began
        left = spent / self.done * (self.total - self.done)
        text = f"{self.done}/{self.total} jobs, {left:.0f} s left, {self._rule}"
        if self.out.isatty():
            self.out.redraw(_bar(self.done / self.total, text))
        else:
            print(text, file=self.out, flush=True)

    def close(self) -> None:
        """End the live line."""
        if self.out.isatty() and self.total:
            self.out.redraw("")


def _bar(share: float, text: str) -> str:
    full = int(WIDTH * share)
    return f"[{'#' * full}{'.' * (WIDTH - full)}] {text}"

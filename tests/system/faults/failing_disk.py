"""A disk that fails at its n-th operation, once: as SQLite tests itself."""

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from unittest import mock

MOST = 2000  # operations in a row
OPERATIONS = ("fsync", "replace", "symlink", "mkdir")


class FailingDisk:
    """Counts what writes to disk; the operation with number ``at`` (from 1) fails."""

    def __init__(self, at: int) -> None:
        self.at, self.done = at, 0

    @property
    def failed(self) -> bool:
        return self.done >= self.at

    def count(self) -> None:
        self.done += 1
        if self.done == self.at:
            raise OSError(errno.ENOSPC, "No space left on device")

    def wrapped(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            self.count()
            return operation(*arguments, **options)

        return call

    def open(self, path: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
        """Open a file; one that is written to may take half of what it is given."""
        writes = set(mode) & set("wax")
        if writes:
            self.count()
        file = _open(path, mode, *rest, **options)
        return Half(self, file) if writes else file


class Half:
    """A file that is written to."""

    def __init__(self, disk: FailingDisk, file: Any) -> None:
        self.disk, self.file = disk, file

    def write(self, content: Any) -> int:
        if self.disk.done + 1 == self.disk.at:
            self.file.write(content[: len(content) // 2])
        self.disk.count()
        return int(self.file.write(content))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


_open = io.open


@contextmanager
def failing_at(n: int) -> Iterator[FailingDisk]:
    """Let the n-th open, write, fsync, rename, link or new folder of this process fail."""
    disk = FailingDisk(n)
    patches = [mock.patch.object(os, name, disk.wrapped(getattr(os, name))) for name in OPERATIONS]
    with mock.patch.object(io, "open", disk.open):
        for patch in patches:
            patch.start()
        try:
            yield disk
        finally:
            for patch in patches:
                patch.stop()


def temporaries(folder: Path) -> list[str]:
    """Return the names of temporary files left behind."""
    return [path.name for path in folder.rglob(".*.tmp")]

"""mclust, in a process of R that is kept; one thread; it adds nothing to the diagonal."""

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

try:
    _r = subprocess.Popen(
        ["Rscript", str(Path(__file__).with_suffix(".R"))],  # noqa: S607 - whichever is on PATH
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
except FileNotFoundError as error:
    raise ImportError(f"no {error.filename}") from error


def _ask(request: str) -> list[str]:
    _r.stdin.write(request + "\n")
    _r.stdin.flush()
    return _r.stdout.readline().split()


def version() -> str:
    answer = _r.stdout.readline()
    if not answer:
        raise ImportError("Rscript has no package mclust")
    return answer.strip()


def pid() -> int:
    """Return the process whose memory counts."""
    return _r.pid


def prepare(x: Any, starts: list[Any], iterations: int, threads: int) -> Callable[[], list[Any]]:
    del threads
    with tempfile.NamedTemporaryFile() as file:
        np.concatenate(
            [
                [*x.shape, len(starts)],
                x.T.ravel(),
                *(np.concatenate([[len(s[0])], *(part.ravel() for part in s)]) for s in starts),
            ]
        ).tofile(file.name)
        _ask(f"read {file.name}")

    def run() -> list[Any]:
        answer = _ask(f"fit {iterations}")
        return [
            (float(value), int(done)) for value, done in zip(answer[::2], answer[1::2], strict=True)
        ]

    return run

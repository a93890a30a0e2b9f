"""Processes that end when they are asked to, and take with them what they began."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

ASKED = (signal.SIGTERM, signal.SIGHUP)  # by a person, a queue, or the end of the terminal
PATIENCE = 5  # seconds that a group gets to end: Snakemake may deadlock at SIGTERM


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM and the terminal's end act as Ctrl-C does, where they are not ignored (nohup).

    So temporary files go. Only the first counts: nothing is to interrupt the tidying up.
    """
    before = {number: signal.getsignal(number) for number in ASKED}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    for each in ASKED:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextmanager
def group(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path | None = None,
    patience: float = PATIENCE,
) -> Iterator[subprocess.Popen[str]]:
    """Start a command whose output, of both kinds, is read; none of its processes outlives this."""
    with subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
        process_group=0,
    ) as process:
        try:
            yield process
        finally:
            end(process, patience)


def end(process: subprocess.Popen[Any], patience: float = PATIENCE) -> None:
    """End a process and its group: they are asked, and killed if they are not gone in time."""
    with suppress(ProcessLookupError):  # nobody is left
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
                process.wait(patience)
        os.killpg(process.pid, signal.SIGKILL)

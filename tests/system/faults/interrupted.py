"""Terminals that go away, processes that are stopped for a while, commands that are to end."""

import os
import pty
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from killed_runs import LONG, members, recovered, started, surroundings
from projects import TINY

GMMPIPE = [sys.executable, "-m", "gmmpipe"]
LATEST = "results/smoke/latest"
STOPPED = ("launcher", "snakemake", "job")
COMMANDS = {
    "table": ("table", "best", LATEST, "-o", "out/best.csv"),
    "compare": ("compare", LATEST, LATEST, "-o", "out/c.html"),
    "figure": ("figure", "clusters", LATEST, "-o", "out"),
    "replay": ("replay", LATEST, "-o", "out/steps.csv"),
    "export": ("export", LATEST, "--to", "ro-crate", "-o", "out/crate.zip"),
    "generate": ("generate", "data/gmm.data", "-o", "out/d.npz", "--config", '{"kind": "file"}'),
    "verify --rerun": ("verify", LATEST, "--rerun"),
}
# Takes the terminal that it was given as its own, then becomes the command.
CONTROLLED = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGHUP, getattr(signal, sys.argv[1]))
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


@contextmanager
def on_terminal(
    project: Path, *, ignored: bool, **changes: str
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Give a run, and the other end of its terminal, which the caller is to close.

    ignored: whether the run ignores SIGHUP, as under nohup. changes: of its environment.
    """
    master, slave = pty.openpty()
    how = ["SIG_IGN" if ignored else "SIG_DFL", *GMMPIPE[1:], "run", *TINY]
    with subprocess.Popen(
        [sys.executable, "-c", CONTROLLED, *how],
        cwd=project,
        env=surroundings(**changes),
        start_new_session=True,
        stdin=slave,
        stdout=slave,
        stderr=slave,
    ) as process:
        os.close(slave)
        yield process, master


def read_until(master: int, words: bytes) -> bytes:
    """Return what a run says on its terminal up to some words."""
    said = b""
    while words not in said:
        said += os.read(master, 1024)
    return said


def hung_up(project: Path, wanted: dict[str, bytes], *, ignored: bool) -> str:
    """Close the terminal of a run in the middle and go on from there; return what is wrong."""
    with on_terminal(project, ignored=ignored) as (process, master):
        read_until(master, b" jobs, ")
        os.close(master)
        code = ended(process)
    if code != (0 if ignored else 1):
        return f"the run ended with {code}"
    return recovered(project, wanted)


def stopped(project: Path, wanted: dict[str, bytes], target: str) -> str:
    """Stop a process of a run, ask for another run, and let it go on; return what is wrong."""
    with started(project, plain=False) as process:
        found: list[int] = []
        while not found and process.poll() is None:
            others = {n: " ".join(words) for n, words in members(project).items()}
            main = [n for n, words in others.items() if "-m snakemake" in words]
            jobs = [n for n, words in others.items() if "gmmpipe fit" in words]
            launcher = [process.pid] if others else []  # it has the lock
            found = {"launcher": launcher, "snakemake": main, "job": jobs}[target]
        os.kill(found[-1], signal.SIGSTOP)
        second = subprocess.run(
            [*GMMPIPE, "run", *TINY],
            cwd=project,
            env=surroundings(),
            capture_output=True,
            text=True,
            check=False,
        )
        os.kill(found[-1], signal.SIGCONT)
        code = ended(process)
    held = f"process {process.pid} is running in this folder"
    if (second.returncode, second.stderr.count("\n"), held in second.stderr) != (2, 1, True):
        return f"another run ended with {second.returncode}: {second.stderr}"
    return f"the run ended with {code}" if code else recovered(project, wanted)


def ended(process: subprocess.Popen[bytes]) -> int:
    """Return the exit code of a process that is to end by itself; kill it if it does not."""
    try:
        return process.wait(LONG)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def asked_to_end(project: Path, name: str, number: int, chance: random.Random) -> str:
    """Ask a command to end at a random time; return what it left behind that it should not."""
    scratch = project / "tmp"
    scratch.mkdir(exist_ok=True)
    (project / "out").mkdir(exist_ok=True)
    before = {path for path in project.rglob("*") if path.parts[-2] != "out"}
    with subprocess.Popen(
        [*GMMPIPE, *COMMANDS[name]],
        cwd=project,
        env=surroundings(TMPDIR=str(scratch)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        time.sleep(chance.uniform(0.3, 4))
        process.send_signal(number)
        _, said = process.communicate(timeout=LONG)
    left = {path for path in project.rglob("*") if path.parts[-2] != "out"} - before
    left |= set((project / "out").glob(".*.tmp"))
    left = {path for path in left if "__pycache__" not in path.parts}
    if said.count("\n") > 1 or left:
        return f"{name}: {said or sorted(map(str, left))}"
    return ""

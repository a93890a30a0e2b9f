"""Runs in odd surroundings: terminals that go away, stopped processes, poor file systems."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

from killed_runs import TINY, members, started

LONG = 240  # seconds, for a busy machine
RUN = [sys.executable, "-m", "gmmpipe", "run", *TINY]
# Takes the terminal that it was given as its own, then becomes the command.
CONTROLLED = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGHUP, getattr(signal, sys.argv[1]))
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""
REFUSE = """
import errno, fcntl, os, stat
def refuse(number):
    def call(*arguments, **options):
        raise OSError(number, os.strerror(number))
    return call
"""
# What each process of a run begins with, as on a file system that lacks something.
LACKING = {
    "symbolic links": "os.symlink = refuse(errno.EPERM)",
    "symbolic links (not supported)": "os.symlink = refuse(errno.EOPNOTSUPP)",
    "locks (ENOLCK)": "fcntl.flock = refuse(errno.ENOLCK)",
    "locks (ENOSYS)": "fcntl.flock = refuse(errno.ENOSYS)",
    "flushing of folders": """
_fsync = os.fsync
def fsync(handle):
    if stat.S_ISDIR(os.fstat(handle).st_mode):
        raise OSError(errno.EINVAL, "Invalid argument")
    _fsync(handle)
os.fsync = fsync
""",
}


def lacking(project: Path, *features: str) -> dict[str, str]:
    """Return the environment of a run on a file system without these features."""
    folder = project / "lacking"
    folder.mkdir(exist_ok=True)
    text = "\n".join([REFUSE, *(LACKING[feature] for feature in features)])
    (folder / "sitecustomize.py").write_text(text)
    return {"PYTHONPATH": str(folder)}


def surroundings(**changes: str) -> dict[str, str]:
    """Return the environment of a run."""
    kept = {k: v for k, v in os.environ.items() if k not in ("GMMPIPE_RUN", "XDG_CACHE_HOME")}
    return {**kept, **changes}


def without_terminal(project: Path, *, ignored: bool, **changes: str) -> int:
    """Close the terminal of a run in the middle; return its exit code.

    ignored: whether the run ignores SIGHUP, as under nohup.
    """
    master, slave = pty.openpty()
    how = ["SIG_IGN" if ignored else "SIG_DFL", *RUN[1:]]
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
        said = b""
        while b" jobs, " not in said:
            said += os.read(master, 1024)
        os.close(master)
        return ended(process)


def ended(process: subprocess.Popen[bytes]) -> int:
    """Return the exit code of a process that is to end by itself; kill it if it does not."""
    try:
        return process.wait(LONG)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def stopped(project: Path, target: str) -> str:
    """Stop a process of a run, ask for another run, and let it go on; return what is wrong."""
    with started(project, plain=False) as process:
        found: list[int] = []
        while not found and process.poll() is None:
            others = {n: " ".join(words) for n, words in members(project).items()}
            main = [n for n, words in others.items() if "-m snakemake" in words]
            jobs = [n for n, words in others.items() if "gmmpipe fit" in words]
            launcher = [process.pid] if others else []  # it has the lock
            found = {"launcher": launcher, "snakemake": main, "job": jobs}[target]
        pid = found[-1]
        os.kill(pid, signal.SIGSTOP)
        second = subprocess.run(
            RUN, cwd=project, env=surroundings(), capture_output=True, text=True, check=False
        )
        os.kill(pid, signal.SIGCONT)
        code = ended(process)
    if (second.returncode, second.stderr.count("\n")) != (2, 1):
        return f"another run said: {second}"
    if f"process {process.pid} is running in this folder" not in second.stderr:
        return f"another run said: {second.stderr}"
    return f"the run ended with {code}" if code else ""


def notes(project: Path) -> list[Path]:
    """Return the files in which Snakemake keeps its notes."""
    found = sorted((project / ".snakemake").rglob("*"))
    return [path for path in found if path.is_file() and path.stat().st_size]

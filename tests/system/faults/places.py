"""Runs in poor places: on file systems that lack something, with notes that are damaged."""

import os
import random
import shutil
import socket
import time
from contextlib import chdir
from pathlib import Path

from killed_runs import LONG, flip, recovered
from projects import TINY, run

REFUSE = """
import errno, fcntl, os, stat
def refuse(number):
    def call(*arguments, **options):
        raise OSError(number, os.strerror(number))
    return call
"""
# What each process of a run begins with, as where there is no such thing.
LACKING = {
    "symbolic links (EPERM)": "os.symlink = refuse(errno.EPERM)",
    "symbolic links (EOPNOTSUPP)": "os.symlink = refuse(errno.EOPNOTSUPP)",
    "locks (ENOLCK)": "fcntl.flock = refuse(errno.ENOLCK)",
    "locks (ENOSYS)": "fcntl.flock = refuse(errno.ENOSYS)",
    "semaphores": """
import _multiprocessing
_multiprocessing.SemLock = refuse(errno.EACCES)
_multiprocessing.SemLock.SEM_VALUE_MAX = 1
""",
    "flushing of folders": """
_fsync = os.fsync
def fsync(handle):
    if stat.S_ISDIR(os.fstat(handle).st_mode):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    _fsync(handle)
os.fsync = fsync
""",
}
# Names in a project: what is not to be there, and what may not be in its place.
ODD = (
    "results/.lock",
    "results/logs/run/x.log",
    "results/logs/fit/x.log",
    "results/benchmarks/fit/x.tsv",
    "results/store/plans/x.json",
    ".snakemake/metadata/x",
)


# The process that starts Snakemake has planned, holds the lock, and waits.
PAUSING = """
import pathlib, subprocess, time
class Popen(subprocess.Popen):
    def __init__(self, command, *arguments, **options):
        if isinstance(command, list) and "snakemake" in command:
            pathlib.Path("planned").touch()
            while not pathlib.Path("go").exists():
                time.sleep(0.01)
        super().__init__(command, *arguments, **options)
subprocess.Popen = Popen
"""


def lacking(project: Path, *features: str, pausing: bool = False) -> dict[str, str]:
    """Return the environment of a run where there are no such features.

    pausing: whether it waits for a file "go" between plan and jobs, and makes "planned" first.
    """
    folder = project / "lacking"
    folder.mkdir(exist_ok=True)
    for name in ("planned", "go"):
        (project / name).unlink(missing_ok=True)
    text = "\n".join([REFUSE, *(LACKING[feature] for feature in features)])
    (folder / "sitecustomize.py").write_text(text + PAUSING * pausing)
    return {"PYTHONPATH": str(folder)}


def wait_for(path: Path) -> None:
    """Wait until a file is there."""
    end = time.monotonic() + LONG
    while not path.exists():
        assert time.monotonic() < end, f"{path} does not come"
        time.sleep(0.01)


def without(project: Path, wanted: dict[str, bytes], feature: str) -> str:
    """Run where a feature is lacking; return what is wrong."""
    changes = lacking(project, feature)
    if not feature.startswith("locks"):
        return recovered(project, wanted, **changes)
    answer = run(project, "gmmpipe", "run", *TINY, environment=changes)
    fine = answer.code == 1 and "use a file system that can lock files" in answer.err
    return "" if fine and answer.err.count("\n") == 1 else str(answer)


def homeless(project: Path, wanted: dict[str, bytes], variable: str) -> str:
    """Run with a variable that names a file where a folder is to be; return what is wrong."""
    (project / "file").touch()
    return recovered(project, wanted, **{"XDG_CACHE_HOME": "", variable: str(project / "file")})


def flipped(project: Path, wanted: dict[str, bytes], chance: random.Random) -> tuple[int, str]:
    """Flip a bit in each of Snakemake's notes; return how many there are, and what is wrong."""
    found = [path for path in sorted((project / ".snakemake").rglob("*")) if path.is_file()]
    found = [path for path in found if path.stat().st_size]
    for path in found:
        flip(path, chance.random(), chance.randrange(8))
    return len(found), recovered(project, wanted)


def occupied(project: Path, place: str, kind: str) -> str:
    """Run where a pipe, a socket or a folder is in the place of a file; return what is wrong."""
    path = project / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        with chdir(path.parent), socket.socket(socket.AF_UNIX) as end:  # a short path
            end.bind(path.name)
    answer = run(project, "gmmpipe", "run", *TINY)
    there = path.exists()
    path.unlink()
    fine = (answer.code, answer.err.count("\n"), there) in ((2, 1, True), (1, 1, True))
    return "" if fine and path.name in answer.err else f"{place}, {kind}: {answer}"


def begin_anew(project: Path) -> None:
    """Remove what runs left."""
    shutil.rmtree(project / "results", ignore_errors=True)
    shutil.rmtree(project / ".snakemake", ignore_errors=True)

"""Runs that are killed, by all means and at random times, and the run that goes on from there."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from projects import TINY

PLAIN = ["--cores", "2", "--config", "experiment=smoke"]
PLAIN += ["overrides=" + str([*TINY[1:]]).replace("'", '"')]
TIMES = ("index.html", "logs/", "benchmarks/", ".lock", "run.json", ".call-", ".replaced/")

LONG = 240  # seconds, for a busy machine
MISSED = "missed"
# what is hit, with what; None: whoever holds the lock
BLOWS = {
    "kill -9 of the launcher": ("launcher", signal.SIGKILL),
    "kill -9 of Snakemake": ("snakemake", signal.SIGKILL),
    "kill -9 of a job": ("job", signal.SIGKILL),
    "kill -9 of all at once": ("all", signal.SIGKILL),
    "SIGTERM": ("launcher", signal.SIGTERM),
    "SIGINT (Ctrl-C)": ("launcher", signal.SIGINT),
    "SIGHUP (terminal closed)": ("launcher", signal.SIGHUP),
    "SIGTERM of Snakemake": ("snakemake", signal.SIGTERM),
    "kill -9 of plain Snakemake": ("plain", signal.SIGKILL),
    "SIGHUP of plain Snakemake": ("plain", signal.SIGHUP),
}


def contents(folder: Path) -> dict[str, bytes]:
    """Return {path: bytes} of results, without what tells of times or was moved aside."""
    files = {str(p.relative_to(folder)): p for p in sorted(folder.rglob("*")) if p.is_file()}
    return {
        name: path.read_bytes()
        for name, path in files.items()
        if not any(word in name for word in TIMES) and "latest" not in path.parts
    }


def members(project: Path) -> dict[int, list[str]]:
    """Return {process id: command line} of the processes that belong to runs of a project."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                mark = next(
                    word
                    for word in (entry / "environ").read_bytes().split(b"\0")
                    if word.startswith(b"GMMPIPE_RUN=")
                )
                words = (entry / "cmdline").read_bytes().decode().split("\0")
                alive = (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
            except (OSError, StopIteration):
                continue
            if alive and mark.decode().endswith(f":{project}/results/.lock"):
                found[int(entry.name)] = words
    return found


def surroundings(**changes: str) -> dict[str, str]:
    """Return this environment, changed, for a run of its own."""
    return {**{k: v for k, v in os.environ.items() if k != "GMMPIPE_RUN"}, **changes}


def started(project: Path, *, plain: bool) -> subprocess.Popen[bytes]:
    """Start a run of the tiny study, in a process group of its own."""
    command = ["snakemake", *PLAIN] if plain else ["gmmpipe", "run", *TINY]
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=project,
        env=surroundings(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def strike(project: Path, blow: str, seconds: float) -> str:
    """Start a run, hit it after some seconds; return what is wrong, or "".

    Where what is to be hit is not there yet it is waited for: a blow that meets nobody proves
    nothing. MISSED if the run ended before.
    """
    target, number = BLOWS[blow]
    with started(project, plain=target == "plain") as process:
        end = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        hit = 0
        while process.poll() is None and not hit:
            for pid in _targets(project, target, process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
                    hit += 1
        try:
            process.wait(LONG)
        except subprocess.TimeoutExpired:
            process.kill()
            return f"{blow}: the run did not end"
    end = time.monotonic() + LONG
    while left := members(project):
        if time.monotonic() > end:
            return f"{blow}: still there: {list(left.values())}"
        time.sleep(0.05)
    return "" if hit else MISSED


def _targets(project: Path, target: str, launcher: int) -> list[int]:
    if target in ("launcher", "plain"):
        return [launcher]
    others = members(project)
    main = [pid for pid, words in others.items() if "snakemake" in words]
    jobs = [pid for pid in others if pid not in main]
    return {"snakemake": main[:1], "job": jobs[-1:], "all": [launcher, *others] if others else []}[
        target
    ]


def recovered(project: Path, wanted: dict[str, bytes], **changes: str) -> str:
    """Run once more, its environment changed; return what is wrong with the results, or ""."""
    done = subprocess.run(
        [sys.executable, "-m", "gmmpipe", "run", *TINY],
        cwd=project,
        env=surroundings(**changes),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return f"the next run failed: {done.stderr}"
    found = contents(project / "results")
    odd = {n for n in {*found, *wanted} if found.get(n) != wanted.get(n)}
    return f"differing after recovery: {sorted(odd)}" if odd else ""


def spoil(project: Path, chance: random.Random) -> str:
    """Do what else may happen between two runs; return its name."""
    files = [p for p in (project / "results").rglob("*") if p.is_file() and not p.is_symlink()]
    files = [
        p for p in files if p.stat().st_size and ".lock" not in p.name and "logs" not in str(p)
    ]
    deed = chance.choice(
        ["none", "none", "no .snakemake", "truncated", "flipped", "stale temporary"]
    )
    if deed == "no .snakemake":
        shutil.rmtree(project / ".snakemake", ignore_errors=True)
    elif files and deed == "truncated":
        path = chance.choice(files)
        os.truncate(path, chance.randrange(path.stat().st_size))
    elif files and deed == "flipped":
        flip(chance.choice(files), chance.random(), chance.randrange(8))
    elif files and deed == "stale temporary":
        chance.choice(files).with_name(".x.npz.999999.gmmpipe.tmp").write_bytes(b"half")
    return deed


def flip(path: Path, where: float, bit: int) -> None:
    """Flip one bit of a file, whose size and times stay as they are."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[int(where * len(content))] ^= 1 << bit
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

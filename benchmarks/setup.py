"""From a fresh clone to a package to use: ``python benchmarks/setup.py [--beside COMMIT]``.

Clones this repository's HEAD and a commit beside it, each with empty caches, and makes what `make
run` makes before it runs: .venv, with the kernels compiled. Printed of each are wall and processor
seconds, the bytes that came from the network (all of the machine's, so nothing else may load), and
those on disk afterwards, in the clone and in the caches, each file once.
"""

import argparse
import os
import re
import resource
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

HOME = Path(__file__).parents[1]
USE = "import gmmpipe; gmmpipe.GaussianMixture().fit([[0, 1], [1, 0], [3, 3]])"


class SetUp(NamedTuple):
    """Wall and processor seconds, megabytes received, and on disk in .venv and in all."""

    wall: float
    processor: float
    received: float
    environment: float
    disk: float


def received() -> int:
    """Return the bytes that have come from the network so far."""
    lines = Path("/proc/net/dev").read_text().splitlines()[2:]
    counts = (line.split(":", 1) for line in lines)
    return sum(int(rest.split()[0]) for name, rest in counts if name.strip() != "lo")


def on_disk(folder: Path) -> int:
    """Return the bytes that the files of a folder take, one with several names once."""
    found = {(s.st_dev, s.st_ino): s.st_blocks for s in map(Path.lstat, folder.rglob("*"))}
    return 512 * sum(found.values())


def processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(folder: Path, *command: str, **options: Any) -> None:
    subprocess.run(command, cwd=folder, check=True, **options)


def set_up(commit: str, folder: Path) -> SetUp:
    """Clone a commit into a folder and set it up there."""
    clone, cache = folder / "clone", folder / "cache"
    run(folder, "git", "clone", "--quiet", str(HOME), str(clone))
    run(clone, "git", "checkout", "--quiet", commit)
    (ready,) = re.findall(r"^READY := (.*)$", (clone / "Makefile").read_text(), re.MULTILINE)
    caches = {f"{tool}_CACHE_DIR": str(cache / tool) for tool in ("PIP", "UV")}
    environment = {**os.environ, **caches, "XDG_CACHE_HOME": str(cache)}
    begin, used, came = time.perf_counter(), processor(), received()
    run(clone, "make", "--silent", ready, env=environment)
    run(clone, str(clone / ".venv/bin/python"), "-c", USE, env=environment)
    wall = time.perf_counter() - begin
    megabytes = (received() - came, on_disk(clone / ".venv"), on_disk(folder))
    return SetUp(wall, processor() - used, *(size / 1e6 for size in megabytes))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beside", default="30a7fae", metavar="COMMIT")
    parser.add_argument("--folder", default=tempfile.gettempdir())
    asked = parser.parse_args()
    print("| commit | seconds | processor | MB received | MB in .venv | MB with caches |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for commit in (asked.beside, "HEAD"):
        with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
            took = set_up(commit, Path(folder))
        print(f"| {commit} | {' | '.join(f'{value:.0f}' for value in took)} |", flush=True)


if __name__ == "__main__":
    main()

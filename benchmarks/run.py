"""Whole runs beside another commit's: ``python benchmarks/run.py [--beside COMMIT] [CASE ...]``.

Each commit gets a clone and an environment that has this one's packages, with its kernels compiled.
The cases are run in turns, in a new project each time: printed are wall and processor seconds, the
least of the rounds, and the ratio of the wall times. `no-op` is the default experiment once more,
beside Snakemake's own time for as many jobs in a Snakefile that does nothing else.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

HOME = Path(__file__).parents[1]
SWEEP = ("sweep.dataset=gmm", "sweep.covariance=full", "sweep.start=points", "sweep.k=1..4")
SWEEP += ("sweep.seed=0..24999", "sweep.iteration=[100]", "fit=converged", "fit.certify=0")
CASES = {
    "default": (),
    "smoke": ("experiment=smoke",),
    "own file": ("--data", "own.csv", "experiment=default", "sweep.iteration=[100]"),
    "100,000 fits": (*SWEEP, "block.target_seconds=120"),
}
BARE = """
rule all:
    input: [f"made/{i}" for i in range(24)]
rule one:
    output: "made/{i}"
    shell: "touch {output}"
"""


class Time(NamedTuple):
    """Wall and processor seconds of a command and of what it began."""

    wall: float
    processor: float


class Commit:
    """A clone of a commit, and an environment in which it is the package."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.clone, self.environment = name, folder / "clone", folder / "environment"
        git = shutil.which("git") or "git"
        subprocess.run([git, "clone", "--quiet", HOME, self.clone], check=True)
        subprocess.run([git, "checkout", "--quiet", name], cwd=self.clone, check=True)
        venv.create(self.environment, symlinks=True)
        paths = f"{self.clone}\n{sysconfig.get_path('purelib')}\n"
        (site,) = self.environment.glob("lib/python*/site-packages")
        (site / "packages.pth").write_text(paths)
        text = (self.clone / "pyproject.toml").read_text()
        module, function = re.findall(r'^gmmpipe = "(\S+):(\S+)"$', text, re.MULTILINE)[0]
        script = self.environment / "bin/gmmpipe"
        python = self.environment / "bin/python"
        begin = f"import sys\nfrom {module} import {function}\n"  # guarded, as others may import it
        script.write_text(
            f"#!{python}\n{begin}if __name__ == '__main__':\n    sys.exit({function}())\n"
        )
        script.chmod(0o755)
        self.run(("experiment=smoke",), folder / "first")  # kernels, bytecode

    def project(self, folder: Path) -> None:
        """Make a project, with a table of 150 x 4 in it."""
        folder.mkdir()
        shutil.copy(self.clone / "Snakefile", folder)
        for part in ("profiles", "conf", "data", "docs"):
            shutil.copytree(self.clone / part, folder / part)
        rng = np.random.default_rng(0)
        rows = rng.normal(size=(150, 4)) + 4 * rng.integers(3, size=(150, 1))
        np.savetxt(folder / "own.csv", rows, delimiter=",", header="a,b,c,d", comments="")

    def run(self, arguments: tuple[str, ...], folder: Path) -> Time:
        """Run in a folder, made a project if it is none."""
        if not folder.exists():
            self.project(folder)
        return timed([str(self.environment / "bin/gmmpipe"), "run", *arguments], folder)


def timed(command: list[str], folder: Path) -> Time:
    begin = time.perf_counter()
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return Time(time.perf_counter() - begin, used.ru_utime + used.ru_stime)


def bare(folder: Path) -> Time:
    """Return what Snakemake itself takes where there is nothing to do."""
    if not folder.exists():
        folder.mkdir()
        (folder / "Snakefile").write_text(BARE)
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--quiet", "all"]
    return timed(command, folder)


def measure(case: str, commits: list[Commit], rounds: int, folder: Path) -> None:
    """Run a case in turns and print the least of each."""
    each: list[tuple[str, Callable[[Path], Time]]]
    if case == "no-op":
        projects = {commit.name: folder / f"done-{commit.name}" for commit in commits}
        for commit in commits:
            commit.run((), projects[commit.name])
        bare(folder / "bare")
        each = [(c.name, lambda _, c=c: c.run((), projects[c.name])) for c in commits]
        each.append(("Snakemake alone", lambda _: bare(folder / "bare")))
    else:
        each = [(c.name, lambda at, c=c: c.run(CASES[case], at)) for c in commits]
    times: dict[str, list[Time]] = {name: [] for name, _ in each}
    for _ in range(rounds):
        for name, run in each:
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                times[name].append(run(Path(scratch) / "project"))
    first = min(times[each[0][0]]).wall
    for name, found in times.items():
        wall, processor = min(found).wall, min(t.processor for t in found)
        print(
            f"| {case} | {name} | {wall:.1f} | {processor:.1f} | {wall / first:.2f} |", flush=True
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help=f"of {', '.join((*CASES, 'no-op'))}; all for none")
    parser.add_argument("--beside", default="30a7fae", metavar="COMMIT")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", default=tempfile.gettempdir())
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        for part in ("beside", "here"):
            (folder / part).mkdir()
        commits = [Commit(asked.beside, folder / "beside"), Commit("HEAD", folder / "here")]
        print("| case | commit | seconds | processor | of the first |")
        print("| --- | --- | ---: | ---: | ---: |")
        for case in asked.cases or (*CASES, "no-op"):
            measure(case, commits, asked.rounds, folder)


if __name__ == "__main__":
    main()

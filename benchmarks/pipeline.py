"""The whole pipeline on data past memory: ``python benchmarks/pipeline.py [--rows 10_000_000]``.

Makes a project of its own with a .npy file of clusters (D = 2), runs K = 1..3 over some seeds on
it and prints of each job the most anonymous memory (RssAnon of /proc/PID/status, looked at every
50 ms: what a process holds itself, mapped pages of files aside), beside it the most with these
pages, and what the job asks for. ``--text`` and ``--parquet`` take the same rows from such a file.
The folder is removed at the end.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scale import write

from gmmpipe.store.plan import Plan
from gmmpipe.workflow.memory import MB
from gmmpipe.workflow.pipeline import STAGES
from gmmpipe.workflow.resources import JobResources

HOME = Path(__file__).parents[1]
OVERRIDES = ("sweep.k=1..3", "sweep.covariance=[full]", "sweep.iteration=[20]")
OVERRIDES += ("sweep.normaliser=[standard]", "sweep.start=[kmeans]", "figures.formats=[png]")


def project(folder: Path) -> Path:
    for part in ("profiles", "conf", "data", "docs"):
        shutil.copytree(HOME / part, folder / part)
    shutil.copy(HOME / "Snakefile", folder)
    return folder


def as_text(rows: Path, target: Path) -> Path:
    x = np.load(rows, mmap_mode="r")
    with target.open("w") as file:
        file.write("u,v\n")
        for first in range(0, len(x), 100_000):
            np.savetxt(file, x[first : first + 100_000], "%.17g", ",")
    return target


def as_parquet(rows: Path, folder: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    x = np.load(rows, mmap_mode="r")
    folder.mkdir()
    for i, first in enumerate(range(0, len(x), 1_000_000)):
        part = x[first : first + 1_000_000]
        pq.write_table(pa.table({"u": part[:, 0], "v": part[:, 1]}), folder / f"{i:04}.parquet")
    return folder


def processes(root: int) -> Iterator[tuple[str, dict[str, int]]]:
    """Yield the stage and the kilobytes of each process that descends from ``root``."""
    parents, told = {}, {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            lines = dict(
                line.split(":", 1) for line in (path / "status").read_text().splitlines() if line
            )
            words = (path / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue  # it has ended
        pid = int(path.name)
        parents[pid] = int(lines["PPid"])
        if "RssAnon" in lines and not words[0].endswith("sh"):
            kinds = [word for word in words[:4] if word in STAGES]
            held = {key: int(lines[key].split()[0]) for key in ("RssAnon", "RssFile")}
            told[pid] = (kinds[0] if kinds else "run and Snakemake", held)
    for pid, found in told.items():
        above = pid
        while above not in (root, 0, 1):
            above = parents.get(above, 0)
        if above == root:
            yield found


def watched(command: list[str], folder: Path) -> dict[str, list[float]]:
    """Run a command; return of each stage seconds, most RssAnon and most resident megabytes."""
    most: dict[str, list[float]] = {}
    with subprocess.Popen(command, cwd=folder) as process:
        last = time.monotonic()
        while process.poll() is None:
            now, seen = time.monotonic(), set()
            for stage, held in processes(process.pid):
                row = most.setdefault(stage, [0.0, 0.0, 0.0])
                row[0] += (now - last) * (stage not in seen)
                row[1] = max(row[1], held["RssAnon"] / 1024)
                row[2] = max(row[2], (held["RssAnon"] + held["RssFile"]) / 1024)
                seen.add(stage)
            last = now
            time.sleep(0.05)
    if process.returncode:
        sys.exit(f"the run failed ({process.returncode})")
    return most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--folder", default=tempfile.gettempdir())
    parser.add_argument("--text", action="store_true", help="from a .csv file")
    parser.add_argument("--parquet", action="store_true", help="from a folder of Parquet")
    parser.add_argument("overrides", nargs="*", help="further settings")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = project(Path(name))
        source = folder / "rows.npy"
        write(source, asked.rows)
        if asked.text or asked.parquet:
            made = as_text if asked.text else as_parquet
            rows, source = source, made(source, folder / ("rows.csv" if asked.text else "rows"))
            rows.unlink()
        settings = [*OVERRIDES, f"sweep.seed=0..{asked.seeds - 1}", *asked.overrides]
        gmmpipe = [sys.executable, "-P", "-m", "gmmpipe", "run", "--data", source.name, *settings]
        begin = time.monotonic()
        most = watched(gmmpipe, folder)
        spent = time.monotonic() - begin
        plan = next((folder / "results/store/plans").glob("default-????????????.json"))
        print(f"{asked.rows:,} x 2, K = 1..3, {asked.seeds} seeds, 20 iterations: {spent:.0f} s")
        print("| stage | seconds | most MB of its own | with mapped pages | asks for |")
        print("| --- | ---: | ---: | ---: | ---: |")
        study = Plan.read(plan)
        job_resources = JobResources(study)
        for stage, (seconds, anonymous, resident) in most.items():
            wanted = "-"
            if stage in ("generate", "normalise", "fit", "evaluate", "figures", "report"):
                names = STAGES[stage].jobs(study)
                wanted = f"{max(job_resources.of(stage, n).memory for n in names) / MB:.0f}"
            print(f"| {stage} | {seconds:.0f} | {anonymous:.0f} | {resident:.0f} | {wanted} |")


if __name__ == "__main__":
    main()

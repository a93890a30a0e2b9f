"""Measure what work costs: ``python benchmarks/costs.py``, ten minutes on a quiet machine.

Writes build/costs.json, what docs/scale.md rests on. Each number is the least of some repeats;
``load`` is the machine's load average before each part.
"""

import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gmmpipe.workflow.threads import pin_threads

pin_threads()

import numpy as np  # noqa: E402

from gmmpipe.mixture.em import fit as em  # noqa: E402
from gmmpipe.mixture.em.cost import seconds  # noqa: E402
from gmmpipe.mixture.families.family import FAMILIES  # noqa: E402
from gmmpipe.mixture.starts.registry import STARTS, prepared  # noqa: E402
from gmmpipe.workflow import make_plan  # noqa: E402
from gmmpipe.workflow.resources import JobResources  # noqa: E402

Row = dict[str, Any]
HOME = Path(__file__).parents[1]
sys.path.insert(0, str(HOME / "tests"))
from projects import make_project  # noqa: E402

FILE = HOME / "build/costs.json"
SPAN = 0.15  # seconds that the longer of two fits is to take, about
SHAPES = [(n, d, k) for n in (272, 10_000, 100_000, 1_000_000) for d in (2, 8, 32)
          for k in (2, 8, 32) if n * d * k <= 128_000_000 and k * 4 * d < n]  # fmt: skip
SWEEP = ["experiment=smoke", "sweep.dataset=[gmm]", "sweep.covariance=[full]", "sweep.k=1..10"]
SWEEP += ["sweep.start=[points]", "sweep.iteration=[100]", "figures.names=[clusters]"]
HELD = """import sys
sys.path.append(sys.argv.pop(1))
from scale import Memory
from gmmpipe.cli.main import main
with Memory() as held:
    code = main(sys.argv[1:])
print(held.most)
sys.exit(code)"""


def least(work: Callable[[], Any], repeats: int = 3) -> tuple[float, float]:
    """Return the least wall and processor seconds of some calls."""
    best = (float("inf"), float("inf"))
    for _ in range(repeats):
        begin = time.perf_counter(), time.process_time()
        work()
        took = time.perf_counter() - begin[0], time.process_time() - begin[1]
        best = min(best[0], took[0]), min(best[1], took[1])
    return best


def clusters(n: int, d: int, k: int) -> np.ndarray:
    """Return rows of k clusters that overlap."""
    rng = np.random.default_rng(0)
    return 3 * rng.normal(size=(k, d))[rng.integers(k, size=n)] + rng.normal(size=(n, d))


def iterations() -> Iterator[Row]:
    """Yield the seconds of an iteration against N, D, K and threads, and of starts."""
    for n, d, k in SHAPES:
        x = clusters(n, d, k)
        draw = prepared(STARTS["points"](), x, "full")
        start = draw(k, np.random.default_rng(0))
        for threads in (1, 2):
            yield {"n": n, "d": d, "k": k, "threads": threads, "family": "full",
                   **_iteration(x, start, "full", threads)}  # fmt: skip


def families() -> Iterator[Row]:
    """Yield the seconds of an iteration of each family on some shapes, and what is estimated."""
    for n, d, k in ((272, 2, 3), (1000, 8, 5), (20_000, 8, 5), (500, 20, 8)):
        x = clusters(n, d, k)
        start = prepared(STARTS["kmeans"](), x, "full")(k, np.random.default_rng(0))
        for family in (
            name for name in FAMILIES if len(name) == 3
        ):  # mclust's, of several features
            row = {"n": n, "d": d, "k": k, "threads": 1, "family": family}
            yield row | _iteration(x, start, family, 1)


def _iteration(x: np.ndarray, start: Any, family: str, threads: int) -> Row:
    """Return the seconds of an iteration: a long fit less a short one, of as many as are needed."""
    (n, d), k = x.shape, start.n_components
    estimated = seconds(n, d, family, k, 1) - seconds(n, d, family, k, 0)
    count = max(4, min(2000, round(SPAN / estimated)))
    both = []
    for steps in (1, count + 1):
        fit = lambda steps=steps: em.fit(x, [start], family, [steps], threads=threads)  # noqa: E731
        both.append(least(fit, 4)[0])
    return {"seconds": (both[1] - both[0]) / count, "estimated": estimated, "iterations": count}


def fits() -> Iterator[Row]:
    """Yield the seconds of many small fits in one process, starts and all."""
    x = np.loadtxt(HOME / "data/gmm.data")[:, :2]
    for count in (100, 1000, 10_000):
        for threads in (1, 2):
            draw = prepared(STARTS["points"](), x, "full")
            cells = [(k, seed) for k in range(1, 11) for seed in range(count // 10)]
            begin = time.perf_counter()
            starts = [draw(k, np.random.default_rng(seed)) for k, seed in cells]
            drawn = time.perf_counter() - begin
            seconds, _ = least(
                lambda s=starts, t=threads: em.fit(x, s, "full", [100], threads=t), 2
            )
            yield {"fits": count, "threads": threads, "seconds": seconds, "starts": drawn}


def jobs(folder: Path) -> Iterator[Row]:
    """Yield what a job costs beside its work: processes, Snakemake, planning, tables, bytes."""
    python = [sys.executable, "-P", "-m"]
    study = make_plan.make_plan(folder, [*SWEEP, "sweep.seed=0..1"])
    run = [*python, "gmmpipe", "run", *SWEEP, "sweep.seed=0..1"]
    _call(folder, run)
    (block,) = study.fit_blocks
    fit = [*python, "gmmpipe", "fit", *study.fitted(block), "-o", "results/x.npz", "--config"]
    fit.append(study.job("fits", block))
    yield {"what": "a process that fits 20 cells", "seconds": least(lambda: _call(folder, fit))[0]}
    yield {"what": "Snakemake with nothing to do", "seconds": least(lambda: _call(folder, run))[0]}
    snakemake = [*python, "snakemake", "--config", f"plan={study.path}", "--cores", "1", "--force"]
    one = [*snakemake, "--allowed-rules", "fit", "--mode", "remote", study.fit(block)]
    yield {"what": "a job as a node runs it", "seconds": least(lambda: _call(folder, one))[0]}


def sweeps(folder: Path) -> Iterator[Row]:
    """Yield, for sweeps of more and more jobs, the seconds to plan and to work them off."""
    for count, workers in ((20, 1), (20, 2), (40, 2), (80, 2)):
        asked = [*SWEEP, f"sweep.seed=0..{16 * count - 1}", "block.target_seconds=8"]
        run = [sys.executable, "-P", "-m", "gmmpipe", "run", *asked, "--", "--until", "fit"]
        seconds, _ = least(lambda r=run, w=workers: _call(folder, [*r, "--cores", str(w)]), 1)
        study = make_plan.make_plan(folder, asked)
        held = sum((folder / path).stat().st_size for path in study.fits)
        for path in study.fits:
            (folder / path).unlink()
        yield {"jobs": len(study.fits), "workers": workers, "seconds": seconds,
               "fits": 160 * count, "bytes": held}  # fmt: skip


def plans(folder: Path) -> Iterator[Row]:
    """Yield the seconds to plan sweeps, how many jobs they have, and the bytes of the plan."""
    for seeds, target in ((1_000, 30), (10_000, 30), (10_000, 600), (100_000, 600)):
        asked = [*SWEEP, f"sweep.seed=0..{seeds - 1}", f"block.target_seconds={target}"]
        seconds, _ = least(lambda a=asked: make_plan.make_plan(folder, a), 5)
        study = make_plan.make_plan(folder, asked)
        size = (folder / study.path).stat().st_size
        yield {"fits": 10 * seeds, "target": target, "jobs": len(study.fits), "seconds": seconds,
               "bytes": size}  # fmt: skip


def tables(folder: Path) -> Iterator[Row]:
    """Yield the seconds and bytes of the tables of sweeps."""
    for seeds in (100, 1_000):
        asked = [*SWEEP, f"sweep.seed=0..{seeds - 1}"]
        run = [sys.executable, "-P", "-m", "gmmpipe", "run", *asked, "--"]
        _call(folder, [*run, "--until", "fit"])
        study = make_plan.make_plan(folder, asked)
        for threads in (1, 2):
            made = [sys.executable, "-P", "-m", "gmmpipe", "evaluate", study.path, "-o",
                    "results/t", "--threads", str(threads)]  # fmt: skip
            seconds, _ = least(lambda m=made: _call(folder, m), 1)
            held = sum(path.stat().st_size for path in (folder / "results/t").iterdir())
            stored = sum((folder / path).stat().st_size for path in study.fits)
            yield {"cells": 10 * seeds, "threads": threads, "seconds": seconds, "bytes": held,
                   "stored": stored}  # fmt: skip


def large(folder: Path) -> Iterator[Row]:
    """Yield the seconds of the tables of few fits of larger data: each cell is a pass over them."""
    for n, seeds in ((10_000, 20), (200_000, 2), (200_000, 12)):
        asked = [
            "experiment=smoke",
            "sweep.dataset=[blobs]",
            "sweep.covariance=[full]",
            "sweep.k=8",
        ]
        asked += [f"dataset.blobs.n={n}", "dataset.blobs.k=8", f"sweep.seed=0..{seeds - 1}"]
        asked += ["sweep.iteration=[3]", "sweep.start=[points]"]
        _call(
            folder, [sys.executable, "-P", "-m", "gmmpipe", "run", *asked, "--", "--until", "fit"]
        )
        study = make_plan.make_plan(folder, asked)
        made = [sys.executable, "-P", "-m", "gmmpipe", "evaluate", study.path, "-o", "results/t"]
        yield {
            "n": n,
            "d": 2,
            "k": 8,
            "cells": seeds,
            "seconds": least(lambda m=made: _call(folder, m), 1)[0],
        }


def memory(folder: Path) -> Iterator[Row]:
    """Yield the most memory that stages hold, mapped files aside, and what is estimated for it."""
    for n, d in ((10_000, 2), (1_000_000, 2), (4_000_000, 2), (1_000_000, 8)):
        asked = [
            "experiment=smoke",
            "sweep.dataset=[blobs]",
            "sweep.covariance=[full]",
            "sweep.k=8",
        ]
        asked += [f"dataset.blobs.n={n}", f"dataset.blobs.d={d}", "dataset.blobs.k=8"]
        study = make_plan.make_plan(folder, [*asked, "sweep.seed=0", "sweep.iteration=[3]"])
        (data,), (normalised,), (block,) = (
            study.entries(s) for s in ("data", "normalised", "fits")
        )
        told = {"normalise": normalised, "fit": block, "evaluate": ""}
        stages = {
            "generate": [study.stored(data), "--config", study.job("data", data)],
            "normalise": [study.raw(normalised), "-o", study.normalised(block), "--config",
                          study.job("normalised", normalised)],
            "fit": [*study.fitted(block), "-o", study.fit(block), "--config",
                    study.job("fits", block)],
            "evaluate": [study.path, "-o", f"{study.folder}/tables"],
        }  # fmt: skip
        stages["generate"].insert(0, "-o")
        for stage, arguments in stages.items():
            said = _call(
                folder, [sys.executable, "-P", "-c", HELD, str(FILE.parent), stage, *arguments]
            )
            if stage in told:
                need = JobResources(study).of(stage, told[stage]).memory
                yield {"stage": stage, "n": n, "d": d, "values": 8 * n * d,
                       "held": float(said.split()[-1]) * 2**20,
                       "estimated": need}  # fmt: skip


def _call(folder: Path, command: list[str]) -> str:
    """Run a command; return what it says."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)[:200]}: {done.stdout[-500:]}{done.stderr[-2000:]}")
    return done.stdout


def main() -> None:
    """Measure all, or the parts that are named as arguments, and keep the others."""
    found: Row = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    found["machine"] = {"cpu": _cpu(), "cores": os.cpu_count(), "system": platform.system()}
    with tempfile.TemporaryDirectory() as place:
        folder = make_project(Path(place) / "project")
        parts = {"iterations": iterations, "families": families, "fits": fits}
        parts |= {
            f.__name__: lambda f=f: f(folder) for f in (jobs, sweeps, plans, tables, large, memory)
        }
        for name in sys.argv[1:] or parts:
            load = os.getloadavg()[0]
            begin = time.perf_counter()
            with contextlib.chdir(folder):
                found[name] = list(parts[name]())
            found.setdefault("load", {})[name] = round(load, 2)
            print(f"{name}: {time.perf_counter() - begin:.0f} s", flush=True)
    lines = (f" {json.dumps(k)}: [\n  " + ",\n  ".join(map(json.dumps, v)) + "\n ]"
             if isinstance(v, list) else f" {json.dumps(k)}: {json.dumps(v)}"
             for k, v in found.items())  # fmt: skip
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next(line.split(": ")[1] for line in lines if line.startswith("model name"))


if __name__ == "__main__":
    main()

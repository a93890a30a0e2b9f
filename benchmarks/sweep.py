"""A sweep of very many fits, end to end: run ``python benchmarks/sweep.py [--fits 100_000]``.

In a temporary project `gmmpipe run` plans (-n) and makes a version of Old Faithful (272 x 2): K = 1
to 4, full covariances, random points as starts, at most 100 iterations, tables, figures and report
included; without carrying runs on for certificates. --target says how much work a job holds, as
each costs a second. Then evaluate is run alone once more, for its memory: the largest resident set
of any of its processes, as the system counts it. scikit-learn, in as many processes by joblib,
fits the first 1,000 of them from the same starts, in the same units, with the same tolerance; its
time for all is that times their number.
"""

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed
from sklearn.mixture import GaussianMixture

import gmmpipe
from gmmpipe.store.plan import Plan

HOME = Path(__file__).parents[1]
KS = (1, 2, 3, 4)
ITERATIONS = 100


class Run(NamedTuple):
    """What a command took: wall and processor seconds, and the largest process in megabytes."""

    wall: float
    processor: float
    megabytes: float


def command(*arguments: str) -> Run:
    """Run `gmmpipe ARGUMENTS` in the working folder."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "gmmpipe", *arguments], stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"gmmpipe {arguments[0]} ended with {process.returncode}")
    took = time.perf_counter() - begin
    return Run(took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def project(folder: Path) -> None:
    """Copy what makes a folder a project."""
    shutil.copy(HOME / "Snakefile", folder)
    for part in ("profiles", "conf", "data", "docs"):
        shutil.copytree(HOME / part, folder / part)


def stages(results: Path) -> dict[str, float]:
    """Return the seconds of the jobs of each rule, added up, as Snakemake measured them."""
    found: dict[str, float] = {}
    for path in sorted(results.glob("benchmarks/*/*.tsv")):
        with path.open(encoding="utf-8") as file:
            (row,) = csv.DictReader(file, delimiter="\t")
        found[path.parent.name] = found.get(path.parent.name, 0.0) + float(row["s"])
    return found


def cases(study: Plan, n: int) -> tuple[Any, list[dict[str, Any]]]:
    """Return the normalised data and the starts of n fits, as many of each K."""
    run = gmmpipe.load(study.folder)
    x = run.stored(study.normalisations[0])["x"]
    seeds = run.fits.loc[run.fits["seed"] < n // len(KS), ["k", "seed"]]
    parts = run.rows("parameters", seeds)
    starts = []
    for (k, _), rows in parts.groupby(["k", "seed"]):
        covariances = np.stack(rows["start_covariance"].to_list()).reshape(k, x.shape[1], -1)
        starts.append(
            {
                "n_components": k,
                "weights_init": rows["start_weight"].to_numpy(),
                "means_init": np.stack(rows["start_mean"].to_list()),
                "precisions_init": np.linalg.inv(covariances),
            }
        )
    return x, starts


def peer(x: Any, start: dict[str, Any], tol: float) -> float:
    """Fit with scikit-learn; return the log-likelihood."""
    warnings.simplefilter("ignore")  # that it did not converge
    model = GaussianMixture(**start, max_iter=ITERATIONS, tol=tol, reg_covar=1e-6).fit(x)
    return float(model.score(x) * len(x))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fits", type=int, default=100_000)
    parser.add_argument("--peers", type=int, default=1_000, help="fits that scikit-learn does")
    parser.add_argument("--target", type=int, default=120, help="block.target_seconds")
    parser.add_argument("--folder", default=tempfile.gettempdir())
    asked = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    sweep = [
        *("sweep.dataset=gmm", "sweep.covariance=full", "sweep.start=points", "fit=converged"),
        f"sweep.k={KS[0]}..{KS[-1]}",
        f"sweep.seed=0..{asked.fits // len(KS) - 1}",
        f"sweep.iteration=[{ITERATIONS}]",
        f"block.target_seconds={asked.target}",
        "fit.certify=0",
    ]
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        project(Path(folder))
        os.chdir(folder)
        plan = command("run", *sweep, "--", "-n")
        whole = command("run", *sweep)
        (path,) = (p for p in Path("results/store/plans").glob("*.json") if p.stem.count(".") == 0)
        study = Plan.read(path)
        jobs = len(study.fit_blocks) + len(study.data_sets) + len(study.normalised_data) + 4
        print(f"{asked.fits:,} fits on {cores} cores, block.target_seconds={asked.target}")
        print(f"planned in {plan.wall:.1f} s; {jobs} jobs")
        print(f"end to end {whole.wall:.0f} s, processor {whole.processor:.0f} s")
        print(
            "jobs of each rule, s:",
            {name: round(s, 1) for name, s in stages(Path("results")).items()},
        )
        again = command("evaluate", str(path), "-o", "again", "--threads", str(cores))
        print(
            f"evaluate alone {again.wall:.0f} s, processor {again.processor:.0f} s,"
            f" largest process {again.megabytes:.0f} MB"
        )
        second = command("run", *sweep)
        print(f"run once more, nothing to do: {second.wall:.1f} s")
        x, starts = cases(study, asked.peers)
        tol = study.config["fit"]["tol"]
        with Parallel(cores) as pool:
            pool(delayed(peer)(x, start, tol) for start in starts[: 4 * cores])  # libraries loaded
            begin = time.perf_counter()
            pool(delayed(peer)(x, start, tol) for start in starts)
            took = time.perf_counter() - begin
        total = took * asked.fits / len(starts)
        print(
            f"scikit-learn {len(starts):,} fits {took:.1f} s, so all in {total:.0f} s:"
            f" {total / whole.wall:.1f} times our whole run,"
            f" {total * cores / stages(Path('results'))['fit']:.0f} times our fitting"
        )


if __name__ == "__main__":
    main()

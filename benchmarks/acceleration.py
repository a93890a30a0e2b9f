"""Count passes to the optimum with and without acceleration: ``python benchmarks/acceleration.py``.

Every start goes to the end of plain EM (its optimum) and is then followed by each method until the
log-likelihood is within GAP nats of that. Starts from which a method comes to another optimum are
counted apart. A pass that rejects an extrapolation is counted like any other.
"""

import time
from pathlib import Path

import numpy as np
from sklearn.datasets import load_iris, load_wine

from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.em.acceleration import ACCELERATIONS
from gmmpipe.mixture.em.options import FitOptions
from gmmpipe.mixture.starts.registry import STARTS

GAP = 1e-9  # nats
MOST = 50_000  # passes of plain EM
SEEDS = 50
FAITHFUL = np.loadtxt(Path(__file__).parents[1] / "data" / "gmm.data")
CASES = [
    *(("Old Faithful", FAITHFUL, "full", k) for k in (3, 4, 5, 6)),
    ("Old Faithful", FAITHFUL, "VEE", 3),
    ("Old Faithful", FAITHFUL, "tied", 4),
    ("iris", load_iris().data, "full", 3),
    ("iris", load_iris().data, "VEV", 2),
    ("wine", load_wine().data, "diag", 5),
]


def passes(trajectory: np.ndarray, optimum: float) -> int:
    """Return after how many passes a trajectory is there; the first M step is one."""
    return int(np.argmax(trajectory >= optimum - GAP))


def compare(name: str, x: np.ndarray, family: str, k: int) -> dict[str, tuple[float, float]]:
    """Print a row for each method; return median passes and the median ratio to plain EM."""
    starts = [STARTS["points"]()(x, k, np.random.default_rng(seed)) for seed in range(SEEDS)]
    plain = em.fit(x, starts, family, [MOST], FitOptions(tol=1e-15))
    found = {"none": plain}
    seconds = {}
    for method in ("none", *ACCELERATIONS):
        begin = time.perf_counter()
        found[method] = em.fit(
            x, starts, family, [MOST], FitOptions(tol=1e-15, acceleration=method)
        )
        seconds[method] = time.perf_counter() - begin
    medians = {}
    for method, fits in found.items():
        counts, ratios = [], []
        for before, after in zip(plain, fits, strict=True):
            optimum = max(before.trajectory[-1], after.trajectory[-1])
            if min(before.trajectory[-1], after.trajectory[-1]) < optimum - GAP:
                continue  # another optimum, or one of them was cut off
            counts.append(passes(after.trajectory, optimum))
            ratios.append(passes(before.trajectory, optimum) / max(1, counts[-1]))
        medians[method] = float(np.median(counts)), float(np.median(ratios))
        end = np.mean([fit.trajectory[-1] for fit in fits])
        fall = max(0.0, -min(np.diff(fit.trajectory).min() for fit in fits))
        print(
            f"{name:13} {family:5} {k} {method:9} {medians[method][0]:6.0f}"
            f" {np.percentile(counts, 90):6.0f} {medians[method][1]:6.1f}x {len(counts):9}/{SEEDS}"
            f" {end:11.3f} {fall:10.1e} {1e3 * seconds[method] / SEEDS:9.1f}"
        )
    return medians


if __name__ == "__main__":
    print(
        "data          family K method    median   90 %   ratio same optimum"
        "    mean end  worst fall    ms/fit"
    )
    table = [compare(*case) for case in CASES]
    for method in ACCELERATIONS:
        ratios = [row["none"][0] / row[method][0] for row in table]
        print(f"{method}: {np.median(ratios):.1f} times fewer passes (median of the rows)")

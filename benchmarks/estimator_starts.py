"""Count how often 20 starts reach the best known fit: ``python benchmarks/estimator_starts.py``.

For the estimator's ``init_params`` "kmeans" (scikit-learn's default) and "mixed": each case, a data
set, family and K, is fitted with n_init=20 from REPEATS random states. The best known fit is the
sound one of highest log-likelihood of all those and of 40 further starts of either kind; reached
is what comes within NATS of it. The seconds are the processor's, of all fits with n_init=20.
"""

import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_iris, load_wine
from threadpoolctl import threadpool_limits

from gmmpipe import GaussianMixture
from gmmpipe.mixture.diagnostics.restarts import NATS

REPEATS, FURTHER = 3, 40
METHODS = ("kmeans", "mixed")
FAMILIES = ("full", "tied", "diag", "spherical")
FAITHFUL = np.loadtxt(Path(__file__).parents[1] / "data" / "gmm.data")


def crossed(rng: np.random.Generator) -> np.ndarray:
    """Return two long groups that cross, and a small one beside them."""
    along = [rng.normal(size=(150, 2)) * scale for scale in ([4, 0.3], [0.3, 4])]
    return np.vstack([*along, rng.normal(size=(40, 2)) * 0.5 + [3, 3]])


def units(x: np.ndarray) -> np.ndarray:
    """Return the data with the first feature in units a thousand times smaller."""
    return x * np.append(1000.0, np.ones(x.shape[1] - 1))


DATA = {
    "Old Faithful": FAITHFUL,
    "iris": load_iris().data,
    "iris, other units": units(load_iris().data),
    "wine": load_wine().data,
    "crossed groups": crossed(np.random.default_rng(0)),
    "crossed, other units": units(crossed(np.random.default_rng(0))),
}


def fitted(x: np.ndarray, k: int, **options: object) -> float:
    """Return the total log-likelihood of the fit, -inf where it is not sound."""
    model = GaussianMixture(k, tol=1e-8, max_iter=2000, **options).fit(x)
    return -np.inf if model.degenerate_ else float(model.trajectory_[-1])


def compare(name: str, x: np.ndarray, ks: range) -> np.ndarray:
    """Print a row for each family; return per method cases, reached, always and missed by."""
    told = np.zeros((len(METHODS), 4))
    for family in FAMILIES:
        row = np.zeros((len(METHODS), 4))
        for k in ks:
            ends, best = np.empty((len(METHODS), REPEATS)), -np.inf
            for i, method in enumerate(METHODS):
                how = {"covariance_type": family, "init_params": method}
                begin = time.process_time()
                ends[i] = [fitted(x, k, n_init=20, random_state=r, **how) for r in range(REPEATS)]
                row[i, 3] += time.process_time() - begin
                further = fitted(x, k, n_init=FURTHER, random_state=REPEATS, **how)
                best = max(best, further, ends[i].max())
            if np.isneginf(best):
                continue  # no sound fit is known
            reached = ends >= best - NATS
            row[:, 0] += 1
            row[:, 1] += reached.all(axis=1)
            row[:, 2] += reached.mean(axis=1)
        cells = " | ".join(
            f"{always:.0f} | {mean:.1f} | {seconds:.1f}" for _, always, mean, seconds in row
        )
        print(f"| {name} | {family} | {row[0, 0]:.0f} | {cells} |", flush=True)
        told += row
    return told


def main() -> None:
    """Print the table."""
    print("| data | family | cases |" + "".join(f" {m}: each time | mean | s |" for m in METHODS))
    print("| --- | --- | ---: |" + " ---: |" * 3 * len(METHODS))
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        total = sum(compare(name, x, range(2, 6)) for name, x in DATA.items())
    cells = " | ".join(f"{a:.0f} | {m:.1f} | {s:.1f}" for _, a, m, s in total)
    print(f"| all | | {total[0, 0]:.0f} | {cells} |")


if __name__ == "__main__":
    main()

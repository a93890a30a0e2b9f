"""The implementations that ``engine.py`` compares, each run in a process of its own.

Run as ``python peers.py NAME THREADS``. Reads lines of JSON: {"data": npz file, "iterations": n},
answers each with {"seconds", "iterations", "log_likelihood", "megabytes"}, where iterations is
how many the first fit really did. An npz file holds x (N, D) and lists of starts (weights, means,
covariances). Needs numpy and the peer, nothing else.
"""

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

Start = tuple[Any, Any, Any]  # weights (K,), means (K, D), covariances (K, D, D)
Outcome = tuple[float, int]  # log-likelihood, iterations
Peer = Callable[[Any, list[Start], int, int], list[Outcome]]


def fit_gmmpipe(x: Any, starts: list[Start], iterations: int, threads: int) -> list[Outcome]:
    """Return log-likelihood and iterations of each start; so do the others."""
    from gmmpipe.numerics.em import fit
    from gmmpipe.numerics.mixture import Mixture

    mixtures = [Mixture(*start) for start in starts]
    fits = fit(
        x, mixtures, "full", [iterations], regularisation=0.0, reg_covar=1e-6, threads=threads
    )
    return [(float(result.trajectory[-1]), result.n_iter) for result in fits]


def fit_scikit_learn(x: Any, starts: list[Start], iterations: int, threads: int) -> list[Outcome]:
    """Take the threads from the environment."""
    from sklearn.mixture import GaussianMixture

    del threads
    values = []
    for weights, means, covariances in starts:
        model = GaussianMixture(
            len(weights),
            weights_init=weights,
            means_init=means,
            precisions_init=np.linalg.inv(covariances),
            max_iter=iterations,
            tol=0.0,
            reg_covar=1e-6,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(x)
        values.append((float(model.score(x) * len(x)), model.n_iter_))
    return values


def fit_onedal(x: Any, starts: list[Start], iterations: int, threads: int) -> list[Outcome]:
    """Give NaN where oneDAL raises; its log-likelihood is that before its last M step."""
    import daal4py

    daal4py.daalinit(threads)
    values = []
    for weights, means, covariances in starts:
        algorithm = daal4py.em_gmm(
            len(weights), maxIterations=iterations, accuracyThreshold=0.0, covarianceStorage="full"
        )
        try:
            result = algorithm.compute(x, weights[None], means, list(covariances))
            values.append((float(result.goalFunction[0, 0]), int(result.nIterations[0, 0])))
        except RuntimeError:
            values.append((np.nan, 0))
    return values


PEERS: dict[str, Peer] = {
    "gmmpipe": fit_gmmpipe,
    "scikit-learn": fit_scikit_learn,
    "oneDAL": fit_onedal,
}


def read(path: str) -> tuple[Any, list[Start]]:
    """Return the data and the starts of an npz file."""
    with np.load(path) as file:
        x, sizes = file["x"], file["sizes"]
        ends = np.cumsum(sizes)
        parts = [np.split(file[name], ends[:-1]) for name in ("weights", "means", "covariances")]
    return x, list(zip(*parts, strict=True))


def peak_memory() -> float:
    """Return the most memory the process has held, in megabytes."""
    try:
        with open("/proc/self/status") as status:  # noqa: PTH123 - pathlib costs more than it says
            return next(int(line.split()[1]) / 1024 for line in status if "VmHWM" in line)
    except OSError:  # not Linux; there a child does not start from its parent's peak
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    """Answer the requests on standard input."""
    peer, threads = PEERS[sys.argv[1]], int(sys.argv[2])
    path, x, starts = "", None, []
    for line in sys.stdin:
        request = json.loads(line)
        if request["data"] != path:
            path = request["data"]
            x, starts = read(path)
        began = time.perf_counter()
        values = peer(x, starts, request["iterations"], threads)
        seconds = time.perf_counter() - began
        answer = {
            "seconds": seconds,
            "iterations": values[0][1],
            "log_likelihood": values[0][0],
            "megabytes": peak_memory(),
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

"""mlpack; its Python interface ignores a start (``input_model``) and begins with k-means.

So its likelihood cannot be compared and is not given. A tolerance of 0 would stop it where the
likelihood no longer changes, unsaid; its count of iterations begins at one.
"""

from collections.abc import Callable
from typing import Any

import mlpack


def version() -> str:
    return mlpack.__version__


def prepare(x: Any, starts: list[Any], iterations: int, threads: int) -> Callable[[], list[Any]]:
    del threads  # OMP_NUM_THREADS

    def run() -> list[Any]:
        for weights, _, _ in starts:
            mlpack.gmm_train(
                gaussians=len(weights),
                input_=x,
                max_iterations=iterations + 1,
                tolerance=-1.0,
                kmeans_max_iterations=1,
                seed=1,
            )
        return [(None, iterations)] * len(starts)

    return run

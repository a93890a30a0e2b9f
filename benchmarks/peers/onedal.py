"""oneDAL through daal4py; its log-likelihood is that before its last M step, NaN if it raises."""

from collections.abc import Callable
from importlib.metadata import version as installed
from typing import Any

import daal4py
import numpy as np


def version() -> str:
    return installed("daal4py")


def prepare(x: Any, starts: list[Any], iterations: int, threads: int) -> Callable[[], list[Any]]:
    daal4py.daalinit(threads)

    def fit(start: Any) -> tuple[float, int]:
        weights, means, covariances = start
        algorithm = daal4py.em_gmm(
            len(weights), maxIterations=iterations, accuracyThreshold=0.0, covarianceStorage="full"
        )
        try:
            result = algorithm.compute(x, weights[None], means, list(covariances))
        except RuntimeError:
            return np.nan, 0
        return float(result.goalFunction[0, 0]), int(result.nIterations[0, 0])

    return lambda: [fit(start) for start in starts]

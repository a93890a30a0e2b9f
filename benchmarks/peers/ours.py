"""gmmpipe itself."""

from collections.abc import Callable
from importlib.metadata import version as installed
from typing import Any

from gmmpipe import FitOptions, GaussianMixture, Mixture, fit

ESTIMATOR = GaussianMixture


def version() -> str:
    return installed("gmmpipe")


def prepare(x: Any, starts: list[Any], iterations: int, threads: int) -> Callable[[], list[Any]]:
    mixtures = [Mixture(*start) for start in starts]
    options = FitOptions(regularisation=0.0, reg_covar=1e-6)

    def run() -> list[Any]:
        fits = fit(x, mixtures, "full", [iterations], options, threads=threads)
        return [(float(result.trajectory[-1]), result.n_iter) for result in fits]

    return run

"""scikit-learn; its threads are those of BLAS, taken from the environment."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import sklearn
from sklearn.mixture import GaussianMixture

ESTIMATOR = GaussianMixture


def version() -> str:
    return sklearn.__version__


def prepare(x: Any, starts: list[Any], iterations: int, threads: int) -> Callable[[], list[Any]]:
    del threads
    warnings.simplefilter("ignore")  # that it did not converge
    models = [
        GaussianMixture(
            len(weights),
            weights_init=weights,
            means_init=means,
            precisions_init=np.linalg.inv(covariances),
            max_iter=iterations,
            tol=0.0,
            reg_covar=1e-6,
        )
        for weights, means, covariances in starts
    ]

    def run() -> list[Any]:
        fitted = [model.fit(x) for model in models]
        return [(float(model.score(x) * len(x)), model.n_iter_) for model in fitted]

    return run

"""gmmx, in the single precision that it insists on."""

import os
from collections.abc import Callable
from importlib.metadata import version as installed
from typing import Any

import jax
import numpy as np
from gmmx import EMFitter, GaussianMixtureModelJax

_compiled = set()


def version() -> str:
    return f"{installed('gmmx')} (jax {jax.__version__})"


def prepare(x: Any, starts: list[Any], iterations: int, threads: int) -> Callable[[], list[Any]]:
    if hasattr(os, "sched_setaffinity"):  # XLA takes as many threads as it may use cores
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    data, fitter = jax.device_put(x.astype(np.float32)), EMFitter(iterations, 0.0, 1e-6)
    models = []
    for start in starts:
        weights, means, covariances = (jax.device_put(part.astype(np.float32)) for part in start)
        models.append(GaussianMixtureModelJax.from_squeezed(means, covariances, weights))

    def fit(model: Any) -> tuple[float, int]:
        result = fitter.fit(data, model)
        return float(fitter.e_step(data, result.gmm)[0]) * len(x), int(result.n_iter)

    for model in models:
        kind = (x.shape, model.n_components, iterations)
        if kind not in _compiled:
            _compiled.add(kind)
            fit(model)
    return lambda: [fit(model) for model in models]

"""Which engine evaluates densities."""

import numpy as np

from gmmpipe.mixture.engine import Engine, Weighted
from gmmpipe.mixture.engines.noise import WithNoise
from gmmpipe.mixture.mixture import Array, Mixture


def for_densities(x: Array, mixture: Mixture, threads: int) -> Engine:
    """Return the engine whose passes evaluate densities; NaN in x is a missing value."""
    weight = np.ones(len(x))
    engine = densities(x, weight, threads)
    if mixture.box is None:
        return engine
    return WithNoise(x, weight, mixture.box, engine, engine)


def densities(x: Array, weight: Array, threads: int) -> Weighted:
    """Return the engine for Gaussian components; NaN in x is a missing value."""
    if np.isnan(x).any():
        from gmmpipe.mixture.engines.missing import Patterns

        return Patterns(x, weight)
    from gmmpipe.mixture.kernels.engine import Engine as Compiled

    return Compiled(x, weight, axis_aligned=False, threads=threads, densities=True)

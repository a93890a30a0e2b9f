"""Which engine does the passes over samples in memory, and which other executors there are."""

import numpy as np

from gmmpipe.mixture.engine import Engine, Weighted
from gmmpipe.mixture.engines.dask import Dask
from gmmpipe.mixture.engines.noise import WithNoise
from gmmpipe.mixture.engines.partitioned import Cluster
from gmmpipe.mixture.mixture import Array, Mixture

EXECUTORS: dict[str, type[Cluster]] = {"dask": Dask}  # by engine.kind


def for_densities(x: Array, mixture: Mixture, threads: int) -> Engine:
    """Return the engine whose passes evaluate densities; NaN in x is a missing value."""
    weight = np.ones(len(x))
    engine = densities(x, weight, threads)
    if mixture.box is None:
        return engine
    return WithNoise(x, weight, mixture.box, engine, engine)


def densities(x: Array, weight: Array, threads: int) -> Weighted:
    """Return the engine for Gaussian components; NaN in x is a missing value."""
    return in_memory(x, weight, False, threads, bool(np.isnan(x).any()), densities=True)


def in_memory(  # noqa: PLR0913 - the samples, and what is asked of passes over them
    x: Array,
    weight: Array,
    axis_aligned: bool,
    threads: int,
    missing: bool,
    *,
    densities: bool = False,
) -> Weighted:
    """Return an engine over x (N, D) of weight (N,); missing: x holds NaN.

    densities: its passes are to evaluate densities, not moments.
    """
    if missing:
        from gmmpipe.mixture.engines.missing import Patterns

        return Patterns(x, weight)
    from gmmpipe.mixture.kernels.engine import Engine as Compiled

    return Compiled(x, weight, axis_aligned, threads, densities)

"""Which engine does the passes over the samples where each iteration comes back to Python."""

from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.mixture.em.problem import Problem
from gmmpipe.mixture.engines.base import Engine, Weighted
from gmmpipe.mixture.engines.noise import WithNoise
from gmmpipe.mixture.mixture import Array, Mixture

if TYPE_CHECKING:
    from gmmpipe.mixture.kernels.engine import Engine as Compiled


def for_moments(problem: Problem, threads: int) -> Engine:
    """Return the engine whose passes measure moments.

    With missing values it is in numpy; with noise it has two.
    """
    x, weight = problem.x, problem.weight
    moments: Weighted
    if "missing" in problem.features:
        from gmmpipe.mixture.engines.missing import Patterns

        moments = Patterns(x, weight)
    else:
        moments = compiled(problem, threads)
    if problem.box is None:
        return moments
    return WithNoise(x, weight, problem.box, moments, _for_densities(x, weight, threads))


def compiled(problem: Problem, threads: int) -> "Compiled":
    """Return the compiled engine, which can also run fits from start to end (``advance``)."""
    from gmmpipe.mixture.kernels.engine import Engine as Compiled

    axis_aligned = problem.family.axis_aligned
    if problem.partitions is not None:
        return problem.partitions.engine(axis_aligned)
    return Compiled(problem.x, problem.weight, axis_aligned, threads)


def for_densities(x: Array, mixture: Mixture, threads: int) -> Engine:
    """Return the engine whose passes evaluate densities; NaN in x is a missing value."""
    weight = np.ones(len(x))
    densities = _for_densities(x, weight, threads)
    if mixture.box is None:
        return densities
    return WithNoise(x, weight, mixture.box, densities, densities)


def _for_densities(x: Array, weight: Array, threads: int) -> Weighted:
    if np.isnan(x).any():
        from gmmpipe.mixture.engines.missing import Patterns

        return Patterns(x, weight)
    from gmmpipe.mixture.kernels.engine import Engine as Compiled

    return Compiled(x, weight, axis_aligned=False, threads=threads, densities=True)

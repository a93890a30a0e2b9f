"""Which engine does the passes over the samples where each iteration comes back to Python."""

from typing import Any

import numpy as np

from gmmpipe.mixture.em.problem import Problem
from gmmpipe.mixture.engines.base import Passes, Weighted
from gmmpipe.mixture.engines.noise import WithNoise
from gmmpipe.mixture.mixture import Array, Mixture


def for_moments(problem: Problem, threads: int) -> Any:
    """Return the engine whose passes measure moments, called as Passes say.

    With missing values it is in numpy; with noise it has two. The compiled ones have ``advance``.
    """
    if problem.partitions is not None:
        return problem.partitions.engine(problem.family.axis_aligned)
    if problem.box is None:
        return _for_moments(problem, threads)
    x, weight = problem.x, problem.weight
    engines = _for_moments(problem, threads), _for_densities(x, weight, threads)
    return WithNoise(x, weight, problem.box, engines)


def for_densities(x: Array, mixture: Mixture, threads: int) -> Passes:
    """Return the engine whose passes evaluate densities; NaN in x is a missing value."""
    weight = np.ones(len(x))
    densities = _for_densities(x, weight, threads)
    if mixture.box is None:
        return densities
    return WithNoise(x, weight, mixture.box, (densities, densities))


def _for_moments(problem: Problem, threads: int) -> Weighted:
    if "missing" in problem.features:
        from gmmpipe.mixture.engines.missing import Patterns

        return Patterns(problem.x, problem.weight)
    from gmmpipe.mixture.kernels.engine import Engine

    return Engine(problem.x, problem.weight, problem.family.axis_aligned, threads)


def _for_densities(x: Array, weight: Array, threads: int) -> Weighted:
    if np.isnan(x).any():
        from gmmpipe.mixture.engines.missing import Patterns

        return Patterns(x, weight)
    from gmmpipe.mixture.kernels.engine import Engine

    return Engine(x, weight, axis_aligned=False, threads=threads, densities=True)

"""Which engine does the passes over the samples of a fit."""

from typing import TYPE_CHECKING

from gmmpipe.mixture.em.problem import Problem
from gmmpipe.mixture.engine import Engine, Weighted
from gmmpipe.mixture.engines.choose import densities
from gmmpipe.mixture.engines.noise import WithNoise

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
    return WithNoise(x, weight, problem.box, moments, densities(x, weight, threads))


def compiled(problem: Problem, threads: int) -> "Compiled":
    """Return the compiled engine, which can also run fits from start to end (``advance``)."""
    from gmmpipe.mixture.kernels.engine import Engine as Compiled

    axis_aligned = problem.family.axis_aligned
    if problem.partitions is not None:
        return problem.partitions.engine(axis_aligned)
    return Compiled(problem.x, problem.weight, axis_aligned, threads)

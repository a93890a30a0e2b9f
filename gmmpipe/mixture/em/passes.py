"""Which engine does the passes over the samples of a fit."""

from typing import TYPE_CHECKING

from gmmpipe.mixture.em.problem import Problem
from gmmpipe.mixture.engine import Engine
from gmmpipe.mixture.engines.choose import densities, in_memory
from gmmpipe.mixture.engines.noise import WithNoise

if TYPE_CHECKING:
    from gmmpipe.mixture.kernels.engine import Engine as Compiled
    from gmmpipe.mixture.kernels.spread import PartitionedEngine


def for_moments(problem: Problem, threads: int) -> Engine:
    """Return the engine whose passes measure moments.

    With missing values it is in numpy; with noise it has two.
    """
    if problem.partitions is not None:
        return compiled(problem, threads)
    x, weight, missing = problem.x, problem.weight, "missing" in problem.features
    moments = in_memory(x, weight, problem.family.axis_aligned, threads, missing)
    if problem.box is None:
        return moments
    return WithNoise(x, weight, problem.box, moments, densities(x, weight, threads))


def compiled(problem: Problem, threads: int) -> "Compiled | PartitionedEngine":
    """Return the compiled engine, which can also run fits from start to end (``advance``)."""
    axis_aligned = problem.family.axis_aligned
    if problem.partitions is not None:
        return problem.partitions.engine(axis_aligned)
    from gmmpipe.mixture.kernels.engine import Engine as Compiled

    return Compiled(problem.x, problem.weight, axis_aligned, threads)

"""Which engine does the passes over the samples of a fit."""

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from gmmpipe.mixture.em.problem import Problem
from gmmpipe.mixture.engine import Engine
from gmmpipe.mixture.engines.choose import densities, in_memory
from gmmpipe.mixture.engines.noise import WithNoise

if TYPE_CHECKING:
    from gmmpipe.mixture.kernels.records import Fits, Rules


@runtime_checkable
class Fused(Engine, Protocol):
    """An engine that can also run fits from start to end, of families with a compiled M step."""

    def advance(self, rules: "Rules", fits: "Fits", seconds: float) -> None:
        """Run all fits by these rules; what becomes of each is written into ``fits``.

        seconds: what an iteration of the largest takes one thread.
        """


def for_moments(problem: Problem, threads: int) -> Engine:
    """Return the engine whose passes measure moments.

    With missing values it is in numpy; with noise it has two.
    """
    axis_aligned = problem.family.axis_aligned
    if problem.partitions is not None:
        return problem.partitions.engine(axis_aligned)
    x, weight, missing = problem.x, problem.weight, "missing" in problem.features
    moments = in_memory(x, weight, axis_aligned, threads, missing)
    if problem.box is None:
        return moments
    return WithNoise(x, weight, problem.box, moments, densities(x, weight, threads))

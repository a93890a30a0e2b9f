"""Which engine does the passes over the samples where each iteration comes back to Python."""

from typing import Any, Protocol

import numpy as np

from gmmpipe.numerics.mixture import Array, Mixture
from gmmpipe.numerics.problem import Problem


class Passes(Protocol):
    """What EM asks of an engine; a desk is the memory of one fit, of the engine's own type."""

    threads: int
    layout: Any

    def desk(self, k: int, team: int) -> Any:
        """Return the memory of one fit of at most k components."""

    def place(self, desk: Any, mixture: Mixture) -> int:
        """Put the mixture on the desk; return the first component not positive definite, or -1."""

    def measure(self, desk: Any, k: int, reg_covar: float) -> float:
        """Put counts, shifts and spreads on the desk; return the log-likelihood in nats."""

    def evaluate(self, desk: Any, k: int) -> tuple[Array, Array]:
        """Return log p(x) (N,) and log responsibilities (N, k) of the mixture on the desk."""


def for_moments(problem: Problem, threads: int) -> Passes:
    """Return the engine whose passes measure moments."""
    if problem.missing:
        from gmmpipe.numerics.missing import Patterns

        return Patterns(problem.x, problem.weight)
    from gmmpipe.numerics.kernels.engine import Engine

    return Engine(problem.x, problem.weight, problem.family.axis_aligned, threads)


def for_densities(x: Array, weight: Array, threads: int) -> Passes:
    """Return the engine whose passes evaluate densities; NaN in x is a missing value."""
    if np.isnan(x).any():
        from gmmpipe.numerics.missing import Patterns

        return Patterns(x, weight)
    from gmmpipe.numerics.kernels.engine import Engine

    return Engine(x, weight, axis_aligned=False, threads=threads, densities=True)

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


class Weighted(Passes, Protocol):
    """An engine whose samples may change their weights."""

    def reweigh(self, weight: Array) -> None:
        """Give the samples the weights (N,)."""


def for_moments(problem: Problem, threads: int) -> Any:
    """Return the engine whose passes measure moments, called as Passes say.

    With missing values it is in numpy; with noise it has two. The compiled ones have ``advance``.
    """
    if problem.apart is not None:
        return problem.apart.engine(problem.family.axis_aligned)
    if problem.box is None:
        return _for_moments(problem, threads)
    from gmmpipe.numerics.noise import WithNoise

    x, weight = problem.x, problem.weight
    engines = _for_moments(problem, threads), _for_densities(x, weight, threads)
    return WithNoise(x, weight, problem.box, engines)


def for_densities(x: Array, mixture: Mixture, threads: int) -> Passes:
    """Return the engine whose passes evaluate densities; NaN in x is a missing value."""
    weight = np.ones(len(x))
    densities = _for_densities(x, weight, threads)
    if mixture.box is None:
        return densities
    from gmmpipe.numerics.noise import WithNoise

    return WithNoise(x, weight, mixture.box, (densities, densities))


def _for_moments(problem: Problem, threads: int) -> Weighted:
    if problem.missing:
        from gmmpipe.numerics.missing import Patterns

        return Patterns(problem.x, problem.weight)
    from gmmpipe.numerics.kernels.engine import Engine

    return Engine(problem.x, problem.weight, problem.family.axis_aligned, threads)


def _for_densities(x: Array, weight: Array, threads: int) -> Weighted:
    if np.isnan(x).any():
        from gmmpipe.numerics.missing import Patterns

        return Patterns(x, weight)
    from gmmpipe.numerics.kernels.engine import Engine

    return Engine(x, weight, axis_aligned=False, threads=threads, densities=True)

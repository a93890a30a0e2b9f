"""What an engine is given, what it answers, and what makes an engine."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gmmpipe.mixture.mixture import Array, Mixture


@dataclass(frozen=True)
class Case:
    """One fit to run again: x (N, D) and start in normalised units, and the settings of the M step.

    regularisation: the least eigenvalue of a covariance where the features' variances within
    components are 1, see ``bounds``.
    reg_covar: added to the diagonal in each M step, in squared units of x.
    """

    x: Array
    start: Mixture
    family: str
    regularisation: float
    reg_covar: float
    iterations: int


Step = tuple[float, Mixture]


class Stopped(Exception):  # noqa: N818 - an outcome, which the comparison reports
    """The engine cannot continue; the message is its own."""


@dataclass(frozen=True)
class Peer:
    """Another implementation of EM.

    ready() names it with its version; raises InputError, with the way to get it, if it is absent.
    check(family, reg_covar) raises InputError for what it cannot do. steps(case) yields the total
    log-likelihood (nats) and the mixture after 0, 1, ... iterations, or raises Stopped.
    """

    ready: Callable[[], str]
    check: Callable[[str, float], None]
    steps: Callable[[Case], Iterator[Step]]

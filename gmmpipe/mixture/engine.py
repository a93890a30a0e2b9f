"""What EM asks of an engine, which does the passes over the samples."""

from typing import NamedTuple, Protocol

from gmmpipe.mixture.mixture import Array, Mask, Mixture


class Moments(NamedTuple):
    """What a pass finds of the samples under a mixture of K components.

    log_likelihood: total, nats. Of each component the soft count (K,), 0 where it is too small to
    tell anything; mean (K, D) and covariance (K, D, D) about it, of its samples; shift (K, D) of
    the mean from the centre about which sums were taken.
    """

    log_likelihood: float
    counts: Array
    means: Array
    covariances: Array
    shifts: Array


class Workspace(Protocol):
    """The memory of one fit in progress, and its passes over the samples of an engine."""

    def load(self, mixture: Mixture) -> int:
        """Take a mixture for the next pass; return the first component not definite, or -1."""

    def recentre(self, moved: Mask) -> None:
        """Take the sums of components (K,) about their means of the last pass until ``load``."""

    def statistics(self) -> Moments:
        """Do a pass."""

    def densities(self) -> tuple[Array, Array]:
        """Return log p(x) (N,) and log responsibilities (N, K), nats."""


class Engine(Protocol):
    """What does the passes over some samples."""

    def workspace(self, k: int) -> Workspace:
        """Return the memory of one fit of at most k components."""


class Weighted(Engine, Protocol):
    """An engine whose samples may change their weights."""

    def reweigh(self, weight: Array) -> None:
        """Give the samples the weights (N,)."""

"""What EM asks of an engine, which does the passes over the samples.

A new engine implements ``Engine`` and ``Workspace``; ``engines.choose`` names it.
"""

from typing import NamedTuple, Protocol

from gmmpipe.mixture.mixture import Array, Mask, Mixture


class Moments(NamedTuple):
    """What a pass computes of the samples under a mixture of K components.

    log_likelihood: total, nats; counts (K,): soft counts, 0 where one is too small to tell
    anything; means (K, D) and covariances (K, D, D) about them, weighted by the responsibilities;
    shifts (K, D): of the means from the centres about which sums were taken.
    """

    log_likelihood: float
    counts: Array
    means: Array
    covariances: Array
    shifts: Array


class Workspace(Protocol):
    """The memory of one fit in progress, and its passes over the samples of an engine."""

    def load(self, mixture: Mixture) -> int:
        """Take a mixture, of at most as many components as there is room for, for the next pass.

        Returns the first component whose covariance is not positive definite, or -1.
        """

    def recentre(self, moved: Mask) -> None:
        """Take the sums of the components ``moved`` (K,) about their last means, until ``load``."""

    def statistics(self) -> Moments:
        """Do a pass under the mixture loaded: the E step, and the sums that an M step needs.

        The same, to the last bit, for any number of threads.
        """

    def densities(self) -> tuple[Array, Array]:
        """Return log p(x) (N,) and log responsibilities (N, K) under the mixture loaded, nats."""


class Engine(Protocol):
    """What does the passes over some samples."""

    def workspace(self, k: int) -> Workspace:
        """Return the memory of one fit of at most k components, independent of others."""


class Weighted(Engine, Protocol):
    """An engine whose samples may change their weights."""

    def reweigh(self, weight: Array) -> None:
        """Give the samples other weights (N,) >= 0: how many times each counts."""

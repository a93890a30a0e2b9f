"""What EM asks of an engine, which does the passes over the samples.

A new engine implements ``Engine`` and ``Workspace``; ``engines.choose`` names it.
"""

from typing import NamedTuple, Protocol

from gmmpipe.mixture.mixture import Array, Mask, Mixture


class Moments(NamedTuple):
    """What a pass computes of the samples under a mixture of K components.

    Parameters
    ----------
    log_likelihood : float
        Total, nats.
    counts : (K,) float64 array
        Soft counts; 0 where one is too small to tell anything.
    means : (K, D) float64 array
        Weighted by the responsibilities.
    covariances : (K, D, D) float64 array
        About these means, weighted alike.
    shifts : (K, D) float64 array
        Of the means from the centres about which sums were taken.

    """

    log_likelihood: float
    counts: Array
    means: Array
    covariances: Array
    shifts: Array


class Workspace(Protocol):
    """The memory of one fit in progress, and its passes over the samples of an engine."""

    def load(self, mixture: Mixture) -> int:
        """Take a mixture for the next pass.

        Parameters
        ----------
        mixture : Mixture
            At most as many components as the workspace was made for.

        Returns
        -------
        int
            The first component whose covariance is not positive definite, or -1.

        """

    def recentre(self, moved: Mask) -> None:
        """Take the sums of some components about their means of the last pass, until ``load``.

        Parameters
        ----------
        moved : (K,) bool array
            Which components.

        """

    def statistics(self) -> Moments:
        """Do a pass under the mixture loaded: the E step, and the sums that an M step needs.

        Returns
        -------
        Moments
            The same, to the last bit, for any number of threads.

        """

    def densities(self) -> tuple[Array, Array]:
        """Do a pass under the mixture loaded that keeps what is computed of each sample.

        Returns
        -------
        log_density : (N,) float64 array
            log p(x), nats.
        log_responsibilities : (N, K) float64 array
            In nats.

        """


class Engine(Protocol):
    """What does the passes over some samples."""

    def workspace(self, k: int) -> Workspace:
        """Return the memory of one fit.

        Parameters
        ----------
        k : int
            The most components it is to hold.

        Returns
        -------
        Workspace
            Independent of others of the engine.

        """


class Weighted(Engine, Protocol):
    """An engine whose samples may change their weights."""

    def reweigh(self, weight: Array) -> None:
        """Give the samples other weights.

        Parameters
        ----------
        weight : (N,) float64 array
            How many times each sample counts, >= 0.

        """

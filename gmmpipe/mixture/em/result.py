"""What EM makes of a start: the mixtures on the way, and what is wrong with the last."""

from dataclasses import dataclass

from gmmpipe.mixture.defects import Defect
from gmmpipe.mixture.mixture import Array, Mixture


@dataclass(frozen=True)
class Snapshot:
    """The mixture after some iterations of one fit.

    Parameters
    ----------
    iteration : int
        Iterations asked for.
    n_iter : int
        Iterations done; fewer where EM ended before.
    converged : bool
        Whether EM had met ``tol`` by then.
    log_likelihood : float
        Total of ``mixture`` in nats, in the units of the data given.
    mixture : Mixture
        The parameters.
    log_prior : float, default 0.0
        Log-density of the parameters up to a constant, nats; 0 without a prior.

    """

    iteration: int
    n_iter: int
    converged: bool
    log_likelihood: float
    mixture: Mixture
    log_prior: float = 0.0

    @property
    def objective(self) -> float:
        """Return what EM raises (nats): the log-likelihood, under a prior the log posterior."""
        return self.log_likelihood + self.log_prior


@dataclass(frozen=True)
class Fit:
    """What EM made of one start.

    Parameters
    ----------
    start : Mixture
        Where EM began.
    snapshots : tuple of Snapshot
        One for each of the iterations asked for; empty where the start cannot be used.
    trajectory : (n_iter + 1,) float64 array
        Log-likelihood (nats) after 0, 1, ... n_iter iterations, without the prior if there is one;
        empty where the start cannot be used.
    n_iter : int
        Iterations done.
    converged : bool
        Whether EM met ``tol``.
    degenerate : tuple of Defect
        What is wrong with the fit, empty when sound; ``defects.sentence`` puts it in words.

    """

    start: Mixture
    snapshots: tuple[Snapshot, ...]
    trajectory: Array
    n_iter: int
    converged: bool
    degenerate: tuple[Defect, ...]

    @property
    def lost(self) -> bool:
        """Return whether the start could not be used."""
        return not self.snapshots

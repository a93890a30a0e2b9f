"""What EM is asked to do: samples and settings, all checked."""

from dataclasses import dataclass
from functools import cached_property

from gmmpipe.mixture.bounds import Bounds, within
from gmmpipe.mixture.em.prior import Conjugate
from gmmpipe.mixture.engines.partitioned import Partitioned
from gmmpipe.mixture.families.family import Family
from gmmpipe.mixture.mixture import Array, Mixture


@dataclass(frozen=True)
class Problem:
    """Samples x (N, D) of weight (N,) > 0 and how they are to be fitted.

    variances (D,) are those of the weighted data; iterations are the snapshots, sorted. missing:
    x holds NaN; frozen: those of PARTS that stay as they start. box (2, D): of
    the noise, see ``Mixture``. acceleration: a name of ``acceleration.ACCELERATIONS`` or "none".
    apart: the samples where these are in partitions; x has none.
    """

    x: Array
    weight: Array
    variances: Array
    family: Family
    iterations: tuple[int, ...]
    tol: float
    regularisation: float
    reg_covar: float
    prior: Conjugate | None = None
    missing: bool = False
    frozen: frozenset[str] = frozenset()
    box: Array | None = None
    acceleration: str = "none"
    apart: Partitioned | None = None

    @property
    def plain(self) -> bool:
        """Return whether this is maximum likelihood of all parameters and nothing else."""
        other = self.prior is not None or self.missing or self.frozen or self.box is not None
        return not other and self.acceleration == "none"

    def log_prior(self, mixture: Mixture) -> float:
        """Return the log-density of the mixture's parameters, up to a constant; 0 if no prior."""
        return 0.0 if self.prior is None else self.prior.log_density(mixture)

    @cached_property
    def total(self) -> float:
        """Return the weight of all samples."""
        return float(self.weight.sum())

    @property
    def vanishing(self) -> float:
        """Return the relative variance that counts as 0: all rounding, where nothing bounds it."""
        bounded = self.regularisation > 0 or self.reg_covar > 0 or "covariances" in self.frozen
        return 0.0 if bounded else 1e-14

    def bounds(self, mixture: Mixture) -> Bounds:
        """Return what the M step from a mixture obeys."""
        scale = within(mixture, self.variances, self.regularisation)
        return Bounds(scale, self.regularisation * scale, self.vanishing * scale)

"""What EM is asked to do: samples and options, all checked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gmmpipe.errors import InputError
from gmmpipe.mixture import checks
from gmmpipe.mixture.bounds import Bounds, within
from gmmpipe.mixture.em.options import FitOptions
from gmmpipe.mixture.em.prior import Conjugate, Prior, conjugate
from gmmpipe.mixture.engines.noise import bounding_box
from gmmpipe.mixture.engines.partitioned import Partitioned
from gmmpipe.mixture.families.family import Family
from gmmpipe.mixture.mixture import Array, Mixture


@dataclass(frozen=True)
class Problem:
    """Samples x (N, D) of weight (N,) > 0 and how they are to be fitted.

    variances (D,) are those of the weighted data; iterations are the snapshots, sorted. features:
    those of the options that make a difference for these samples and starts, see
    ``FitOptions.features``. box (2, D): of the noise, see ``Mixture``. partitions: the samples
    where these are apart; x has none.
    """

    x: Array
    weight: Array
    variances: Array
    family: Family
    iterations: tuple[int, ...]
    options: FitOptions
    features: frozenset[str] = frozenset()
    prior: Conjugate | None = None
    box: Array | None = None
    partitions: Partitioned | None = None

    def log_prior(self, mixture: Mixture) -> float:
        """Return the log-density of the mixture's parameters, up to a constant; 0 if no prior."""
        return 0.0 if self.prior is None else self.prior.log_density(mixture)

    @cached_property
    def total(self) -> float:
        """Return the weight of all samples."""
        return float(self.weight.sum())

    @property
    def frozen(self) -> tuple[str, ...]:
        """Return the parts of the mixture that stay as they start."""
        return self.options.frozen

    @property
    def regularisation(self) -> float:
        """Return the bound on the covariances that are fitted; 0 = none."""
        value = self.options.regularisation
        return 0.0 if value == "map" or "covariances" in self.frozen else value

    @property
    def reg_covar(self) -> float:
        """Return what is added to the diagonal of the covariances that are fitted."""
        return 0.0 if "covariances" in self.frozen else self.options.reg_covar

    @property
    def vanishing(self) -> float:
        """Return the relative variance that counts as 0: all rounding, where nothing bounds it."""
        bounded = self.regularisation > 0 or self.reg_covar > 0 or "covariances" in self.frozen
        return 0.0 if bounded else 1e-14

    def bounds(self, mixture: Mixture) -> Bounds:
        """Return what the M step from a mixture obeys."""
        scale = within(mixture, self.variances, self.regularisation)
        return Bounds(scale, self.regularisation * scale, self.vanishing * scale)

    def start(self, start: Mixture, who: str) -> Mixture:
        """Return a start, checked, with room for the noise if there is any."""
        mixture = checks.start(start, who, self.x.shape[1], self.family)
        if self.box is None or mixture.box is not None:
            return mixture
        return replace(mixture, weights=(1 - self.options.noise) * mixture.weights)


def make_problem(  # noqa: PLR0913, PLR0917 - what ``em.fit`` is given
    x: npt.ArrayLike | Partitioned,
    family: str,
    iterations: Sequence[int],
    options: FitOptions,
    sample_weight: npt.ArrayLike | None,
    prior: Prior | None,
    boxed: bool,
) -> Problem:
    """Return the problem that is given to ``em.fit``; boxed: some start has a noise component.

    Raises InputError for data or settings that cannot be fitted.
    """
    if options.regularisation == "map":
        prior = prior or Prior()
    if prior is not None and {"means", "covariances"} <= set(options.frozen):
        raise InputError("prior: means and covariances are frozen; unfreeze one or give no prior")
    asked = {"prior": prior is not None, "noise": boxed, "weights": sample_weight is not None}
    features = options.features() | {name for name, on in asked.items() if on}
    if isinstance(x, Partitioned):
        x.refuse_beyond(features)
        data, weight = np.zeros((0, x.shape[1])), checks.unit_weights(*x.shape)
        variances = x.variances()
    else:
        data, weight = checks.samples(x, sample_weight, options.missing)
        if "missing" in features and np.isnan(data).any():
            data, weight = checks.informative(data, weight)
            variances = checks.observed_variances(data, weight)
        else:
            features -= {"missing"}
            variances = checks.variances(data, weight)
    chosen = checks.family_for(family, data.shape[1])
    return Problem(
        data, weight, variances, chosen, checks.counts(iterations), options, features - {"weights"},
        None if prior is None else conjugate(prior, data, weight, chosen),
        bounding_box(data, weight) if "noise" in features else None,
        x if isinstance(x, Partitioned) else None,
    )  # fmt: skip

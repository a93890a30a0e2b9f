"""The conjugate prior of means and covariances, for fits by maximum a posteriori (MAP)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gmmpipe.errors import InputError
from gmmpipe.mixture.engines.missing import normal
from gmmpipe.mixture.families.family import Family
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.mixture.slices import slices_of


@dataclass(frozen=True)
class Prior:
    """A normal prior on each mean given its covariance, an inverse Wishart on the covariance.

    Parameters
    ----------
    shrinkage : float, default 0.01
        Pseudo-samples at the prior mean; 0 = no prior on the means.
    mean : (D,) array_like, optional
        In units of x; by default the mean of the data.
    dof : float, optional
        Degrees of freedom, above D - 1; by default D + 2.
    scale : (D, D) array_like, optional
        In squared units of x; by default the covariance of the data (N - 1 below the sum; for
        diagonal and spherical families their mean variance times the identity) / K^(2 / D).

    Notes
    -----
    Covariances that all components share have one prior in all. Diagonal families have an inverse
    gamma prior on each variance, spherical ones on the one variance: with the default scale these
    know nothing of the features' units, so normalise first. ``fit`` checks the values, as it knows
    D.

    References
    ----------
    Fraley & Raftery (2007), Bayesian regularization for normal mixture estimation and model-based
    clustering, Journal of Classification 24, 155-181; the defaults are those of mclust's
    priorControl.

    Examples
    --------
    >>> import numpy as np
    >>> from gmmpipe import FitOptions, Mixture, Prior, fit
    >>> x = np.array([[1.0], [1.0], [1.0], [7.0], [8.0], [9.0]])  # three of them are equal
    >>> start = Mixture(np.full(2, 0.5), np.array([[1.0], [8.0]]), np.ones((2, 1, 1)))
    >>> (one,) = fit(x, [start], "full", [100], FitOptions(regularisation=0), prior=Prior())
    >>> one.degenerate, bool(one.snapshots[-1].mixture.covariances.min() > 0.1)
    ((), True)

    """

    shrinkage: float = 0.01
    mean: npt.ArrayLike | None = None
    dof: float | None = None
    scale: npt.ArrayLike | None = None


@dataclass(frozen=True)
class Conjugate:
    """A prior made out for some data and a family; k is the number of components.

    Up to a constant its log-density is the sum over the covariances of -(power log|C| +
    tr(C^-1 S)) / 2, S the scale (D, D), once for all where ``shared``, plus, where shrinkage > 0,
    the sum over components of -(log|C| + shrinkage (m - mean)' C^-1 (m - mean)) / 2.
    """

    shrinkage: float
    mean: Array
    power: float
    scale: Array
    divided: bool
    shared: bool

    def pseudo(self, k: int) -> tuple[float, Array]:
        """Return the count and the scatter (D, D) that the prior adds to each component's."""
        d, share = len(self.mean), 1 / k if self.shared else 1.0
        scale = share * self.scale * (k ** (-2 / d) if self.divided else 1.0)
        return share * self.power + float(self.shrinkage > 0), scale

    def log_density(self, mixture: Mixture) -> float:
        """Return the log-density (nats) of the mixture's parameters, up to a constant."""
        count, scale = self.pseudo(mixture.n_components)
        away = mixture.means - self.mean
        scatter = scale + self.shrinkage * away[:, :, None] * away[:, None, :]
        traces = np.trace(np.linalg.solve(mixture.covariances, scatter), axis1=1, axis2=2)
        return float(-0.5 * (count * np.linalg.slogdet(mixture.covariances)[1] + traces).sum())


def conjugate(prior: Prior, x: Array, weight: Array, family: Family) -> Conjugate:
    """Return the prior for the data x (N, D) of weight (N,); a weight of 2 is that sample twice.

    Raises InputError for settings that are no prior, or where the data cannot give the scale.
    """
    d = x.shape[1]
    one = family.n_parameters(1, d)
    spherical = one == 1 and d > 1
    diagonal = one == d and d > 1
    dof = float(d + 2 if prior.dof is None else prior.dof)
    if not (np.isfinite(prior.shrinkage) and prior.shrinkage >= 0):
        raise InputError(f"prior: shrinkage is {prior.shrinkage}, expected a finite number >= 0")
    if not d - 1 < dof < np.inf:
        raise InputError(f"prior: dof is {dof:g}, expected a finite number above {d - 1}")
    mean, covariance = _whole(x, weight)
    if prior.mean is not None:
        mean = _given("mean", prior.mean, (d,))
    if prior.scale is None:
        scale = _unbiased(covariance, len(x), float(weight.sum()))
        if diagonal or spherical:
            scale = np.eye(d) * (np.trace(scale) / d)
    else:
        scale = _given("scale", prior.scale, (d, d))
        if not np.allclose(scale, scale.T) or np.linalg.eigvalsh(scale)[0] <= 0:
            raise InputError("prior: scale is not symmetric and positive definite")
    power = dof + d + 1
    if diagonal:
        power, scale = dof + 2, np.diag(np.diag(scale))
    elif spherical:
        power, scale = (dof + 2) / d, np.eye(d) * (np.trace(scale) / d**2)
    shared = family.n_parameters(2, d) == one
    return Conjugate(float(prior.shrinkage), mean, power, scale, prior.scale is None, shared)


def _whole(x: Array, weight: Array) -> tuple[Array, Array]:
    """Return mean (D,) and covariance (D, D) of the data, of highest likelihood."""
    slices = slices_of(len(x))
    if any(np.isnan(x[cut]).any() for cut in slices):
        whole = normal(x, weight)
        return whole.means[0], whole.covariances[0]
    mean = sum(weight[cut] @ (x[cut] - x[0]) for cut in slices) / weight.sum() + x[0]
    scatter = np.zeros((len(mean), len(mean)))
    for cut in slices:
        centred = x[cut] - mean
        scatter += (centred * weight[cut, None]).T @ centred
    return mean, scatter / weight.sum()


def _unbiased(covariance: Array, n: int, total: float) -> Array:
    """Return the covariance of n samples with total - 1 below; uncorrelated where n <= D."""
    if not total > 1:
        raise InputError(
            f"prior: the weights of the samples sum to {total:g}, expected more than 1; give scale"
        )
    unbiased: Array = covariance * (total / (total - 1))
    return unbiased if n > len(covariance) else unbiased * np.eye(len(covariance))


def _given(name: str, value: npt.ArrayLike, shape: tuple[int, ...]) -> Array:
    array = np.asarray(value, np.float64)
    if array.shape != shape or not np.isfinite(array).all():
        raise InputError(f"prior: {name} has shape {array.shape}, expected finite {shape}")
    return array

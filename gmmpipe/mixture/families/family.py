"""The covariance families: what the M step makes of soft counts and scatter matrices."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from gmmpipe.mixture.families.parsimonious import RESCALES, TINY, Parsimonious, within
from gmmpipe.mixture.mixture import Array


@dataclass(frozen=True)
class Family:
    """A constraint on the covariances of a mixture.

    Parameters
    ----------
    n_parameters : callable
        ``n_parameters(k, d)`` counts the free covariance parameters alone.
    m_step : callable
        ``m_step(counts (K,), scatter (K, D, D), floor (D,)) -> (K, D, D)``: the member of the
        family with the highest likelihood among those where each covariance minus ``diag(floor)``
        is positive semidefinite; a floor of 0 in any feature asks for no bound (but spherical goes
        by the largest). What a component of count 0 gets is finite and up to the family.
    m_step_from : callable, optional
        The same from the current covariances (K, D, D), its fourth argument, for families whose
        maximiser is computed by iteration and may be one of several.
    kernel : int, optional
        The compiled M step of ``kernels``; without one EM comes back to Python at each iteration to
        call ``monotone_m_step``.
    axis_aligned : bool, default False
        Whether covariances are diagonal; all D x D work is then skipped.
    scale_invariant : bool, default False
        Whether the family contains diag(s) Sigma diag(s) with each Sigma, so the units of single
        features do not matter; for the others they do.
    features : int, optional
        The only D the family is for; by default any.
    text : str
        One line on what its members are.

    References
    ----------
    Celeux & Govaert (1995), Gaussian parsimonious clustering models, Pattern Recognition 28,
    781-793.

    Examples
    --------
    A new family is an M step and one line in ``FAMILIES``.

    >>> import numpy as np
    >>> from gmmpipe.mixture.families.family import FAMILIES
    >>> scatter = np.array([[[6.0, 2.0], [2.0, 4.0]], [[2.0, 0.0], [0.0, 4.0]]])
    >>> FAMILIES["tied"].m_step(np.array([3.0, 1.0]), scatter, np.zeros(2))[0].tolist()
    [[2.0, 0.5], [0.5, 2.0]]
    >>> FAMILIES["VVI"].n_parameters(3, 2)
    6

    """

    n_parameters: Callable[[int, int], int]
    m_step: Callable[[Array, Array, Array], Array]
    m_step_from: Callable[[Array, Array, Array, Array], Array] | None = None
    kernel: int | None = None
    axis_aligned: bool = False
    scale_invariant: bool = False
    features: int | None = None
    text: str = field(kw_only=True)

    def monotone_m_step(self, counts: Array, scatter: Array, floor: Array, current: Array) -> Array:
        """Return the next covariances: the current ones where these are within and likelier.

        Parameters
        ----------
        counts : (K,) float64 array
            Soft counts.
        scatter : (K, D, D) float64 array
            Sums of squares and products about the means, by responsibilities.
        floor : (D,) float64 array
            The bound, see the class.
        current : (K, D, D) float64 array
            Covariances of the last iteration.

        Returns
        -------
        (K, D, D) float64 array
            So that the likelihood never falls, though iteration may end at a lesser maximum.

        """
        if self.m_step_from is None:
            proposed = self.m_step(counts, scatter, floor)
        else:
            proposed = self.m_step_from(counts, scatter, floor, current)
        alive = counts > TINY
        before, after = (
            _expected(counts[alive], scatter[alive], c[alive]) for c in (current, proposed)
        )
        bounded = bool((floor > 0).all())
        keep = before > after and not (bounded and not within(current[alive], floor))
        return current.copy() if keep else proposed

    def project(self, weights: Array, covariances: Array) -> Array:
        """Return covariances as members of the family.

        Parameters
        ----------
        weights : (K,) float64 array
            Of the components; one of weight 0 keeps its covariance.
        covariances : (K, D, D) float64 array
            Of any family.

        Returns
        -------
        (K, D, D) float64 array
            Members keep their bits.

        """
        nearest = self.m_step(
            weights, weights[:, None, None] * covariances, np.zeros(covariances.shape[1])
        )
        nearest[weights == 0] = covariances[weights == 0]
        size = np.sqrt(np.abs(np.diagonal(covariances, axis1=1, axis2=2)))
        close = 1e-14 if self.kernel is not None else 1e-9  # the latter are computed by iteration
        same = np.abs(nearest - covariances) <= close * size[:, :, None] * size[:, None, :]
        same &= (nearest != 0) | (covariances == 0)
        return covariances if same.all() else nearest


def _expected(counts: Array, scatter: Array, covariances: Array) -> float:
    """Return the expected complete log-likelihood in nats, up to what the weights determine.

    NaN where a covariance is not positive definite.
    """
    sign, log_determinants = np.linalg.slogdet(covariances)
    if not (sign > 0).all():
        return float("nan")
    try:
        products = np.linalg.solve(covariances, scatter)
    except np.linalg.LinAlgError:
        return float("nan")
    return float(-0.5 * (counts @ log_determinants + np.trace(products, axis1=1, axis2=2).sum()))


def clip(covariances: Array, floor: Array) -> Array:
    """Raise the eigenvalues of covariances (K, D, D) to at least 1 in units of sqrt(floor (D,)).

    This is the exact maximiser under the bound (Won, Lim, Kim and Rajaratnam 2013, section 2,
    with the upper bound taken away).
    """
    if np.any(floor == 0):
        return covariances
    scale = np.sqrt(np.multiply.outer(floor, floor))
    values, vectors = np.linalg.eigh(covariances / scale)
    low = values[:, 0] < 1
    clipped = (vectors * np.maximum(values, 1)[:, None, :]) @ vectors.transpose(0, 2, 1)
    clipped = (clipped + clipped.transpose(0, 2, 1)) / 2 * scale
    return np.where(low[:, None, None], clipped, covariances)


def full(counts: Array, scatter: Array, floor: Array) -> Array:
    """Give each component its own matrix."""
    return clip(scatter / _positive(counts), floor)


def tied(counts: Array, scatter: Array, floor: Array) -> Array:
    """Give all components the pooled matrix."""
    pooled = clip(scatter.sum(axis=0, keepdims=True) / counts.sum(), floor)
    return np.repeat(pooled, len(counts), axis=0)


def diag(counts: Array, scatter: Array, floor: Array) -> Array:
    """Give each component its own variances and no correlation."""
    variances = np.diagonal(scatter / _positive(counts), axis1=1, axis2=2)
    bounded: Array = np.maximum(variances, _bound(floor))
    return bounded[:, None, :] * np.eye(len(floor))


def spherical(counts: Array, scatter: Array, floor: Array) -> Array:
    """Give each component one variance for all features."""
    variances = np.trace(scatter, axis1=1, axis2=2) / (counts.clip(TINY) * len(floor))
    bounded: Array = np.maximum(variances, floor.max())
    return bounded[:, None, None] * np.eye(len(floor))


def isotropic_shared(counts: Array, scatter: Array, floor: Array) -> Array:
    """Give all components one variance for all features."""
    d = len(floor)
    variance = max(np.trace(scatter.sum(axis=0)) / (counts.sum() * d), floor.max())
    return np.tile(variance * np.eye(d), (len(counts), 1, 1))


def _positive(counts: Array) -> Array:
    return counts.clip(TINY)[:, None, None]


def _bound(floor: Array) -> Array:
    return np.zeros_like(floor) if np.any(floor == 0) else floor


def _free_parameters(name: str) -> Callable[[int, int], int]:
    """Return the count of free parameters of a family by its three letters."""
    volume, shape, orientation = tuple(name)

    def n_parameters(k: int, d: int) -> int:
        each = {"I": 0, "E": 1, "V": k}
        turns = d * (d - 1) // 2
        return each[volume] + each[shape] * (d - 1) + each[orientation] * turns

    return n_parameters


TEXTS = {
    "EII": "Equal spheres: one variance for all components and features (mclust's EII).",
    "VII": "Spheres of their own size: one variance for each component (mclust's VII, spherical).",
    "EEI": "Equal ellipsoids along the features (mclust's EEI).",
    "VEI": "Ellipsoids along the features, of one shape and their own volumes (mclust's VEI).",
    "EVI": "Ellipsoids along the features, of one volume and their own shapes (mclust's EVI).",
    "VVI": "Ellipsoids along the features: a variance each, no correlation (mclust's VVI, diag).",
    "EEE": "Equal ellipsoids: one full covariance for all components (mclust's EEE, tied).",
    "VEE": "Ellipsoids of one shape and orientation, and their own volumes (mclust's VEE).",
    "EVE": "Ellipsoids of one volume and orientation, and their own shapes (mclust's EVE).",
    "VVE": "Ellipsoids of one orientation, and their own volumes and shapes (mclust's VVE).",
    "EEV": "Ellipsoids of one volume and shape, and their own orientations (mclust's EEV).",
    "VEV": "Ellipsoids of one shape, and their own volumes and orientations (mclust's VEV).",
    "EVV": "Ellipsoids of one volume, and their own shapes and orientations (mclust's EVV).",
    "VVV": "Ellipsoids of their own: a full covariance each (mclust's VVV, full).",
    "E": "One feature: one variance for all components (mclust's E).",
    "V": "One feature: a variance for each component (mclust's V).",
}


def _family(name: str, m_step: Callable[..., Array], kernel: int | None = None) -> Family:
    iterative = m_step if name in {"EVE", "VVE"} else None
    return Family(
        _free_parameters(name), m_step, iterative, kernel,
        axis_aligned=name[2] == "I", scale_invariant=name in RESCALES, text=TEXTS[name],
    )  # fmt: skip


_VVV, _EEE = _family("VVV", full, kernel=0), _family("EEE", tied, kernel=1)
_VVI, _VII = _family("VVI", diag, kernel=2), _family("VII", spherical, kernel=3)

FAMILIES: dict[str, Family] = {
    "full": _VVV,
    "tied": _EEE,
    "diag": _VVI,
    "spherical": _VII,
    "EII": _family("EII", isotropic_shared),
    "VII": _VII,
    **{name: _family(name, Parsimonious(name)) for name in ("EEI", "VEI", "EVI")},
    "VVI": _VVI,
    "EEE": _EEE,
    **{
        name: _family(name, Parsimonious(name))
        for name in ("VEE", "EVE", "VVE", "EEV", "VEV", "EVV")
    },
    "VVV": _VVV,
    "E": replace(_EEE, features=1, text=TEXTS["E"]),
    "V": replace(_VII, scale_invariant=True, features=1, text=TEXTS["V"]),
}

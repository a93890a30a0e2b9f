"""The estimator's starts (``init_params``): scikit-learn's, and the pipeline's.

scikit-learn's are one M step from drawn responsibilities. They draw from scikit-learn's own
functions in its order, so that one random_state gives the start it gives there. "mixed" are those
of ``registry.Mixed``, which are free of units.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans, kmeans_plusplus

from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.mixture.starts.registry import Mixed, prepared

Floats = npt.NDArray[np.floating]
RandomState = np.random.RandomState


@dataclass(frozen=True)
class GroupMoments:
    """Soft counts (K,), means (K, D) and scatter matrices about them (K, D, D)."""

    counts: Array
    means: Array
    scatter: Array


def _kmeans(x: Floats, weight: Array | None, k: int, rng: RandomState) -> GroupMoments:
    labels = KMeans(n_clusters=k, n_init=1, random_state=rng).fit(x, sample_weight=weight).labels_
    sizes = np.ones(len(x)) if weight is None else weight
    groups = (np.flatnonzero(labels == j) for j in range(k))
    return _gathered(x, k, ((x[rows], sizes[rows]) for rows in groups))


def _k_means_plus_plus(x: Floats, weight: Array | None, k: int, rng: RandomState) -> GroupMoments:
    _, rows = kmeans_plusplus(x, k, sample_weight=weight, random_state=rng)
    return _single(x, rows)


def _random(x: Floats, weight: Array | None, k: int, rng: RandomState) -> GroupMoments:
    responsibilities = rng.uniform(size=(len(x), k))
    responsibilities /= responsibilities.sum(axis=1, keepdims=True)
    if weight is not None:
        responsibilities *= weight[:, None]
    return _gathered(x, k, ((x, column) for column in responsibilities.T))


def _random_from_data(x: Floats, weight: Array | None, k: int, rng: RandomState) -> GroupMoments:
    chance = None if weight is None else weight / weight.sum()
    return _single(x, rng.choice(len(x), size=k, replace=False, p=chance))


INIT_PARAMS: dict[str, Callable[[Floats, Array | None, int, RandomState], GroupMoments]] = {
    "kmeans": _kmeans,
    "k-means++": _k_means_plus_plus,
    "random": _random,
    "random_from_data": _random_from_data,
}
MIXED = "mixed"
SINGLE = {"k-means++", "random_from_data"}  # components that start from one sample each


@dataclass(frozen=True)
class ExplicitInit:
    """What the caller fixed of a start: weights (K,), means (K, D), covariances (K, D, D)."""

    weights: Array | None = None
    means: Array | None = None
    covariances: Array | None = None

    @property
    def mixture(self) -> Mixture | None:
        """Return the start if it is all given."""
        if self.weights is None or self.means is None or self.covariances is None:
            return None
        return Mixture(self.weights, self.means, self.covariances)

    def completed(self, drawn: Mixture) -> Mixture:
        """Return the start, whatever was not given taken from ``drawn``."""
        return Mixture(
            drawn.weights if self.weights is None else self.weights,
            drawn.means if self.means is None else self.means,
            drawn.covariances if self.covariances is None else self.covariances,
        )


def starts(  # noqa: PLR0913 - the parameters of the method
    x: Floats,
    weight: Array | None,
    rng: RandomState,
    *,
    method: str,
    n_init: int,
    k: int,
    family: str,
    reg_covar: float,
    explicit: ExplicitInit,
) -> list[Mixture]:
    """Return n_init starts on x (N, D); their covariances may be singular.

    method: a name of ``INIT_PARAMS`` or MIXED; weight (N,): positive sample weights or None; where
    ``explicit`` is complete nothing is drawn and it is the only start.
    """
    if explicit.mixture is not None:
        return [explicit.mixture]
    if method == MIXED:
        return [explicit.completed(one) for one in _mixed(x, weight, rng, n_init, k, family)]
    drawn = []
    for _ in range(n_init):
        moments = INIT_PARAMS[method](x, weight, k, rng)
        if FAMILIES[family] is FAMILIES["tied"] and method in SINGLE:
            moments = _pooled(moments, x, weight)
        drawn.append(explicit.completed(one_m_step(moments, family, reg_covar)))
    return drawn


def _mixed(  # noqa: PLR0913, PLR0917 - what starts are drawn from
    x: Floats, weight: Array | None, rng: RandomState, n_init: int, k: int, family: str
) -> list[Mixture]:
    """Return the first n_init restarts of ``Mixed``; more of them leave these as they are."""
    start = prepared(Mixed(), x.astype(np.float64, copy=False), family, weight)
    seeds = rng.randint(2**32, size=(n_init, 4), dtype=np.uint32)
    return [start(k, np.random.default_rng(seed), i) for i, seed in enumerate(seeds)]


def one_m_step(moments: GroupMoments, family: str, reg_covar: float) -> Mixture:
    """Return the M step of the moments, reg_covar (squared units of x) added to the variances.

    A component without samples gets weight 0, and the mean of all samples.
    """
    d = moments.means.shape[1]
    covariances = FAMILIES[family].m_step(moments.counts, moments.scatter, np.zeros(d))
    return Mixture(
        moments.counts / moments.counts.sum(), moments.means, covariances + reg_covar * np.eye(d)
    )


def _single(x: Floats, rows: npt.NDArray[np.integer]) -> GroupMoments:
    """Return the moments of components that hold one sample each."""
    k, d = len(rows), x.shape[1]
    return GroupMoments(np.ones(k), x[rows].astype(np.float64), np.zeros((k, d, d)))


def _pooled(moments: GroupMoments, x: Floats, weight: Array | None) -> GroupMoments:
    """Return single samples with a share of the whole scatter less their own.

    On centred data that is what scikit-learn's tied M step makes of them; it takes moments about
    the origin, these are about the mean, so that the start follows when the data are shifted.
    """
    whole = _gathered(x, 1, [(x, np.ones(len(x)) if weight is None else weight)])
    centred = moments.means - whole.means
    squares = centred[:, :, None] * centred[:, None, :]
    return GroupMoments(moments.counts, moments.means, whole.scatter / len(squares) - squares)


def _gathered(x: Floats, k: int, members: Iterable[tuple[Floats, Array]]) -> GroupMoments:
    """Return the moments of k components, each (samples, responsibilities), centred in float64."""
    d = x.shape[1]
    counts, means, scatter = np.empty(k), np.empty((k, d)), np.zeros((k, d, d))
    for j, (rows, r) in enumerate(members):
        counts[j] = r.sum()
        if counts[j] == 0:
            means[j] = x.mean(axis=0, dtype=np.float64)
            continue
        centred = rows - rows[0].astype(np.float64)
        shift = r @ centred / counts[j]
        means[j] = rows[0] + shift
        centred -= shift
        scatter[j] = (centred * r[:, None]).T @ centred
    return GroupMoments(counts, means, scatter)

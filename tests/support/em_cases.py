"""Data, starts and a plain EM for the tests of EM."""

import numpy as np
from numpy.testing import assert_array_equal
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.em.options import FitOptions
from gmmpipe.mixture.em.result import Fit
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.mixture.starts.registry import STARTS


def families(d):
    """Return the families for data of d features, each under the first of its names."""
    first = {id(family): name for name, family in reversed(FAMILIES.items())}
    return sorted(name for name in first.values() if FAMILIES[name].features in (None, d))


def fit(x, starts, family, iterations, *, sample_weight=None, prior=None, threads=1, **options):
    """Run ``em.fit`` with its options by name."""
    given = {"sample_weight": sample_weight, "prior": prior, "threads": threads}
    return em.fit(x, starts, family, iterations, FitOptions(**options), **given)


EVERY = families(2)
COMPILED = [name for name in EVERY if FAMILIES[name].kernel is not None]


def rounding(name):
    """Return the relative rounding of a log-likelihood, of singular scatter too.

    A maximiser that is sought by iteration has but half its digits there.
    """
    return 1e-8 if FAMILIES[name].kernel is not None else 1e-6


def enough(name, size):
    """Return (n, d, k) with samples for a sound fit, where the maximiser is sought by iteration.

    Without them it is a matter of the last digits which of several bounds hold.
    """
    n, d, k = size
    return size if FAMILIES[name].kernel is not None else (max(n, 6 * k * (d + 1)), d, k)


def volumes_vary(name):
    """Return whether components may differ in volume, so that one can collapse alone."""
    scatter = np.array([np.eye(2), 4 * np.eye(2)])
    covariances = FAMILIES[name].m_step(np.ones(2), scatter, np.zeros(2))
    return bool(np.linalg.det(covariances[1]) > 2 * np.linalg.det(covariances[0]))


def clusters(seed, n=400, d=2, k=3):
    rng = np.random.default_rng(seed)
    centres = 4 * rng.normal(size=(k, d))
    return centres[rng.integers(k, size=n)] + rng.normal(size=(n, d)) * rng.uniform(0.3, 1, d)


def a_start(x, k, seed=0):
    return STARTS["points"]()(x, k, np.random.default_rng(seed))


def log_density(x, mixture):
    terms = [
        np.log(mixture.weights[k])
        + multivariate_normal(mixture.means[k], mixture.covariances[k]).logpdf(x).reshape(len(x))
        for k in range(mixture.n_components)
    ]
    return logsumexp(terms, axis=0)


def slow_em(x, mixture, iterations, weight=None):
    """Plain EM, full covariances, no regularisation."""
    weight = np.ones(len(x)) if weight is None else weight
    trajectory = [weight @ log_density(x, mixture)]
    for _ in range(iterations):
        k, total = mixture.n_components, log_density(x, mixture)
        r = np.empty((len(x), k))
        for j in range(k):
            part = Mixture(np.ones(1), mixture.means[[j]], mixture.covariances[[j]])
            r[:, j] = weight * np.exp(np.log(mixture.weights[j]) + log_density(x, part) - total)
        counts = r.sum(axis=0)
        means = r.T @ x / counts[:, None]
        deviation = x[:, None] - means
        scatter = np.einsum("nk,nki,nkj->kij", r, deviation, deviation)
        mixture = Mixture(counts / weight.sum(), means, scatter / counts[:, None, None])
        trajectory.append(weight @ log_density(x, mixture))
    return mixture, np.array(trajectory)


def same(a: Fit, b: Fit) -> None:
    assert_array_equal(a.trajectory, b.trajectory)
    for one, other in zip(a.snapshots, b.snapshots, strict=True):
        assert one.log_likelihood == other.log_likelihood
        for name in ("weights", "means", "covariances"):
            assert_array_equal(getattr(one.mixture, name), getattr(other.mixture, name))

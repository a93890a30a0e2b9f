"""Fits by maximum a posteriori: mclust's, a plain twin, and what must hold of any."""

import dataclasses

import numpy as np
import pytest
from em_cases import EVERY, a_start, clusters, fit, log_density, same
from hypothesis import given, settings
from hypothesis import strategies as st
from mclust_em import mclust
from numpy.testing import assert_allclose
from scipy.stats import invgamma, invwishart, multivariate_normal
from sklearn.base import clone

from gmmpipe import GaussianMixture
from gmmpipe.errors import InputError
from gmmpipe.mixture.defects import indexed, sentence
from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.em.prior import Prior, conjugate
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.mixture import Mixture

MODELS = {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII"}
seeds = st.integers(0, 2**32 - 1)


def log_posterior(found):
    return np.array([kept.log_likelihood + kept.log_prior for kept in found.snapshots])


@pytest.mark.parametrize("d", [1, 3])
def test_fits_are_mclusts(d):
    x = clusters(31, n=90, d=d)
    models = MODELS if d > 1 else {"full": "V", "tied": "E"}
    start = a_start(x, 3)
    z = np.exp(log_responsibilities(x, start)[1])
    theirs = mclust(x, z, models.values(), 12, prior="priorControl()")
    for name, (log_likelihood, mixture) in zip(models, theirs, strict=True):
        (ours,) = fit(x, [one_step(x, z, name)], name, [11], regularisation="map")
        assert ours.trajectory[-1] == pytest.approx(log_likelihood, rel=1e-10)
        assert_allclose(ours.snapshots[0].mixture.weights, mixture.weights, rtol=1e-8)
        assert_allclose(ours.snapshots[0].mixture.means, mixture.means, rtol=1e-7)
        assert_allclose(ours.snapshots[0].mixture.covariances, mixture.covariances, rtol=1e-6)


def one_step(x, z, name):
    """Return the M step on the responsibilities z (N, K), by the formulas of the paper's table."""
    (n, d), k = x.shape, z.shape[1]
    nu, kappa, centre = d + 2, 0.01, x.mean(axis=0)
    cov = np.atleast_2d(np.cov(x.T)) / k ** (2 / d)
    variance = np.trace(cov) / d
    counts = z.sum(axis=0)
    means = (z.T @ x + kappa * centre) / (counts + kappa)[:, None]
    own = np.empty((k, d, d))
    for j in range(k):
        mean = z[:, j] @ x / counts[j]
        away = mean - centre
        pull = kappa * counts[j] / (kappa + counts[j])
        own[j] = np.cov(x.T, aweights=z[:, j], ddof=0) * counts[j] + pull * np.outer(away, away)
    if name == "full":
        covariances = [(cov + own[j]) / (nu + counts[j] + d + 2) for j in range(k)]
    elif name == "tied":
        covariances = [(cov + own.sum(axis=0)) / (nu + n + d + k + 1)] * k
    elif name == "diag":
        diagonal = np.diagonal(own, axis1=1, axis2=2)
        covariances = [np.diag((variance + diagonal[j]) / (nu + counts[j] + 3)) for j in range(k)]
    else:
        bottom = nu + (counts + 1) * d + 2
        covariances = [np.eye(d) * (variance + np.trace(own[j])) / bottom[j] for j in range(k)]
    return Mixture(counts / n, means, np.array(covariances))


@pytest.mark.parametrize("name", sorted(MODELS))
@pytest.mark.parametrize("d", [1, 3])
def test_an_iteration_is_the_papers(name, d):
    x = clusters(32, n=60, d=d)
    start = a_start(x, 2)
    (found,) = fit(x, [start], name, [0, 1], regularisation="map")
    z = np.exp(log_responsibilities(x, found.snapshots[0].mixture)[1])
    expected = one_step(x, z, name)
    assert_allclose(found.snapshots[1].mixture.means, expected.means, rtol=1e-9)
    assert_allclose(found.snapshots[1].mixture.covariances, expected.covariances, rtol=1e-9)


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=15)
@given(seeds, st.integers(1, 4), st.integers(1, 4), st.sampled_from([0.0, 0.01, 5.0]))
def test_the_log_posterior_never_falls(name, seed, d, k, shrinkage):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(30, d)) + 3 * rng.integers(0, 3, size=(30, 1))
    start = a_start(x, k, seed)
    prior = Prior(shrinkage=shrinkage, dof=d + rng.uniform(0, 5))
    (found,) = fit(x, [start], name, range(20), regularisation=0, prior=prior)
    value = log_posterior(found)
    assert (np.diff(value) >= -1e-9 * (1 + np.abs(value[1:]))).all()
    assert found.degenerate == ()


@pytest.mark.parametrize("name", EVERY)
def test_a_longer_run_ends_where_nothing_nearby_is_more_probable(name):
    x = clusters(33, n=80)
    (found,) = fit(x, [a_start(x, 2)], name, [3000], regularisation="map", tol=1e-14)
    best = found.snapshots[0].mixture
    prior = conjugate(Prior(), x, np.ones(len(x)), FAMILIES[name])

    def value(mixture):
        return log_density(x, mixture).sum() + prior.log_density(mixture)

    assert log_posterior(found)[-1] == pytest.approx(value(best), rel=1e-12)
    rng = np.random.default_rng(1)
    for _ in range(30):
        means = best.means + 1e-3 * rng.normal(size=best.means.shape)
        assert value(dataclasses.replace(best, means=means)) <= value(best) + 1e-9
        bent = np.exp(1e-3 * rng.normal()) * best.covariances
        assert value(dataclasses.replace(best, covariances=bent)) <= value(best) + 1e-9


@pytest.mark.parametrize("name", ["full", "tied", "diag", "spherical"])
def test_the_density_is_scipys(name):
    x, rng = clusters(34, d=3), np.random.default_rng(2)
    prior = conjugate(Prior(), x, np.ones(len(x)), FAMILIES[name])
    k, d, scale = 2, 3, np.cov(x.T) / 2 ** (2 / 3)

    def drawn():
        root = rng.normal(size=(k, d, 5))
        scatter = root @ root.swapaxes(1, 2)
        covariances = FAMILIES[name].m_step(np.ones(k), scatter, np.zeros(d))
        return Mixture(np.full(k, 0.5), rng.normal(size=(k, d)), covariances)

    def density(mixture):
        value = 0.0
        for j, (mean, covariance) in enumerate(
            zip(mixture.means, mixture.covariances, strict=True)
        ):
            value += multivariate_normal(x.mean(axis=0), covariance / 0.01).logpdf(mean)
            gamma = invgamma(5 / 2, scale=np.trace(scale) / 3 / 2)
            if name == "full" or (name == "tied" and j == 0):
                value += invwishart(5, scale).logpdf(covariance)
            elif name == "diag":
                value += gamma.logpdf(np.diag(covariance)).sum()
            elif name == "spherical":
                value += gamma.logpdf(covariance[0, 0])
        return value

    one, other = drawn(), drawn()
    difference = prior.log_density(one) - prior.log_density(other)
    assert difference == pytest.approx(density(one) - density(other), rel=1e-10)


def test_the_prior_keeps_a_component_on_one_sample_alive():
    x = np.concatenate([clusters(35), np.full((3, 2), 50.0)])
    start = a_start(x, 2)
    start.means[1] = 50.0
    (bare,) = fit(x, [start], "full", [50], regularisation=0)
    (held,) = fit(x, [start], "full", [50], regularisation="map")
    assert "not positive definite" in sentence(bare.degenerate, indexed)
    assert held.degenerate == ()
    assert np.linalg.eigvalsh(held.snapshots[0].mixture.covariances).min() > 0.01


def test_tolerance_looks_at_the_log_posterior():
    x = clusters(3, n=120)
    options = {"regularisation": "map", "tol": 1e-5}
    (found,) = fit(x, [a_start(x, 3)], "full", range(200), **options)
    gains = np.diff(log_posterior(found)[: found.n_iter + 1]) / len(x)
    assert found.converged
    assert (np.diff(found.trajectory) < 0).any()  # as the log-likelihood may
    assert (gains[:-2] >= 1e-5).all()
    assert gains[-2] < 1e-5


@pytest.mark.parametrize("name", EVERY)
def test_threads_and_order_are_of_no_account(name):
    x = clusters(36, n=3000)
    start = a_start(x, 3)
    (one,) = fit(x, [start], name, [0, 5], regularisation="map")
    same(one, fit(x, [start], name, [0, 5], regularisation="map", threads=2)[0])
    (turned,) = fit(x[::-1], [start], name, [0, 5], regularisation="map")
    assert_allclose(turned.trajectory, one.trajectory, rtol=1e-10)


def test_a_weight_of_two_is_the_sample_twice():
    x = clusters(37, n=50)
    weight = np.random.default_rng(3).integers(1, 4, 50)
    start = a_start(x, 2)
    (one,) = fit(x, [start], "full", [6], regularisation="map", sample_weight=weight)
    (other,) = fit(np.repeat(x, weight, axis=0), [start], "full", [6], regularisation="map")
    assert_allclose(one.trajectory, other.trajectory, rtol=1e-10)


@pytest.mark.filterwarnings("ignore:1 of 2 starts could not be used")
def test_the_estimator_takes_a_prior():
    x = np.concatenate([clusters(35), np.full((3, 2), 50.0)])
    options = {"means_init": [[0, 0], [50, 50]], "reg_covar": 0, "max_iter": 200, "random_state": 0}
    with pytest.raises(ValueError, match="ill-defined"):
        GaussianMixture(2, **options).fit(x)
    model = clone(GaussianMixture(2, prior=Prior(scale=np.eye(2)), n_init=2, **options)).fit(x)
    mixture = model.mixture_
    (again,) = fit(x, [mixture], "full", [1], regularisation=0, prior=Prior(scale=np.eye(2)))
    assert_allclose(again.snapshots[0].mixture.means, mixture.means, rtol=1e-2)
    assert_allclose(again.snapshots[0].mixture.covariances[1], mixture.covariances[1], rtol=1e-3)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"shrinkage": -1}, "shrinkage is -1"),
        ({"dof": 1}, "dof is 1"),
        ({"mean": [1.0]}, "mean has shape"),
        ({"scale": [[1.0, 2.0], [2.0, 1.0]]}, "not symmetric and positive definite"),
    ],
)
def test_what_is_no_prior_is_refused(settings, words):
    x = clusters(38)
    with pytest.raises(InputError, match=words):
        fit(x, [a_start(x, 2)], "full", [1], prior=Prior(**settings))


def test_an_unknown_regularisation_is_refused():
    x = clusters(38)
    with pytest.raises(InputError, match="regularisation: 'mapp'"):
        fit(x, [a_start(x, 2)], "full", [1], regularisation="mapp")


def test_one_sample_gives_the_prior_no_scale():
    with pytest.raises(InputError, match="weights of the samples sum to 1"):
        fit(np.ones((1, 1)), [Mixture(np.ones(1), np.ones((1, 1)), np.ones((1, 1, 1)))],
            "full", [1], regularisation="map")  # fmt: skip

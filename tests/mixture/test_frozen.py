"""Parts of a mixture that stay as they start."""

import dataclasses
from itertools import combinations

import numpy as np
import pytest
from em_cases import EVERY, a_start, clusters, fit, log_density, same
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from gmmpipe import GaussianMixture
from gmmpipe.errors import InputError
from gmmpipe.mixture.defects import indexed, sentence
from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.em.fit import n_parameters
from gmmpipe.mixture.em.prior import Prior
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.mixture import Mixture

PARTS = ("weights", "means", "covariances")
SUBSETS = [chosen for size in (1, 2) for chosen in combinations(PARTS, size)]
every_subset = pytest.mark.parametrize("frozen", SUBSETS, ids="+".join)
seeds = st.integers(0, 2**32 - 1)
sizes = st.tuples(st.integers(1, 4), st.integers(1, 3))


def uneven(x, k, seed=0):
    """Return a start that is no fixed point in any part."""
    start = a_start(x, k, seed)
    rng = np.random.default_rng(seed + 1)
    return dataclasses.replace(start, weights=rng.dirichlet(np.full(k, 5.0)))


@pytest.mark.parametrize("name", EVERY)
@every_subset
def test_what_is_frozen_keeps_its_bits_and_the_rest_moves(name, frozen):
    x = clusters(61)
    (found,) = fit(x, [uneven(x, 3)], name, [0, 8], frozen=frozen)
    start, end = (kept.mixture for kept in found.snapshots)
    for part in PARTS:
        if part in frozen:
            assert_array_equal(getattr(end, part), getattr(start, part))
        else:
            assert np.abs(getattr(end, part) - getattr(start, part)).max() > 1e-3


@pytest.mark.parametrize("name", EVERY)
@every_subset
def test_an_iteration_is_that_of_a_plain_twin(name, frozen):
    x = clusters(62, d=3)
    (found,) = fit(x, [uneven(x, 3)], name, [0, 1], regularisation=0, frozen=frozen)
    start, end = (kept.mixture for kept in found.snapshots)
    r = np.exp(log_responsibilities(x, start)[1])
    counts = r.sum(axis=0)
    means = start.means if "means" in frozen else r.T @ x / counts[:, None]
    away = x[:, None] - means
    scatter = np.einsum("nk,nki,nkj->kij", r, away, away)
    covariances = FAMILIES[name].monotone_m_step(counts, scatter, np.zeros(3), start.covariances)
    assert_allclose(end.means, means, rtol=1e-10)
    assert_allclose(end.weights, start.weights if "weights" in frozen else counts / len(x))
    expected = start.covariances if "covariances" in frozen else covariances
    assert_allclose(end.covariances, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=15)
@given(seeds, sizes, st.sampled_from(SUBSETS), st.booleans())
def test_likelihood_or_posterior_never_falls(name, seed, size, frozen, informed):
    d, k = size
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(40, d)) + 3 * rng.integers(0, 3, size=(40, 1))
    prior = Prior() if informed and frozen != ("means", "covariances") else None
    (found,) = fit(x, [uneven(x, k, seed % 99)], name, range(15), frozen=frozen, prior=prior)
    value = np.array([kept.log_likelihood + kept.log_prior for kept in found.snapshots[1:]])
    assert (np.diff(value) >= -1e-8 * (1 + np.abs(value[1:]))).all()


@every_subset
def test_nothing_nearby_is_likelier_in_what_is_free(frozen):
    x = clusters(63, n=150)
    (found,) = fit(x, [uneven(x, 2)], "full", [3000], regularisation=0, tol=1e-15, frozen=frozen)
    best = found.snapshots[0].mixture
    highest = log_density(x, best).sum()
    rng = np.random.default_rng(2)
    for _ in range(20):
        bend = np.eye(2) + 1e-3 * rng.normal(size=(2, 2))
        weights = best.weights * np.exp(1e-3 * rng.normal(size=2))
        near = {
            "weights": weights / weights.sum(),
            "means": best.means + 1e-3 * rng.normal(size=best.means.shape),
            "covariances": bend @ best.covariances @ bend.T,
        }
        for part in frozen:
            del near[part]
        assert log_density(x, dataclasses.replace(best, **near)).sum() <= highest + 1e-9


@every_subset
def test_threads_order_and_the_way_there_are_of_no_account(frozen):
    x = clusters(64, n=4000)
    start = uneven(x, 3)
    (ten,) = fit(x, [start], "full", [4, 10], frozen=frozen)
    same(ten, fit(x, [start], "full", [4, 10], frozen=frozen, threads=2)[0])
    (six,) = fit(x, [ten.snapshots[0].mixture], "full", [6], frozen=frozen)
    assert_array_equal(six.trajectory, ten.trajectory[4:])
    (turned,) = fit(x[::-1], [start], "full", [10], frozen=frozen)
    assert_allclose(turned.trajectory, ten.trajectory, rtol=1e-10)


def test_means_held_far_away_get_the_scatter_about_them():
    x = clusters(65, n=100)
    far = Mixture(np.ones(1), np.full((1, 2), 1e3), np.array([np.eye(2)]))
    (found,) = fit(x, [far], "full", [2], frozen=["means"])
    expected = (x - 1e3).T @ (x - 1e3) / 100
    assert_allclose(found.snapshots[0].mixture.covariances[0], expected, rtol=1e-12)


def test_held_covariances_take_no_regularisation():
    x = clusters(66)
    thin = dataclasses.replace(a_start(x, 2), covariances=np.array([1e-9 * np.eye(2)] * 2))
    (found,) = fit(x, [thin], "full", [5], regularisation=0.1, reg_covar=1.0, frozen="covariances")
    assert_array_equal(found.snapshots[0].mixture.covariances, thin.covariances)
    assert "floor" not in sentence(found.degenerate, indexed)
    assert "reg_covar" not in sentence(found.degenerate, indexed)


def test_a_component_that_lost_its_samples_keeps_a_held_weight():
    x = clusters(67)
    means = np.array([[0.0, 0.0], [1e5, 1e5]])
    start = Mixture(np.full(2, 0.5), means, np.array([np.eye(2)] * 2))
    (found,) = fit(x, [start], "full", [3], frozen=["weights"])
    assert sentence(found.degenerate, indexed) == "component index 1: no samples left"
    assert_array_equal(found.snapshots[0].mixture.weights, 0.5)
    assert np.isfinite(found.trajectory).all()


def test_frozen_parts_are_no_parameters():
    assert n_parameters("full", 3, 2) == 2 + 6 + 9
    assert n_parameters("full", 3, 2, ["means"]) == 2 + 9
    assert n_parameters("tied", 3, 2, ("weights", "covariances")) == 6


def test_the_estimator_holds_what_it_is_told_to():
    x = clusters(68)
    means = np.array([[0.0, 1.0], [2.0, 3.0]])
    model = GaussianMixture(2, means_init=means, frozen=("means",), tol=1e-2).fit(x)
    free = GaussianMixture(2, means_init=means, tol=1e-2).fit(x)
    assert_array_equal(model.means_, means)
    saved = free.bic(x) + 2 * len(x) * free.score(x) - model.bic(x) - 2 * len(x) * model.score(x)
    assert saved == pytest.approx(4 * np.log(len(x)))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"frozen": ["mean"]}, "frozen.*'mean'.*did you mean 'means'"),
        ({"frozen": PARTS}, "nothing is left to fit"),
        ({"frozen": PARTS[1:], "prior": Prior()}, "prior: means and covariances are frozen"),
    ],
)
def test_what_makes_no_sense_is_refused(options, words):
    x = clusters(69)
    with pytest.raises(InputError, match=words):
        fit(x, [a_start(x, 2)], "full", [1], **options)

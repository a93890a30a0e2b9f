"""A noise component: mclust's, a plain twin, and what must hold of any."""

import dataclasses

import numpy as np
import pytest
from em_cases import EVERY, a_start, clusters, fit, log_density, same
from hypothesis import given, settings
from hypothesis import strategies as st
from mclust_em import mclust
from numpy.testing import assert_allclose, assert_array_equal

from gmmpipe.errors import InputError
from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.em.fit import n_parameters
from gmmpipe.mixture.em.prior import Prior
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.mixture import Mixture

seeds = st.integers(0, 2**32 - 1)


def scattered(seed, n=300, d=2, k=2, share=0.2):
    """Return samples of which the last ``share`` lie anywhere."""
    x = clusters(seed, n=n, d=d, k=k)
    rng = np.random.default_rng(seed + 1)
    away = int(share * n)
    x[n - away :] = rng.uniform(-15, 15, size=(away, d))
    return x


def split(x, mixture):
    """Return the log-likelihood and the responsibilities (N, K + 1), noise last, by scipy."""
    k = mixture.n_components
    volume = np.prod(np.ptp(x, axis=0))
    terms = [
        np.log(mixture.weights[j]) + log_density(
            x, Mixture(np.ones(1), mixture.means[[j]], mixture.covariances[[j]])
        )
        for j in range(k)
    ]  # fmt: skip
    noise = np.log(1 - mixture.weights.sum()) - np.log(volume)
    terms = np.column_stack([*terms, np.full(len(x), noise)])
    total = np.logaddexp.reduce(terms, axis=1)
    return total.sum(), np.exp(terms - total[:, None])


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("d", [1, 3])
def test_iterations_are_those_of_a_plain_twin(name, d):
    x = scattered(71, n=120, d=d)
    (found,) = fit(x, [a_start(x, 2)], name, range(4), regularisation=0, noise=0.1)
    mixture = found.snapshots[0].mixture
    assert mixture.noise == pytest.approx(0.1)
    for step in range(3):
        value, r = split(x, mixture)
        assert found.trajectory[step] == pytest.approx(value, rel=1e-12)
        counts = r[:, :2].sum(axis=0)
        means = r[:, :2].T @ x / counts[:, None]
        away = x[:, None] - means
        scatter = np.einsum("nk,nki,nkj->kij", r[:, :2], away, away)
        covariances = FAMILIES[name].monotone_m_step(
            counts, scatter, np.zeros(d), mixture.covariances
        )
        mixture = Mixture(counts / len(x), means, covariances)
        got = found.snapshots[step + 1].mixture
        assert_allclose(got.weights, mixture.weights, rtol=1e-9)
        assert got.noise == pytest.approx(r[:, 2].mean(), rel=1e-9)
        assert_allclose(got.means, means, rtol=1e-8, atol=1e-10)
        assert_allclose(got.covariances, covariances, rtol=1e-7, atol=1e-10)


def test_fits_are_mclusts():
    x = scattered(72)
    (found,) = fit(x, [a_start(x, 2)], "full", [0, 20], regularisation=0, noise=0.1)
    z = np.exp(log_responsibilities(x, found.snapshots[0].mixture)[1])
    volume = float(np.prod(np.ptp(x, axis=0)))
    ((log_likelihood, mixture),) = mclust(x, z, ["VVV"], 20, volume=volume)
    ours = found.snapshots[1].mixture
    assert found.trajectory[-1] == pytest.approx(log_likelihood, rel=1e-10)
    assert_allclose(ours.weights, mixture.weights, rtol=1e-8)
    assert_allclose(ours.means, mixture.means, rtol=1e-7, atol=1e-9)
    assert_allclose(ours.covariances, mixture.covariances, rtol=1e-6, atol=1e-9)


def test_scattered_samples_are_noise_and_spoil_nothing():
    x = scattered(73, n=2000)
    (found,) = fit(x, [a_start(x[:1600], 2)], "full", [500], noise=0.05, tol=1e-9)
    mixture = found.snapshots[0].mixture
    assert mixture.noise == pytest.approx(0.2, abs=0.03)
    log_p, log_r = log_responsibilities(x, mixture)
    value, r = split(x, mixture)
    assert log_p.sum() == pytest.approx(value, rel=1e-12)
    assert_allclose(np.exp(log_r), r, rtol=1e-9, atol=1e-13)
    assert log_p.sum() == pytest.approx(found.trajectory[-1], rel=1e-12)
    far = log_responsibilities(np.full((1, 2), 1e4), mixture)[1]
    assert far.argmax() == 2


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=12)
@given(seeds, st.integers(1, 3), st.sampled_from([None, Prior()]), st.booleans())
def test_the_likelihood_never_falls(name, seed, d, prior, holes):
    rng = np.random.default_rng(seed)
    x = scattered(seed % 997, n=60, d=d)
    start = a_start(x, 2, seed)
    if holes:
        x[4:][rng.random((56, d)) < 0.3] = np.nan
    share = rng.uniform(0.01, 0.9)
    (found,) = fit(x, [start], name, range(15), noise=share, prior=prior, missing="mar")
    value = np.array([kept.log_likelihood + kept.log_prior for kept in found.snapshots[1:]])
    assert (np.diff(value) >= -1e-8 * (1 + np.abs(value[1:]))).all()


@pytest.mark.parametrize("name", EVERY)
def test_threads_order_and_the_way_there_are_of_no_account(name):
    x = scattered(74, n=4000)
    start = a_start(x, 2)
    (ten,) = fit(x, [start], name, [4, 10], noise=0.1)
    same(ten, fit(x, [start], name, [4, 10], noise=0.1, threads=2)[0])
    (six,) = fit(x, [ten.snapshots[0].mixture], name, [6])
    assert_array_equal(six.trajectory, ten.trajectory[4:])
    (turned,) = fit(x[::-1], [start], name, [10], noise=0.1)
    assert_allclose(turned.trajectory, ten.trajectory, rtol=1e-10)


def test_units_are_of_no_account():
    x = scattered(75)
    shift, scale = np.array([5.0, -70.0]), np.array([1e3, 1e-2])
    start = a_start(x, 2)
    (one,) = fit(x, [start], "full", [8], noise=0.1)
    (other,) = fit(shift + scale * x, [start.rescaled(shift, scale)], "full", [8], noise=0.1)
    moved = one.snapshots[0].mixture.rescaled(shift, scale)
    assert_allclose(other.trajectory + len(x) * np.log(scale).sum(), one.trajectory, rtol=1e-9)
    assert_allclose(other.snapshots[0].mixture.box, moved.box, rtol=1e-12)
    assert other.snapshots[0].mixture.noise == pytest.approx(moved.noise, rel=1e-9)


def test_larger_data_than_are_kept_laid_out_give_the_same(monkeypatch):
    x = scattered(76, n=3000)
    (one,) = fit(x, [a_start(x, 2)], "full", [5], noise=0.1)
    monkeypatch.setattr("gmmpipe.mixture.kernels.layout._RESIDENT", 1000)
    same(one, fit(x, [a_start(x, 2)], "full", [5], noise=0.1)[0])


def test_samples_of_weight_zero_do_not_stretch_the_box():
    x = scattered(77)
    far = np.vstack([x, [[1e6, 1e6]]])
    start, weight = a_start(x, 2), np.append(np.ones(len(x)), 0.0)
    (one,) = fit(x, [start], "full", [5], noise=0.1)
    (other,) = fit(far, [start], "full", [5], noise=0.1, sample_weight=weight)
    assert_allclose(other.trajectory, one.trajectory, rtol=1e-10)


def test_frozen_weights_hold_that_of_the_noise():
    x = scattered(78)
    (found,) = fit(x, [a_start(x, 2)], "full", [9], noise=0.25, frozen=["weights"])
    assert found.snapshots[0].mixture.noise == pytest.approx(0.25, rel=1e-12)


def test_noise_is_two_parameters_and_one_line():
    assert n_parameters("full", 2, 2, noise=True) == n_parameters("full", 2, 2) + 2
    assert n_parameters("full", 2, 2, ["weights"], noise=True) == 4 + 6 + 1
    x = scattered(79)
    (found,) = fit(x, [a_start(x, 2)], "full", [0], noise=0.25)
    assert "noise: weight 0.250000, even from" in found.snapshots[0].mixture.describe()
    assert a_start(x, 2).noise == 0


@pytest.mark.parametrize("noise", [1.0, -0.1, np.nan])
def test_a_share_that_is_none_is_refused(noise):
    x = scattered(80)
    with pytest.raises(InputError, match="noise: "):
        fit(x, [a_start(x, 2)], "full", [1], noise=noise)


def test_a_box_without_volume_is_refused():
    x = scattered(81)
    start = a_start(x, 2)
    x[:, 1] = 3.0
    with pytest.raises(InputError, match="column 1 is constant"):
        fit(x, [start], "full", [1], noise=0.1)
    flat = dataclasses.replace(start, weights=start.weights / 2, box=np.ones((2, 2)))
    with pytest.raises(InputError, match="mixture: box"):
        log_responsibilities(x, flat)
    with pytest.raises(InputError, match="expected each >= 0 and sum 1"):
        log_responsibilities(x, dataclasses.replace(flat, box=None))

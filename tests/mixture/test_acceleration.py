"""Accelerated EM: the optimum of EM in fewer passes, and what EM promises besides."""

import dataclasses

import numpy as np
import pytest
from em_cases import EVERY, a_start, clusters, fit, same
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from gmmpipe import GaussianMixture
from gmmpipe.errors import InputError
from gmmpipe.mixture.defects import indexed, sentence
from gmmpipe.mixture.em import acceleration
from gmmpipe.mixture.em.acceleration import ACCELERATIONS
from gmmpipe.mixture.em.prior import Prior
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.mixture import Mixture

every_method = pytest.mark.parametrize("method", ACCELERATIONS)
seeds = st.integers(0, 2**32 - 1)


def overlapping(seed, n=300, d=2, k=3):
    """Return clusters so close that EM crawls."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(k, d))
    return centres[rng.integers(k, size=n)] + rng.normal(size=(n, d)) * rng.uniform(0.5, 1, d)


@every_method
@pytest.mark.parametrize("name", EVERY)
def test_the_optimum_of_em_in_fewer_passes(method, name):
    x = overlapping(3, n=150, k=2)
    starts = [a_start(x, 2, seed) for seed in range(2)]
    slow = fit(x, starts, name, [1000], tol=1e-12)
    fast = fit(x, starts, name, [1000], tol=1e-12, acceleration=method)
    for one, other in zip(slow, fast, strict=True):
        assert one.converged
        assert other.converged
        assert other.trajectory[-1] == pytest.approx(one.trajectory[-1], abs=1e-6)
        ends = [found.snapshots[-1].mixture for found in (one, other)]
        assert_allclose(ends[1].means, ends[0].means, atol=1e-3)
    assert 1.4 * sum(f.n_iter for f in fast) < sum(f.n_iter for f in slow)


@every_method
@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=8)
@given(seed=seeds)
def test_the_objective_never_falls_and_every_mixture_is_of_the_family(method, name, seed):
    x = overlapping(seed, n=80)
    (found,) = fit(x, [a_start(x, 3, seed)], name, [1, 7, 40], acceleration=method)
    rise = np.diff(found.trajectory)
    assert (rise >= -1e-8 * (1 + np.abs(found.trajectory[1:]))).all()
    for snapshot in found.snapshots:
        assert snapshot.log_likelihood == found.trajectory[snapshot.n_iter]
        (again,) = fit(x, [snapshot.mixture], name, [0])
        assert again.trajectory[0] == pytest.approx(snapshot.log_likelihood, rel=1e-9)
        covariances = snapshot.mixture.covariances
        projected = FAMILIES[name].project(snapshot.mixture.weights, covariances)
        assert_allclose(projected, covariances, rtol=1e-5, atol=1e-7)


@every_method
@pytest.mark.parametrize("settings", [
    {"prior": Prior()}, {"regularisation": "map"}, {"frozen": ["means"]}, {"frozen": ["weights"]},
    {"frozen": ["covariances"]}, {"noise": 0.1}, {"reg_covar": 1e-3}, {"regularisation": 0},
], ids=str)  # fmt: skip
def test_whatever_else_em_is_asked_for(method, settings):
    x = overlapping(3, k=2)
    if "noise" in settings:
        x[:30] = np.random.default_rng(2).uniform(-9, 9, size=(30, 2))
    start = dataclasses.replace(a_start(x, 2, seed=1), covariances=np.array([np.eye(2) / 2] * 2))
    (slow,) = fit(x, [start], "full", [2000], tol=1e-12, **settings)
    (fast,) = fit(x, [start], "full", [2000], tol=1e-12, acceleration=method, **settings)
    assert fast.n_iter < slow.n_iter
    assert fast.converged
    last, expected = fast.snapshots[-1], slow.snapshots[-1]
    assert last.log_likelihood + last.log_prior == pytest.approx(
        expected.log_likelihood + expected.log_prior, abs=1e-5
    )
    for part in settings.get("frozen", ()):
        assert_array_equal(getattr(last.mixture, part), getattr(expected.mixture, part))


@every_method
def test_missing_values(method):
    x = overlapping(3, n=120, k=2)
    x[np.random.default_rng(1).random(x.shape) < 0.1] = np.nan
    start = a_start(np.nan_to_num(x), 2)
    (slow,) = fit(x, [start], "full", [2000], tol=1e-12, missing="mar")
    (fast,) = fit(x, [start], "full", [2000], tol=1e-12, missing="mar", acceleration=method)
    assert fast.trajectory[-1] == pytest.approx(slow.trajectory[-1], abs=1e-5)
    assert fast.n_iter < slow.n_iter


@every_method
@pytest.mark.parametrize("name", ["full", "EEE", "VEI"])
def test_units_are_of_no_account(method, name):
    x = overlapping(7)
    shift, scale = np.array([1e4, -30.0]), np.array([1e-3, 50.0])
    start = a_start(x, 3)
    (one,) = fit(x, [start], name, [12], acceleration=method)
    (other,) = fit(
        shift + scale * x, [start.rescaled(shift, scale)], name, [12], acceleration=method
    )
    volume = len(x) * np.log(scale).sum()
    assert_allclose(other.trajectory + volume, one.trajectory, rtol=1e-7)


@every_method
def test_threads_and_company_change_no_bit(method):
    x = overlapping(8, n=5000)
    starts = [a_start(x, k, seed=k) for k in (3, 1, 4)]
    alone = [fit(x, [start], "full", [2, 20], acceleration=method)[0] for start in starts]
    for threads in (1, 2, 3):
        together = fit(x, starts, "full", [2, 20], threads=threads, acceleration=method)
        for one, other in zip(alone, together, strict=True):
            same(one, other)


@every_method
def test_an_empty_component_stays_empty(method):
    x = overlapping(9)
    start = a_start(x, 3)
    start.weights[:] = [0.5, 0.5, 0]
    (found,) = fit(x, [start], "full", [30], acceleration=method)
    two = Mixture(start.weights[:2], start.means[:2], start.covariances[:2])
    (pair,) = fit(x, [two], "full", [30], acceleration=method)
    assert "component index 2: no samples left" in sentence(found.degenerate, indexed)
    assert_array_equal(found.snapshots[-1].mixture.means[2], start.means[2])
    assert_allclose(found.trajectory, pair.trajectory, rtol=1e-9)


@every_method
def test_a_bad_extrapolation_costs_one_pass_and_nothing_else(method, monkeypatch):
    class Astray(ACCELERATIONS[method]):
        def __call__(self, point, image, scale):
            point_beyond = super().__call__(point, image, scale)
            return None if point_beyond is None else point_beyond + 2.0

    x = overlapping(10)
    monkeypatch.setitem(acceleration.ACCELERATIONS, method, Astray)
    (lost,) = fit(x, [a_start(x, 3)], "full", [60], acceleration=method)
    (plain,) = fit(x, [a_start(x, 3)], "full", [60])
    stays = np.diff(lost.trajectory) == 0
    assert 0 < stays.sum() <= 30
    steps = lost.trajectory[np.append(True, ~stays)]
    assert_allclose(steps, plain.trajectory[: len(steps)], rtol=1e-10)


@every_method
def test_the_estimator_takes_it(method):
    x = overlapping(11)
    slow = GaussianMixture(3, tol=1e-9, max_iter=5000, random_state=0).fit(x)
    fast = GaussianMixture(3, tol=1e-9, max_iter=5000, random_state=0, acceleration=method).fit(x)
    assert fast.n_iter_ < slow.n_iter_
    assert fast.converged_


def test_an_unknown_name_is_refused():
    x = clusters(1)
    with pytest.raises(InputError, match=r"acceleration is 'andersen'.*did you mean 'anderson'"):
        fit(x, [a_start(x, 2)], "full", [1], acceleration="andersen")

"""Stepwise EM: mini-batches, their statistics, and the pass before exact EM."""

import numpy as np
import pytest
from em_cases import EVERY, a_start, clusters, log_density, same
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from gmmpipe.errors import InputError
from gmmpipe.numerics import stepwise
from gmmpipe.numerics.covariance import FAMILIES
from gmmpipe.numerics.em import fit
from gmmpipe.numerics.mixture import Mixture
from gmmpipe.numerics.prior import Prior
from gmmpipe.numerics.stepwise import Statistics, batches


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 60_000))
def test_mini_batches_hold_every_row_once(n):
    found = list(batches(n))
    assert_array_equal(np.sort(np.concatenate(found)), np.arange(n))
    assert all((np.diff(rows) > 0).all() for rows in found)
    for one, again in zip(found, batches(n), strict=True):
        assert_array_equal(one, again)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 0.99), st.sampled_from([0.0, 1e8]))
def test_mixed_statistics_are_those_of_both_samples(seed, share, offset):
    rng = np.random.default_rng(seed)
    samples = [rng.normal(size=(n, 3)) + rng.normal(size=3) + offset for n in (7, 12)]
    both = [
        Statistics(np.ones(1), x.mean(axis=0)[None], np.cov(x.T, ddof=0)[None]) for x in samples
    ]
    mixed = both[0].mixed(both[1], share)
    weight = np.concatenate([np.full(7, (1 - share) / 7), np.full(12, share / 12)])
    x = np.concatenate(samples)
    assert_allclose(mixed.means[0], weight @ x, atol=1e-14 * (10 + offset))
    expected = np.cov(x.T, ddof=0, aweights=weight)
    assert_allclose(mixed.scatter[0], expected, rtol=1e-6, atol=1e-7)


def slow_pass(x, mixture, name):
    """Return one pass of stepwise EM in plain numpy, the statistics about the origin."""
    w, m, c = mixture.weights, mixture.means, mixture.covariances
    known = [w, w[:, None] * m, w[:, None, None] * (c + m[:, :, None] * m[:, None, :])]
    for t, rows in enumerate(batches(len(x))):
        part = x[rows]
        r = np.stack([
            w * np.exp(log_density(part, Mixture(np.ones(1), mean[None], cov[None])))
            for w, mean, cov in zip(
                mixture.weights, mixture.means, mixture.covariances, strict=True
            )
        ])  # fmt: skip
        r /= r.sum(axis=0) * len(part)
        found = [r.sum(axis=1), r @ part, np.einsum("kn,ni,nj->kij", r, part, part)]
        share = (t + 2) ** -0.7
        known = [(1 - share) * a + share * b for a, b in zip(known, found, strict=True)]
        n, s, q = known
        means = s / n[:, None]
        scatter = q - n[:, None, None] * means[:, :, None] * means[:, None, :]
        floor = np.zeros(x.shape[1])
        covariances = FAMILIES[name].step(n, scatter, floor, mixture.covariances)
        mixture = Mixture(n, means, covariances)
    return mixture


@pytest.mark.parametrize("name", ["full", "tied", "VEI"])
def test_the_pass_is_its_plain_twin(name):
    x = clusters(21, n=30_000)
    start = a_start(x, 3)
    (found,) = fit(x, [start], name, [2], algorithm="stepwise", regularisation=0)
    end, expected = found.snapshots[0].mixture, slow_pass(x, found.start, name)
    assert_allclose(end.weights, expected.weights, rtol=1e-9)
    assert_allclose(end.means, expected.means, rtol=1e-9)
    assert_allclose(end.covariances, expected.covariances, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", EVERY)
def test_one_pass_goes_further_than_an_iteration_and_exact_em_goes_on(name):
    x = clusters(22, n=20_000)
    start = a_start(x, 3)
    (exact,) = fit(x, [start], name, [6])
    (found,) = fit(x, [start], name, [0, 1, 2, 6], algorithm="stepwise")
    assert found.trajectory[0] == pytest.approx(exact.trajectory[0], rel=1e-12)
    assert found.trajectory[1] == found.trajectory[0]
    assert found.trajectory[2] > exact.trajectory[1]
    assert_array_equal(found.snapshots[1].mixture.means, found.start.means)
    (onward,) = fit(x, [found.snapshots[2].mixture], name, [4])
    assert_allclose(onward.trajectory, found.trajectory[2:], rtol=1e-12)


@pytest.mark.parametrize("settings", [
    {"prior": Prior()}, {"frozen": ["means"]}, {"noise": 0.1}, {"missing": "mar"},
    {"acceleration": "anderson"}, {"sample_weight": np.repeat([0.0, 2.0], 3000)},
], ids=lambda settings: next(iter(settings)))  # fmt: skip
def test_whatever_else_em_is_asked_for(settings):
    x = clusters(23, n=6000)
    start = a_start(x, 2)
    if "missing" in settings:
        x[::7, 0] = np.nan
    (exact,) = fit(x, [start], "full", [300], tol=1e-12, **settings)
    (found,) = fit(x, [start], "full", [300], tol=1e-12, algorithm="stepwise", **settings)
    assert found.converged
    assert found.trajectory[-1] == pytest.approx(exact.trajectory[-1], rel=1e-7)


def test_threads_change_no_bit():
    x = clusters(24, n=9000)
    for one, other in zip(
        fit(x, [a_start(x, 3)], "full", [2, 5], algorithm="stepwise"),
        fit(x, [a_start(x, 3)], "full", [2, 5], algorithm="stepwise", threads=3),
        strict=True,
    ):
        same(one, other)


def test_a_pass_that_lowers_the_likelihood_is_refused(monkeypatch):
    x = clusters(25, n=3000)
    (best,) = fit(x, [a_start(x, 3)], "full", [200], tol=1e-13)
    end = best.snapshots[0].mixture
    (found,) = fit(x, [end], "full", [2, 3], algorithm="stepwise")
    (plain,) = fit(x, [end], "full", [1])
    assert (np.diff(found.trajectory[:3]) == 0).all()
    assert_allclose(found.trajectory[3], plain.trajectory[1], rtol=1e-14)
    monkeypatch.setattr(stepwise, "_expected", lambda *_: None)  # a covariance breaks on the way
    (broken,) = fit(x, [a_start(x, 3)], "full", [3], algorithm="stepwise")
    (plain,) = fit(x, [a_start(x, 3)], "full", [2])
    assert_allclose(broken.trajectory[[0, 2, 3]], plain.trajectory, rtol=1e-14)


def test_an_unknown_algorithm_is_refused():
    x = clusters(1)
    with pytest.raises(InputError, match=r"algorithm is 'online'; choose one of exact, stepwise"):
        fit(x, [a_start(x, 2)], "full", [1], algorithm="online")

"""EM at its edges: offsets, outliers, empty components, collapse, tiny and refused problems."""

import dataclasses

import numpy as np
import pytest
from em_cases import EVERY, a_start, clusters, fit, rounding, same, slow_em
from numpy.testing import assert_allclose, assert_array_equal

from gmmpipe.errors import InputError
from gmmpipe.mixture.defects import UNUSABLE, indexed, sentence
from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.mixture import Mixture


@pytest.mark.parametrize("name", EVERY)
def test_an_offset_of_1e8_changes_nothing(name):
    x = clusters(16)
    start = a_start(x, 2)
    moved = dataclasses.replace(start, means=start.means + 1e8)
    (here,), (there,) = fit(x, [start], name, [30]), fit(x + 1e8, [moved], name, [30])
    assert_allclose(there.trajectory, here.trajectory, rtol=1e-6)


def test_float32_input_is_summed_in_float64():
    x = (clusters(17) + 1e4).astype(np.float32)
    start = a_start(x.astype(np.float64), 2)
    same(fit(x, [start], "full", [10])[0], fit(x.astype(np.float64), [start], "full", [10])[0])


def test_a_mean_that_jumps_far_does_not_spoil_its_scatter():
    x = clusters(18) * 1e-3
    start = Mixture(np.ones(1), np.array([[1e4, -1e4]]), np.array([1e8 * np.eye(2)]))
    (found,) = fit(x, [start], "full", [1])
    assert_allclose(found.snapshots[0].mixture.covariances[0], np.cov(x.T, bias=True), rtol=1e-9)


@pytest.mark.parametrize("name", EVERY)
def test_a_sample_a_million_deviations_away_is_no_nan(name):
    x = clusters(19)
    x[7] = 1e6, -1e6
    (found,) = fit(x, [a_start(x, 3)], name, [30])
    assert np.isfinite(found.trajectory).all()
    far = Mixture(np.ones(1), np.zeros((1, 2)), np.array([np.eye(2)]))
    log_p, log_r = log_responsibilities(np.array([[1e200, 0.0], [0.0, 0.0]]), far)
    assert np.isfinite(log_p).all()
    assert_array_equal(log_r, 0)


@pytest.mark.parametrize("name", EVERY)
def test_a_component_without_samples_keeps_its_place(name):
    x = clusters(20)
    far = np.array([[0.0, 0.0], [1e5, 1e5]])
    start = Mixture(np.full(2, 0.5), far, np.array([np.eye(2)] * 2))
    (found,) = fit(x, [start], name, [5])
    mixture = found.snapshots[0].mixture
    assert mixture.weights[1] == 0
    assert_array_equal(mixture.means[1], far[1])
    assert "component index 1: no samples left" in sentence(found.degenerate, indexed)
    _, log_r = log_responsibilities(x, mixture)
    assert_array_equal(log_r[:, 1], -np.inf)
    assert_array_equal(log_r[:, 0], 0)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(("n", "d", "k"), [(1, 1, 1), (1, 3, 1), (2, 2, 2), (12, 2, 12), (5, 9, 2)])
def test_tiny_problems_are_defined(name, n, d, k):
    x = np.random.default_rng(n + d).normal(size=(n, d))
    means = x[:k].copy()
    start = Mixture(np.full(k, 1 / k), means, np.array([np.eye(d)] * k))
    (found,) = fit(x, [start], name, [30])
    assert np.isfinite(found.trajectory).all()
    assert (np.diff(found.trajectory) >= -rounding(name) * np.abs(found.trajectory[1:])).all()
    assert n > 2 or found.degenerate


@pytest.mark.parametrize("name", ["full", "tied", "diag"])
def test_a_constant_feature_stops_the_fit_and_is_named(name):
    x = clusters(21, d=3)
    x[:, 1] = 3.0
    start = a_start(clusters(21, d=3), 2)
    (found,) = fit(x, [start], name, [0, 5])
    assert "constant features [1]" in sentence(found.degenerate, indexed)
    assert found.n_iter == 0
    assert not found.converged
    assert_array_equal(found.snapshots[1].mixture.means, start.means)
    (mended,) = fit(x, [start], name, [5], reg_covar=1e-6)
    assert mended.n_iter == 5


def test_without_regularisation_a_collapse_stops_at_the_last_sound_mixture():
    x = np.concatenate([clusters(22), np.full((5, 2), 50.0)])
    start = Mixture(np.full(2, 0.5), np.array([[0.0, 0.0], [50, 50]]), np.array([np.eye(2)] * 2))
    (found,) = fit(x, [start], "full", [0, 20, 40], regularisation=0)
    assert found.n_iter < 20
    assert [(d.component, d.code) for d in found.degenerate] == [
        (1, "indefinite"),
        (None, "stopped"),
    ]
    assert [s.n_iter for s in found.snapshots] == [0, found.n_iter, found.n_iter]
    (floored,) = fit(x, [start], "full", [40])
    assert "at the floor 1.0e-06 (5 effective" in sentence(floored.degenerate, indexed)
    assert (np.diff(floored.trajectory) > -1e-9).all()


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("options", [{}, {"acceleration": "anderson"}])
def test_an_unusable_start_is_lost_and_the_others_are_not_affected(name, options):
    x, start = clusters(26), a_start(clusters(26), 2)
    broken = dataclasses.replace(start, covariances=np.zeros((2, 2, 2)))
    before, lost, after = fit(x, [start, broken, start], name, [0, 4], **options)
    assert lost.lost
    assert lost.degenerate == UNUSABLE
    assert (lost.snapshots, len(lost.trajectory), lost.n_iter) == ((), 0, 0)
    (alone,) = fit(x, [start], name, [0, 4], **options)
    assert not alone.lost
    for found in (before, after):
        assert_array_equal(found.trajectory, alone.trajectory)
        assert_array_equal(found.snapshots[1].mixture.means, alone.snapshots[1].mixture.means)


def test_duplicated_rows_are_weights():
    x, weight = clusters(23), np.random.default_rng(1).integers(0, 4, 400)
    start = a_start(x, 3)
    (weighted,) = fit(x, [start], "full", [20], sample_weight=weight)
    (repeated,) = fit(np.repeat(x, weight, axis=0), [start], "full", [20])
    assert_allclose(weighted.trajectory, repeated.trajectory, rtol=1e-12)


def test_real_weights_are_those_of_plain_em():
    x, weight = clusters(24), np.random.default_rng(2).uniform(size=400)
    start = a_start(x, 2)
    (found,) = fit(x, [start], "full", [10], sample_weight=weight, regularisation=0)
    assert_allclose(found.trajectory, slow_em(x, start, 10, weight)[1], rtol=1e-10)


def test_what_cannot_be_fitted_is_refused_in_one_line():
    x, start = clusters(25), a_start(clusters(25), 2)
    broken = dataclasses.replace(start, covariances=np.zeros((2, 2, 2)))
    flat = dataclasses.replace(start, means=start.means[:, :1])
    heavy = dataclasses.replace(start, weights=np.array([0.9, 0.9]))
    hole = np.where(np.arange(800).reshape(400, 2) == 9, np.nan, x)
    cases = [
        (lambda: fit(x, [start], "ful", [1]), "did you mean 'full'"),
        (lambda: fit(x[:, 0], [start], "full", [1]), "shape"),
        (lambda: fit(hole, [start], "full", [1]), "row 4, column 1"),
        (lambda: fit(x * [1, 1e200], [start], "full", [1]), "column 1 overflows"),
        (lambda: fit(x, [broken], "full", [1]), "a covariance of the start is not positive"),
        (lambda: fit(x, [broken] * 2, "full", [1]), "none of 2 starts can be used: a covariance"),
        (lambda: fit(x, [flat], "full", [1]), "start 0: means"),
        (lambda: fit(x, [heavy], "full", [1]), "sum 1"),
        (lambda: fit(x, [start], "full", [3, 1]), "in order"),
        (lambda: fit(x, [start], "full", [1], tol=-1), "tol"),
        (lambda: fit(x, [start], "full", [1], threads=0), "threads"),
        (lambda: fit(x, [start], "full", [1], sample_weight=np.zeros(400)), "sample_weight"),
        (lambda: fit(x, [start], "full", [1], sample_weight=np.ones(3)), "400 finite"),
        (lambda: log_responsibilities(x, broken), "component index 0 is not positive definite"),
    ]
    for call, part in cases:
        with pytest.raises(InputError, match=part) as caught:
            call()
        assert "\n" not in str(caught.value)


def test_no_starts_are_no_fits():
    assert fit(clusters(26), [], "full", [1]) == []

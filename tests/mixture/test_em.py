"""EM against plain numpy, scipy and scikit-learn; the same bits however it is run."""

import dataclasses
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from em_cases import (  # fmt: skip
    COMPILED,
    EVERY,
    a_start,
    clusters,
    families,
    fit,
    log_density,
    same,
    slow_em,
    volumes_vary,
)
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp
from sklearn.mixture import GaussianMixture

from gmmpipe.mixture.defects import indexed, sentence
from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.em.cost import seconds
from gmmpipe.mixture.families import family
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.mixture import Mixture

TUTORIAL = Path(__file__).parents[2] / "data" / "gmm.data"


def uniform_start(seed, k=2, d=2):
    means = np.random.default_rng(seed).random((k, d))
    return Mixture(np.full(k, 1 / k), means, np.array([np.eye(d)] * k))


@pytest.fixture(scope="module")
def tutorial():
    x = np.loadtxt(TUTORIAL)
    return (x - x.min(axis=0)) / np.ptp(x, axis=0)


@pytest.mark.parametrize("seed", range(5))
def test_the_tutorial_is_plain_em(tutorial, seed):
    start = uniform_start(seed)
    (found,) = fit(tutorial, [start], "full", [100], regularisation=0)
    slow, trajectory = slow_em(tutorial, start, 100)
    mixture = found.snapshots[-1].mixture
    assert_allclose(found.trajectory, trajectory, rtol=1e-9)
    assert_allclose(mixture.means, slow.means, rtol=1e-9)
    assert_allclose(mixture.covariances, slow.covariances, rtol=1e-9)
    assert found.trajectory[-1] == pytest.approx(290.40697, abs=1e-5)
    assert found.degenerate == ()


@pytest.mark.parametrize("d", [1, 2, 3, 7])
def test_log_likelihood_is_scipys(d):
    x = clusters(d, d=d)
    (found,) = fit(x, [a_start(x, 3)], "full", [20])
    mixture = found.snapshots[0].mixture
    total = log_density(x, mixture)
    assert found.trajectory[-1] == pytest.approx(total.sum(), rel=1e-12)
    log_p, log_r = log_responsibilities(x, mixture)
    assert_allclose(log_p, total, rtol=1e-11, atol=1e-12)
    assert_allclose(logsumexp(log_r, axis=1), 0, atol=1e-13)


@pytest.mark.parametrize("name", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("reg_covar", [0.0, 1e-2])
def test_trajectories_are_scikit_learns(name, reg_covar):
    x = clusters(11, d=3)
    start = dataclasses.replace(a_start(x, 3), covariances=np.array([np.eye(3)] * 3))
    (found,) = fit(x, [start], name, [12], regularisation=0, reg_covar=reg_covar)
    shape = {"full": (3, 1, 1), "tied": (1, 1), "diag": (3, 1), "spherical": 3}[name]
    model = GaussianMixture(
        3, covariance_type=name, reg_covar=reg_covar, max_iter=12, tol=0,
        weights_init=start.weights, means_init=start.means,
        precisions_init=np.ones(3) if name == "spherical"
        else np.tile(np.ones(3), (3, 1)) if name == "diag" else np.tile(np.eye(3), shape),
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x)
    assert_allclose(np.array(model.lower_bounds_) * len(x), found.trajectory[:12], rtol=1e-9)
    assert_allclose(model.means_, found.snapshots[0].mixture.means, rtol=1e-9)


@pytest.mark.parametrize("tol", [1e-2, 1e-4])
def test_tolerance_is_scikit_learns(tol):
    x = clusters(12)
    start = dataclasses.replace(a_start(x, 3), covariances=np.array([np.eye(2)] * 3))
    (found,) = fit(x, [start], "full", [1, 500], tol=tol, regularisation=0)
    model = GaussianMixture(
        3, tol=tol, max_iter=500, reg_covar=0, weights_init=start.weights,
        means_init=start.means, precisions_init=start.covariances,
    ).fit(x)  # fmt: skip
    assert found.converged
    assert found.n_iter == model.n_iter_
    assert_allclose(found.snapshots[1].mixture.means, model.means_, rtol=1e-9)
    assert [s.converged for s in found.snapshots] == [False, True]
    assert [s.n_iter for s in found.snapshots] == [1, found.n_iter]
    assert len(found.trajectory) == found.n_iter + 1


@pytest.mark.parametrize(
    ("name", "d"),
    [(name, d) for d in (1, 2, 5) for name in families(d) if FAMILIES[name].kernel is not None],
)
def test_the_compiled_loop_is_the_one_in_python(name, d, monkeypatch):
    x = clusters(13, d=d)
    starts = [a_start(x, k, seed=k) for k in (1, 2, 4)]
    monkeypatch.setitem(FAMILIES, "slow", dataclasses.replace(FAMILIES[name], kernel=None))
    fast = fit(x, starts, name, [0, 3, 15], tol=1e-4)
    slow = fit(x, starts, "slow", [0, 3, 15], tol=1e-4)
    for one, other in zip(fast, slow, strict=True):
        assert_allclose(one.trajectory, other.trajectory, rtol=1e-10)
        assert one.converged == other.converged
        assert one.degenerate == other.degenerate


@pytest.mark.parametrize("name", COMPILED)
def test_the_loop_in_python_tells_of_a_collapse_too(name, monkeypatch):
    x = np.concatenate([clusters(16, d=2), np.full((4, 2), 50.0)])
    start = a_start(x, 2)
    start.means[1] = 50.0
    monkeypatch.setitem(FAMILIES, "slow", dataclasses.replace(FAMILIES[name], kernel=None))
    (fast,) = fit(x, [start], name, [30])
    (slow,) = fit(x, [start], "slow", [30])
    said = [sentence(found.degenerate, indexed) for found in (fast, slow)]
    assert ("at the floor" in said[0]) == volumes_vary(name)
    assert said[1] == said[0]


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("regularisation", [0.0, 1e-6])
def test_reg_covar_hides_no_collapse(name, regularisation):
    x = np.concatenate([clusters(17, d=2), np.full((4, 2), 50.0)])
    start = a_start(x, 2)
    start.means[1] = 50.0
    settings = {"reg_covar": 1e-6, "regularisation": regularisation}
    (collapsed,) = fit(x, [start], name, [30], **settings)
    said = sentence(collapsed.degenerate, indexed)
    assert ("component index 1: smallest relative eigenvalue" in said) == volumes_vary(name)
    (sound,) = fit(clusters(17, d=2), [a_start(clusters(17, d=2), 2)], name, [30], **settings)
    assert sound.degenerate == ()


@pytest.mark.parametrize("name", EVERY)
def test_ten_steps_are_four_then_six(name):
    x = clusters(14)
    (ten,) = fit(x, [a_start(x, 3)], name, [4, 10])
    (six,) = fit(x, [ten.snapshots[0].mixture], name, [6])
    assert_array_equal(six.trajectory, ten.trajectory[4:])
    for part in ("weights", "means", "covariances"):
        assert_array_equal(
            getattr(six.snapshots[0].mixture, part), getattr(ten.snapshots[1].mixture, part)
        )


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize(("n", "d"), [(272, 2), (5000, 2), (2000, 7)])
def test_threads_and_company_change_no_bit(name, n, d):
    x = clusters(15, n=n, d=d)
    starts = [a_start(x, k, seed=k) for k in (3, 1, 5, 2)]
    alone = [fit(x, [start], name, [2, 6])[0] for start in starts]
    for threads in (1, 2, 3):
        for one, other in zip(alone, fit(x, starts, name, [2, 6], threads=threads), strict=True):
            same(one, other)
        same(alone[2], fit(x, [starts[2]], name, [2, 6], threads=threads)[0])


def test_the_cost_model_grows_with_the_work():
    assert seconds(1000, 2, "full", 3, 100) > seconds(1000, 2, "full", 3, 10)
    assert seconds(1000, 8, "full", 3, 10) > seconds(1000, 8, "diag", 3, 10)
    noisy = seconds(1000, 8, "full", 3, 10, compiled=False, noise=True)
    assert noisy > seconds(1000, 8, "full", 3, 10, compiled=False)
    assert seconds(1000, 8, "full", 3, 10, patterns=100) > 10 * 100 * 50e-6


def test_importing_em_imports_no_compiler():
    code = "import sys, gmmpipe.mixture.em.fit; assert not {'numba', 'scipy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_families_under_test_are_the_registered_ones():
    assert family.FAMILIES is FAMILIES
    assert {"full", "tied", "diag", "spherical"} <= set(EVERY)

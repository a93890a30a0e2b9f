"""Sums over slices of rows are those over all rows."""

import numpy as np
import pytest

from gmmpipe.mixture import slices
from gmmpipe.mixture.densities import Responsibilities
from gmmpipe.mixture.em.prior import Prior, conjugate
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.slices import extremes, slices_of, subset

RNG = np.random.default_rng(0)
X = RNG.normal([5, -3e6], [1, 20], (100, 2))
W = RNG.integers(0, 3, 100).astype(float)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(slices, "SLICE", 7)


@pytest.mark.parametrize("n", [0, 1, 6, 7, 8, 100])
def test_slices_are_all_rows_in_order(n):
    assert [i for cut in slices_of(n) for i in range(n)[cut]] == list(range(n))


def test_extremes_are_of_what_counts_and_is_observed():
    x = X.copy()
    x[0], x[9, 1], W[0] = 1e9, np.nan, 0.0
    low, high = extremes(x, W)
    np.testing.assert_array_equal(low, np.nanmin(x[W > 0], axis=0))
    np.testing.assert_array_equal(high, np.nanmax(x[W > 0], axis=0))
    assert np.isnan(extremes(np.full((20, 1), np.nan))).all()


@pytest.mark.parametrize("n", [1, 63, 64, 65, 1000])
def test_extremes_of_many_rows_at_once(n, monkeypatch):
    monkeypatch.setattr(slices, "SLICE", 300)
    x = np.random.default_rng(n).normal(size=(n, 3)).astype(np.float32)
    x[n // 2, 1] = np.nan
    low, high = extremes(x)
    np.testing.assert_array_equal(low, np.fmin.reduce(x, axis=0))
    np.testing.assert_array_equal(high, np.fmax.reduce(x, axis=0))


def test_a_prior_is_made_out_from_slices():
    found = conjugate(Prior(), X, W, FAMILIES["full"])
    mean = np.average(X, axis=0, weights=W)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-14)
    scale = np.cov(X.T, fweights=W.astype(int))
    np.testing.assert_allclose(found.scale, scale, rtol=1e-9)


def test_a_subset_depends_on_how_many_rows_there_are_and_what_it_is_for():
    np.testing.assert_array_equal(subset(5, 5, "x"), np.arange(5))
    some = subset(10**6, 50, "x")
    assert len(np.unique(some)) == 50
    assert (np.diff(some) > 0).all()
    np.testing.assert_array_equal(some, subset(10**6, 50, "x"))
    assert not np.array_equal(some, subset(10**6, 50, "y"))
    assert not np.array_equal(some, subset(10**6 + 1, 50, "x"))


def test_responsibilities_of_slices_are_the_bits_of_all(monkeypatch):
    from gmmpipe.mixture.densities import log_responsibilities
    from gmmpipe.mixture.mixture import Mixture

    mixture = Mixture(np.array([0.4, 0.6]), X[:2], np.array([np.cov(X.T)] * 2))
    monkeypatch.setattr(slices, "SLICE", 30)
    parts = [logs for _, logs in Responsibilities(X, 2)(mixture)]
    np.testing.assert_array_equal(np.concatenate(parts), log_responsibilities(X, mixture)[1])

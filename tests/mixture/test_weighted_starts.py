"""A row of weight 2 is to a start as that row twice."""

import numpy as np
import pytest

from gmmpipe.errors import InputError
from gmmpipe.mixture.diagnostics.metrics import METRICS
from gmmpipe.mixture.starts.given import GroupStart
from gmmpipe.mixture.starts.registry import STARTS, prepared

RNG = np.random.default_rng(8)
GROUPS = np.repeat(np.arange(3), 40)
X = RNG.normal(size=(120, 2)) * [1, 30] + np.array([[0, 0], [40, 0], [0, 900]])[GROUPS]
WEIGHT = RNG.integers(1, 5, 120).astype(float)
WHOLE = np.repeat(X, WEIGHT.astype(int), axis=0)
NEEDS = {"given": lambda k: {"means": X[:k].tolist()}}
FAR = ("kmeans", "ward", "split", "short-em")  # they find groups that are far apart


def run(name, x, k, weight=None, seed=0):
    start = STARTS[name](**NEEDS.get(name, lambda _: {})(k))
    return prepared(start, x, "full", weight)(k, np.random.default_rng(seed))


@pytest.mark.parametrize("name", STARTS)
def test_of_one_component_every_start_is_that_of_the_rows_written_out(name):
    weighted, written = run(name, X, 1, WEIGHT), run(name, WHOLE, 1)
    np.testing.assert_allclose(weighted.covariances, written.covariances, rtol=1e-9)
    np.testing.assert_allclose(weighted.weights, written.weights, rtol=1e-12)
    if name not in ("uniform", "points"):  # these draw their means
        np.testing.assert_allclose(weighted.means, written.means, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", FAR)
def test_groups_that_are_far_apart_are_found_with_their_weighted_moments(name):
    found, written = run(name, X, 3, WEIGHT), run(name, WHOLE, 3, seed=1)
    order, other = (np.lexsort(np.round(one.means).T) for one in (found, written))
    np.testing.assert_allclose(found.weights[order], written.weights[other], rtol=1e-6)
    np.testing.assert_allclose(found.means[order], written.means[other], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(
        found.covariances[order], written.covariances[other], rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("name", ["points", "kmeans++"])
def test_rows_are_drawn_as_often_as_they_count(name):
    """The first mean of 3,000 starts on four rows; chi-squared with 3 degrees of freedom."""
    x, weight = X[[0, 1, 40, 80]], np.array([1.0, 2.0, 3.0, 4.0])
    start = prepared(STARTS[name](), x, "full", weight)
    seen = np.zeros(4)
    for seed in range(3000):
        mean = start(4, np.random.default_rng(seed)).means[0]
        seen[np.argmin(np.abs(x - mean).sum(axis=1))] += 1
    expected = 300 * weight
    assert np.sum((seen - expected) ** 2 / expected) < 16.3  # 0.1 %


@pytest.mark.parametrize("name", STARTS)
def test_weights_of_one_change_no_shape(name):
    for k in (1, 4) if name != "given" else (4,):
        start = run(name, X, k, np.ones(120))
        assert start.means.shape == (k, 2)
        np.linalg.cholesky(start.covariances)


def test_a_start_that_takes_no_weights_says_so():
    class Plain:
        def __call__(self, x, k, rng):
            return STARTS["points"]()(x, k, rng)

    assert prepared(Plain(), X, "full")(2, np.random.default_rng(0)).n_components == 2
    with pytest.raises(InputError, match="start Plain: takes no weights; choose another"):
        prepared(Plain(), X, "full", WEIGHT)


def test_groups_of_rows_are_a_start():
    found = GroupStart(GROUPS)(X, 3, np.random.default_rng(0), WEIGHT)
    written = GroupStart(np.repeat(GROUPS, WEIGHT.astype(int)))(WHOLE, 3, np.random.default_rng(0))
    np.testing.assert_allclose(found.means, written.means, rtol=1e-12)
    np.testing.assert_allclose(found.covariances, written.covariances, rtol=1e-9)
    with pytest.raises(InputError, match="groups of 120 rows, but the data have 119"):
        GroupStart(GROUPS)(X[1:], 3, np.random.default_rng(0))
    with pytest.raises(InputError, match="3 groups, but k is 2; sweep k = 3 alone"):
        GroupStart(GROUPS)(X, 2, np.random.default_rng(0))


@pytest.mark.parametrize("name", METRICS)
def test_metrics_of_weighted_samples_are_those_of_the_rows_written_out(name):
    labels = np.random.default_rng(1).integers(0, 3, 120)
    written = (np.repeat(codes, WEIGHT.astype(int)) for codes in (labels, GROUPS))
    assert METRICS[name](labels, GROUPS, WEIGHT) == pytest.approx(METRICS[name](*written))

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmmpipe.data.generators import Blobs
from gmmpipe.data.normalise import NORMALISERS
from gmmpipe.errors import InputError
from gmmpipe.mixture.moments import moments, total_covariance
from gmmpipe.mixture.starts.kmeans import KMeans
from gmmpipe.mixture.starts.points import Uniform
from gmmpipe.mixture.starts.registry import STARTS, prepared

X = Blobs(n=300, d=3, k=4, separation=4.0).sample(np.random.default_rng(5)).x
PLAIN = {
    "blobs": X,
    "one row": X[:1],
    "two rows": X[:2],
    "one feature": X[:, :1],
    "more features than rows": np.random.default_rng(1).normal(size=(4, 9)),
    "constant feature": np.column_stack([X, np.full(300, 0.1)]),
    "collinear": np.column_stack([X, X.sum(axis=1)]),
    "all equal": np.full((5, 2), 3.3),
    "duplicates": np.repeat(X[:3], 20, axis=0),
    "offset": X + 1e8,
    "far outlier": np.vstack([X, [[1e8, 0, 0]]]),
}


NEEDS = {  # options that a start cannot do without
    "given": lambda x, k: {"means": x[: max(k, 1)].tolist()},
}


def run(name, x, k, seed=0):
    options = NEEDS.get(name, lambda *_: {})(x, k)
    return STARTS[name](**options)(x, k, np.random.default_rng(seed))


@pytest.mark.parametrize("data", PLAIN)
@pytest.mark.parametrize("name", STARTS)
def test_a_start_is_a_sound_mixture_for_every_k(name, data):
    x = PLAIN[data]
    before = x.copy()
    for k in {1, 2, 5, len(x)} if len(x) <= 60 else {1, 2, 5, 20}:
        if k > len(x):
            continue
        start = run(name, x, k)
        assert start.means.shape == (k, x.shape[1])
        assert start.covariances.shape == (k, x.shape[1], x.shape[1])
        np.testing.assert_allclose(start.weights.sum(), 1, rtol=1e-12)
        assert (start.weights > 0).all()
        assert np.isfinite(start.means).all()
        np.testing.assert_array_equal(start.covariances, start.covariances.transpose(0, 2, 1))
        np.linalg.cholesky(start.covariances)
        low, high = x.min(axis=0), x.max(axis=0)
        slack = 1e-12 * np.abs(x).max()
        assert (start.means >= low - slack).all()
        assert (start.means <= high + slack).all()
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("name", STARTS)
def test_a_start_depends_on_its_stream_alone(name):
    np.random.seed(0)  # noqa: NPY002 - the global stream must not matter
    a = run(name, X, 4)
    np.random.seed(1)  # noqa: NPY002 - as above
    b = run(name, X, 4)
    other = run(name, X, 4, seed=1)
    np.testing.assert_array_equal(a.means, b.means)
    np.testing.assert_array_equal(a.covariances, b.covariances)
    assert np.array_equal(a.means, other.means) == getattr(STARTS[name], "seedless", False)


@pytest.mark.parametrize("family", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("name", STARTS)
def test_what_is_prepared_forgets_earlier_calls(name, family):
    start = STARTS[name](**NEEDS.get(name, lambda *_: {})(X, 3))
    ready = prepared(start, X, family)
    for k in (3,) if name == "given" else (5, 1, 3):
        many = ready(k, np.random.default_rng(k))
        alone = prepared(start, X, family)(k, np.random.default_rng(k))
        np.testing.assert_array_equal(many.weights, alone.weights)
        np.testing.assert_array_equal(many.means, alone.means)
        np.testing.assert_array_equal(many.covariances, alone.covariances)


@pytest.mark.parametrize("name", STARTS)
@pytest.mark.parametrize("k", [0, -1, 301])
def test_k_outside_1_to_n_is_refused(name, k):
    with pytest.raises(InputError, match="from 1 to 300"):
        run(name, X, k)


@pytest.mark.parametrize("normaliser", NORMALISERS)
@pytest.mark.parametrize("name", STARTS)
def test_units_do_not_matter(name, normaliser):
    x = X * [1e-4, 1.0, 1e5] + [3, 1e3, 0]
    affine = NORMALISERS[normaliser]()(x, "abc")
    unit = np.outer(x.std(axis=0), x.std(axis=0))
    for seed in range(5):
        raw = run(name, x, 4, seed)
        back = affine.invert(run(name, affine.apply(x), 4, seed))
        np.testing.assert_allclose(raw.weights, back.weights, rtol=1e-9)
        np.testing.assert_allclose(raw.means / x.std(axis=0), back.means / x.std(axis=0), rtol=1e-7)
        np.testing.assert_allclose(raw.covariances / unit, back.covariances / unit, atol=1e-7)


def test_uniform_on_minmax_data_is_the_tutorials_bit_for_bit():
    x = NORMALISERS["minmax"]()(X, "abc").apply(X)
    start = run("uniform", x, 3, seed=7)
    np.testing.assert_array_equal(start.means, np.random.default_rng(7).random((3, 3)))
    np.testing.assert_array_equal(start.covariances, np.tile(np.eye(3), (3, 1, 1)))
    np.testing.assert_array_equal(start.weights, np.full(3, 1 / 3))


def test_uniform_means_fill_the_range():
    start = Uniform()(X, 300, np.random.default_rng(0))
    reach = (start.means - X.min(axis=0)) / np.ptp(X, axis=0)
    assert reach.min() < 0.05
    assert reach.max() > 0.95


def test_points_are_rows_that_differ():
    rows = {tuple(row) for row in X}
    start = run("points", X, 300)
    assert {tuple(mean) for mean in start.means} == rows
    np.testing.assert_allclose(start.covariances[0], np.cov(X.T, ddof=0), rtol=1e-10)
    for seed in range(20):
        assert len(np.unique(run("points", PLAIN["duplicates"], 3, seed).means, axis=0)) == 3


@pytest.mark.parametrize("name", ["kmeans", "kmeans++"])
def test_far_groups_are_found(name):
    sample = Blobs(n=400, d=2, k=4, separation=30.0).sample(np.random.default_rng(2))
    start = run(name, sample.x, 4)
    found = {tuple(mean) for mean in np.round(start.means, 6)}
    true = {tuple(np.round(sample.x[sample.labels == j].mean(axis=0), 6)) for j in range(4)}
    assert found == true


def test_kmeans_ends_where_no_row_moves():
    from scipy.cluster.vq import vq

    scale = X.std(axis=0)
    for seed in range(10):
        start = run("kmeans", X, 5, seed)
        labels = vq(X / scale, start.means / scale)[0]
        means = [X[labels == j].mean(axis=0) for j in range(5)]
        np.testing.assert_allclose(start.means, means, rtol=1e-12)


def test_kmeans_stops_once_few_rows_move():
    early = KMeans(tol=0.2)(X, 5, np.random.default_rng(0))
    late = KMeans(tol=0)(X, 5, np.random.default_rng(0))
    assert not np.allclose(early.means, late.means)


def test_kmeans_moves_on_from_its_seeds():
    one = KMeans(max_iter=1)(X, 5, np.random.default_rng(0))
    many = KMeans()(X, 5, np.random.default_rng(0))
    seeds = run("kmeans++", X, 5)
    assert not np.allclose(one.means, many.means)
    assert not np.allclose(one.means, seeds.means)


def test_seeds_are_drawn_by_squared_distance():
    x = np.array([[0.0], [0.0], [0.0], [1.0], [3.0]])
    draws = [run("kmeans++", x, 2, seed) for seed in range(2000)]
    # From seed 0 the next is 3 with probability 9/10; from 1, 3 with 4/7; from 3 it is never 3.
    with_three = np.mean([np.any(start.means == 3.0) for start in draws])
    assert abs(with_three - (3 / 5 * 9 / 10 + 1 / 5 * 4 / 7 + 1 / 5)) < 0.04


def test_moments_shrink_each_group_by_d_plus_one_samples():
    labels = np.arange(300) % 2
    start = moments(X, labels, np.array([X[0], X[1], X[7]]))
    total = np.cov(X.T, ddof=0)
    group = X[labels == 1]
    expected = (np.cov(group.T, ddof=0) * 150 + 4 * total) / (150 + 4)
    np.testing.assert_allclose(start.covariances[1], expected, rtol=1e-10)
    np.testing.assert_array_equal(start.means[2], X[7])
    np.testing.assert_allclose(start.covariances[2], total, rtol=1e-10)
    np.testing.assert_allclose(start.weights, np.array([150, 150, 0]) / 301 + 1 / 903)


@settings(max_examples=40)
@given(st.integers(1, 12), st.integers(1, 8), st.floats(-100, 100), st.integers(0, 999))
def test_total_covariance_is_that_of_the_rows_where_they_span_the_space(n, d, log_scale, seed):
    x = np.random.default_rng(seed).normal(size=(n, d)) * np.exp(log_scale)
    covariance = total_covariance(x)
    np.linalg.cholesky(covariance)
    if n > d + 1:
        expected = np.atleast_2d(np.cov(x.T, ddof=0))
        np.testing.assert_allclose(covariance, expected, rtol=1e-7, atol=1e-9 * expected.max())
    elif n > 1:
        np.testing.assert_allclose(np.diag(covariance), x.var(axis=0), rtol=1e-10)

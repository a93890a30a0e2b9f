import numpy as np
import pytest

from gmmpipe.data.generators import Blobs
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.mixture.moments import total_covariance
from gmmpipe.mixture.starts import split as growth
from gmmpipe.mixture.starts.split import Split, split

BLOBS = Blobs(n=400, d=2, k=5, separation=10.0).sample(np.random.default_rng(2))
RNG = np.random.default_rng(0)


def test_k_1_is_the_whole():
    start = Split()(BLOBS.x, 1, RNG)
    np.testing.assert_allclose(start.means[0], BLOBS.x.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(start.covariances[0], total_covariance(BLOBS.x), rtol=1e-12)
    np.testing.assert_array_equal(start.weights, [1.0])


def test_halves_lie_one_deviation_either_way_along_the_longest_axis():
    axis = np.array([0.6, 0.8])
    long = 9 * np.outer(axis, axis) + np.outer([-0.8, 0.6], [-0.8, 0.6])
    scale = np.array([10.0, 0.1])
    mixture = Mixture(
        np.array([0.3, 0.7]),
        np.array([[1.0, 2.0], [5.0, 5.0]]),
        np.stack([long * np.outer(scale, scale), np.eye(2)]),
    )
    found = split(mixture, 0, scale)
    np.testing.assert_allclose(found.weights, [0.15, 0.7, 0.15])
    np.testing.assert_allclose(found.means[0], [1, 2] + 3 * axis * scale)
    np.testing.assert_allclose(found.means[2], [1, 2] - 3 * axis * scale)
    np.testing.assert_array_equal(found.means[1], [5, 5])
    np.testing.assert_array_equal(found.covariances, mixture.covariances[[0, 1, 0]])
    np.testing.assert_array_equal(mixture.weights, [0.3, 0.7])


def test_the_split_that_gains_most_is_taken():
    parent = Split()(BLOBS.x, 3, RNG)
    grown = Split()(BLOBS.x, 4, RNG)
    gains = []
    for j in range(3):
        halves = split(parent, j, BLOBS.x.std(axis=0))
        gains.append(em.fit(BLOBS.x, [halves], "full", [10])[0].trajectory[-1])
    kept = [np.abs(grown.means - mean).max(axis=1).min() for mean in parent.means]
    assert np.argmax(kept) == np.argmax(gains)  # the others stay about where they are


@pytest.mark.parametrize("family", ["full", "tied", "diag", "spherical"])
def test_far_groups_are_found(family):
    means = Split().prepare(BLOBS.x, family)(5, RNG).means
    for j in range(5):
        assert np.abs(means - BLOBS.x[BLOBS.labels == j].mean(axis=0)).max(axis=1).min() < 0.1


def test_the_family_decides_what_gains():
    x = np.random.default_rng(0).multivariate_normal([0, 0], [[1, 0.95], [0.95, 1]], 300)
    x = np.vstack([x, x[:100] * 0.1 + [2, -2]])
    full, spherical = (Split().prepare(x, family)(3, RNG) for family in ("full", "spherical"))
    assert not np.allclose(full.means, spherical.means, atol=0.1)


def test_growing_on_repeats_nothing(monkeypatch):
    stages = []
    best_of = growth.best_of
    monkeypatch.setattr(
        growth, "best_of", lambda x, s, *rest: stages.append(len(s)) or best_of(x, s, *rest)
    )
    start = Split().prepare(BLOBS.x, "full")
    for k in (2, 4, 3, 4):
        start(k, RNG)
    assert stages == [1, 2, 3]


def test_more_iterations_are_another_start():
    few, many = (Split(iterations=i)(BLOBS.x, 3, RNG) for i in (1, 50))
    assert not np.allclose(few.means, many.means)

"""The plane that a mixture of many features is shown in."""

import numpy as np
import pytest

from gmmpipe.figures import Style
from gmmpipe.figures.parts.projection import plane
from gmmpipe.mixture.mixture import Mixture


def mixture(means, covariance=None):
    means = np.array(means, float)
    k, d = means.shape
    covariances = np.array([np.eye(d) if covariance is None else covariance] * k)
    return Mixture(np.full(k, 1 / k), means, covariances)


def names(d):
    return [f"feature {i}" for i in range(d)]


def test_two_features_are_their_own_plane():
    x = np.random.default_rng(0).normal(size=(5, 2))
    view = plane(["a", "b"], mixture([[0, 0], [1, 1]]), Style())
    np.testing.assert_array_equal(view.points(x), x)
    assert view.labels == ("a", "b")


def test_marginal_equals_that_of_projected_samples():
    rng = np.random.default_rng(1)
    root = rng.normal(size=(4, 4))
    seen = mixture(3 * rng.normal(size=(3, 4)), root @ root.T)
    view = plane(names(4), seen, Style())
    x = rng.multivariate_normal(seen.means[1], seen.covariances[1], size=100_000)
    projected = view.mixture(seen)
    np.testing.assert_allclose(view.points(x).mean(axis=0), projected.means[1], atol=0.05)
    np.testing.assert_allclose(np.cov(view.points(x).T), projected.covariances[1], atol=0.05)


def test_discriminants_have_unit_variance_within_and_do_not_correlate():
    rng = np.random.default_rng(2)
    root = rng.normal(size=(5, 5))
    seen = mixture(3 * rng.normal(size=(4, 5)), root @ root.T)
    view = plane(names(5), seen, Style())
    np.testing.assert_allclose(view.mixture(seen).covariances[0], np.eye(2), atol=1e-4)
    assert view.sentence.startswith("The axes are the two leading discriminant directions")


def test_first_discriminant_finds_the_feature_that_separates():
    view = plane(names(6), mixture([[0, 0, 0, 0, 0, 0], [0, 0, 0, 9, 0, 0]]), Style())
    assert np.argmax(np.abs(view.directions[:, 0])) == 3
    assert view.labels[0].startswith("discriminant 1 (feature 3, ")
    assert view.labels[1].startswith("principal 1 (")
    assert view.directions[3, 0] > 0


@pytest.mark.parametrize("projection", ["discriminant", "features"])
def test_one_component_and_constant_features_have_a_plane(projection):
    covariance = np.diag([1.0, 0.0, 4.0, 0.0])
    view = plane(names(4), mixture([[1, 2, 3, 4]], covariance), Style(projection=projection))
    assert np.isfinite(view.points(np.ones((3, 4)))).all()
    assert np.linalg.matrix_rank(view.directions) == 2


def test_features_that_separate_best():
    seen = mixture([[0, 0, 0, 0], [0, 8, 0, 0], [0, 0, 0, 8]])
    view = plane(names(4), seen, Style(projection="features"))
    assert view.labels == ("feature 1", "feature 3")
    np.testing.assert_array_equal(view.points(np.arange(4.0)[None]), [[1.0, 3.0]])


def test_units_change_nothing():
    rng = np.random.default_rng(3)
    seen = mixture(3 * rng.normal(size=(3, 4)))
    scale = np.array([1.0, 1e-3, 1e4, 7.0])
    x = rng.normal(size=(10, 4))
    plain = plane(names(4), seen, Style()).points(x)
    scaled = plane(names(4), seen.rescaled(np.zeros(4), scale), Style()).points(x * scale)
    np.testing.assert_allclose(scaled, plain, rtol=1e-6, atol=1e-6)

"""Far samples against exact arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.mixture.tails import FAR

MOST = 10**300
WEIGHTS = np.array([0.5, 0.3, 0.2])
MEANS = np.array([[0.0, 0.0], [1.0, -2.0], [3.0, 0.5]])
SHARED = np.array([[2.0, 0.5], [0.5, 1.0]])
MIXTURES = {
    "shared": Mixture(WEIGHTS, MEANS, np.array([SHARED] * 3)),
    "own": Mixture(WEIGHTS, MEANS, np.array([SHARED, np.eye(2), [[1.0, -0.5], [-0.5, 3.0]]])),
    "two shared": Mixture(WEIGHTS, MEANS, np.array([np.eye(2), SHARED, SHARED])),
    "one empty": Mixture(np.array([0.5, 0.5, 0.0]), MEANS, np.array([SHARED, SHARED, 9 * SHARED])),
}


def exact(x, mixture):
    """Return the log responsibilities of x (D,) = (2,), the quadratic forms as fractions."""
    falls = []
    for mean, matrix in zip(mixture.means, mixture.covariances, strict=True):
        a, b, c = (Fraction(float(value)) for value in matrix[np.triu_indices(2)])
        u, v = (Fraction(float(p)) - Fraction(float(m)) for p, m in zip(x, mean, strict=True))
        falls.append((c * u * u - 2 * b * u * v + a * v * v) / (a * c - b * b) / 2)
    with np.errstate(divide="ignore"):
        heights = np.log(mixture.weights) - np.log(np.linalg.det(mixture.covariances)) / 2
    least = min(f for f, w in zip(falls, mixture.weights, strict=True) if w)
    gaps = np.array([float(min(max(least - f, -MOST), MOST)) for f in falls]) + heights
    gaps -= gaps.max()
    return gaps - np.log(np.exp(gaps).sum())


@pytest.mark.parametrize("name", MIXTURES)
@settings(max_examples=60)
@given(st.floats(6, 307), st.sampled_from([(1, 0), (0, -1), (-1, 1), (0.25, 0.75), (-0.5, -0.125)]))
def test_far_samples_are_as_in_exact_arithmetic(name, power, direction):
    mixture = MIXTURES[name]
    x = 10.0**power * np.array(direction)
    densities, found = log_responsibilities(x[None], mixture)
    wanted = exact(x, mixture)
    assert densities[0] < -FAR
    assert np.isfinite(densities).all()
    assert_allclose(np.exp(found[0]), np.exp(wanted), atol=1e-6)
    assert_allclose(np.exp(found[0]).sum(), 1, rtol=1e-12)
    near = wanted > -1e290
    assert_allclose(found[0, near], wanted[near], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", MIXTURES)
def test_where_far_begins_nothing_jumps(name):
    steps = np.sqrt(FAR) * np.linspace(1, 3, 200)[:, None] * np.array([0.6, 0.8])
    densities, logs = log_responsibilities(steps, MIXTURES[name])
    assert (densities > -FAR).any()
    assert (densities < -FAR).any()
    for x, log_resp in zip(steps, logs, strict=True):
        assert_allclose(np.exp(log_resp), np.exp(exact(x, MIXTURES[name])), atol=1e-5)


def test_near_samples_among_far_ones_keep_their_bits():
    near = np.random.default_rng(0).normal(size=(50, 2))
    mixed = np.concatenate([near, [[1e200, 1.0]]])
    alone = log_responsibilities(near, MIXTURES["own"])[1]
    assert_array_equal(log_responsibilities(mixed, MIXTURES["own"])[1][:50], alone)


def test_a_far_sample_with_a_missing_value_is_no_nan():
    x = np.array([[1e200, np.nan], [0.0, 1.0]])
    densities, logs = log_responsibilities(x, MIXTURES["own"], missing="mar")
    assert np.isfinite(densities).all()
    assert_allclose(np.exp(logs).sum(axis=1), 1, rtol=1e-12)

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import eigvalsh

from gmmpipe.data.generators import Blobs, KnownMixture
from gmmpipe.errors import InputError
from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.diagnostics.metrics import ari
from gmmpipe.mixture.diagnostics.recovery import bayes, recovery
from gmmpipe.mixture.mixture import Mixture

FIELDS = "weight_error mean_error mean_distance covariance_error covariance_distance divergence"


def drawn(seed, k=3, d=2, n=300):
    sample = Blobs(n=n, d=d, k=k, separation=3.0, seed=seed).sample(np.random.default_rng(seed))
    return sample.x, sample.truth, sample.labels


def permuted(mixture, order):
    return Mixture(mixture.weights[order], mixture.means[order], mixture.covariances[order])


def shaken(mixture, seed):
    """Return a mixture a little off, its covariances still positive definite."""
    rng = np.random.default_rng(seed)
    k, d = mixture.means.shape
    roots = np.linalg.cholesky(mixture.covariances) + 0.05 * rng.normal(size=(k, d, d))
    weights = mixture.weights * rng.uniform(0.9, 1.1, k)
    return Mixture(
        weights / weights.sum(),
        mixture.means + 0.1 * rng.normal(size=(k, d)),
        roots @ roots.transpose(0, 2, 1),
    )


def errors(x, fitted, truth):
    return recovery(fitted, truth, bayes(x, fitted).resp, bayes(x, truth).resp)


@settings(max_examples=12)
@given(st.integers(0, 500), st.integers(1, 4), st.integers(1, 4))
def test_the_truth_has_no_error_in_whatever_order(seed, k, d):
    x, truth, _ = drawn(seed, k, d)
    order = np.random.default_rng(seed).permutation(k)
    found = errors(x, permuted(truth, order), truth)
    np.testing.assert_array_equal(order[found.component], np.arange(k))
    for name in FIELDS.split():
        np.testing.assert_allclose(getattr(found, name), 0, atol=1e-6)


def test_errors_are_those_of_the_formulas():
    x, truth, _ = drawn(4)
    fitted = shaken(truth, 0)
    order = np.array([2, 0, 1])
    found = errors(x, permuted(fitted, order), truth)
    np.testing.assert_array_equal(order[found.component], np.arange(3))
    for j in range(3):
        s, t = fitted.covariances[j], truth.covariances[j]
        shift, inverse = fitted.means[j] - truth.means[j], np.linalg.inv(s)
        ratios = eigvalsh(s, t)
        assert found.weight_error[j] == pytest.approx(abs(fitted.weights[j] - truth.weights[j]))
        assert found.mean_distance[j] == pytest.approx(np.sqrt(shift @ shift))
        assert found.mean_error[j] == pytest.approx(np.sqrt(shift @ np.linalg.inv(t) @ shift))
        frobenius = np.sqrt(np.sum((s - t) ** 2) / np.sum(t**2))
        assert found.covariance_error[j] == pytest.approx(frobenius)
        assert found.covariance_distance[j] == pytest.approx(np.sqrt(np.sum(np.log(ratios) ** 2)))
        terms = np.trace(inverse @ t) - 2 + np.linalg.slogdet(s)[1] - np.linalg.slogdet(t)[1]
        assert found.divergence[j] == pytest.approx((terms + shift @ inverse @ shift) / 2)


def test_the_divergence_is_the_mean_difference_of_log_densities():
    x, truth, _ = drawn(1, k=1, n=200_000)
    fitted = shaken(truth, 3)
    (difference,) = np.diff([log_responsibilities(x, m)[0].mean() for m in (fitted, truth)])
    assert errors(x, fitted, truth).divergence[0] == pytest.approx(difference, rel=0.05)


def test_errors_in_standard_deviations_do_not_depend_on_units():
    x, truth, _ = drawn(7)
    fitted, shift, scale = shaken(truth, 1), np.array([5.0, -1e3]), np.array([1e-3, 40.0])
    one = errors(x, fitted, truth)
    other = errors(shift + scale * x, fitted.rescaled(shift, scale), truth.rescaled(shift, scale))
    np.testing.assert_array_equal(one.component, other.component)
    for name in ("weight_error", "mean_error", "covariance_distance", "divergence"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-8)


def test_no_rule_beats_bayes_and_its_error_rate_is_known():
    """Two equal normals at distance 2: errors in Phi(-1) of all cases."""
    known = KnownMixture(((0.0,), (2.0,)), (1.0, 1.0), weights=(0.5, 0.5), n=100_000)
    sample = known.sample(np.random.default_rng(0))
    found = bayes(sample.x, sample.truth)
    assert found.error == pytest.approx(0.158655, rel=0.01)
    assert np.mean(found.labels != sample.labels) == pytest.approx(found.error, rel=0.02)
    shifted = (sample.x[:, 0] > 1.4).astype(int)
    assert ari(shifted, sample.labels) < ari(found.labels, sample.labels)


def test_another_k_is_refused():
    x, truth, _ = drawn(0)
    with pytest.raises(InputError, match="must be the same"):
        errors(x, drawn(0, k=2)[1], truth)


def test_a_flat_covariance_is_refused():
    _, truth, _ = drawn(0)
    flat = Mixture(truth.weights, truth.means, 0 * truth.covariances + [[1.0, 0], [0, -1]])
    with pytest.raises(InputError, match="positive definite"):
        recovery(flat, truth, np.eye(3), np.eye(3))

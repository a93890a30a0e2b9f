import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from gmmpipe.mixture import slices
from gmmpipe.mixture.diagnostics.assessment import Assessor
from gmmpipe.mixture.diagnostics.matching import MOST_ROWS, NOISE, comparison_rows
from gmmpipe.mixture.diagnostics.metrics import METRICS
from gmmpipe.mixture.mixture import Mixture

MIXTURE = Mixture(
    np.array([0.3, 0.7]),
    np.array([[0.0, 0.0], [1.0, 2.0]]),
    np.array([[[1.0, 0.2], [0.2, 0.5]], [[0.3, 0.0], [0.0, 0.4]]]),
)


def drawn(n):
    rng = np.random.default_rng(5)
    truth = (rng.random(n) < 0.7).astype(np.int64)
    return MIXTURE.means[truth] + rng.standard_normal((n, 2)), truth


def log_responsibilities(x, mixture):
    logs = np.stack(
        [
            np.log(w) + multivariate_normal(m, c).logpdf(x)
            for w, m, c in zip(mixture.weights, mixture.means, mixture.covariances, strict=True)
        ],
        axis=1,
    )
    return logs - logsumexp(logs, axis=1, keepdims=True)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("size", [33, 65_536])
def test_an_assessment_agrees_with_plain_numpy(weighted, size, monkeypatch):
    monkeypatch.setattr(slices, "SLICE", size)
    x, truth = drawn(400)
    weight = np.random.default_rng(6).integers(0, 4, 400).astype(float) if weighted else None
    found = Assessor(x, weight, truth)(MIXTURE, "full")
    logs = log_responsibilities(x, MIXTURE)
    w = np.ones(400) if weight is None else weight
    np.testing.assert_array_equal(found.labels, logs.argmax(axis=1))
    soft, hard = -np.sum(w[:, None] * np.exp(logs) * logs), -np.sum(w * logs.max(axis=1))
    assert found.entropy == pytest.approx((soft, hard), rel=1e-10)
    np.testing.assert_allclose(found.soundness.counts, w @ np.exp(logs), rtol=1e-10)
    for name, metric in METRICS.items():
        assert found.agreement[name] == metric(logs.argmax(axis=1), truth, weight)


@pytest.mark.parametrize("weighted", [False, True])
def test_agreement_is_of_the_samples_whose_group_is_known(weighted):
    x, truth = drawn(200)
    weight = np.random.default_rng(6).integers(0, 4, 200).astype(float) if weighted else None
    known = np.arange(200) % 3 == 0
    found = Assessor(x, weight, np.where(known, truth, -1))(MIXTURE, "full")
    labels = log_responsibilities(x, MIXTURE).argmax(axis=1)[known]
    for name, metric in METRICS.items():
        some = None if weight is None else weight[known]
        assert found.agreement[name] == metric(labels, truth[known], some)


def test_without_known_groups_there_is_no_agreement():
    found = Assessor(drawn(50)[0])(MIXTURE, "full")
    assert set(found.agreement) == set(METRICS)
    assert np.isnan(list(found.agreement.values())).all()


def test_of_many_samples_the_labels_are_those_of_the_probe():
    x, _ = drawn(MOST_ROWS + 300)
    found = Assessor(x)(MIXTURE, "full")
    expected = log_responsibilities(x[comparison_rows(len(x))], MIXTURE).argmax(axis=1)
    np.testing.assert_array_equal(found.labels, expected)


def test_what_is_noise_has_its_label():
    box = np.array([[-50.0, -50.0], [50.0, 50.0]])
    mixture = Mixture(MIXTURE.weights * 0.9, MIXTURE.means, MIXTURE.covariances, box)
    x = np.concatenate([drawn(30)[0], [[40.0, -40.0]]])
    found = Assessor(x)(mixture, "full")
    assert found.labels[-1] == NOISE
    assert found.soundness.counts.shape == (2,)


def test_what_comes_before_leaves_no_trace():
    """An assessor keeps memory from one mixture to the next, of whatever K."""
    x, truth = drawn(300)
    mixtures = [
        MIXTURE,
        Mixture(MIXTURE.weights[::-1], MIXTURE.means + 0.5, MIXTURE.covariances * 2),
        Mixture(np.ones(1), MIXTURE.means[:1], MIXTURE.covariances[:1]),
        MIXTURE,
    ]
    one = Assessor(x, None, truth)
    for mixture in mixtures:
        kept, fresh = one(mixture, "full"), Assessor(x, None, truth)(mixture, "full")
        assert kept.entropy == fresh.entropy
        np.testing.assert_array_equal(kept.labels, fresh.labels)
        np.testing.assert_array_equal(kept.soundness.counts, fresh.soundness.counts)

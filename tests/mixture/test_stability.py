from functools import partial
from itertools import combinations

import numpy as np
import pytest
from em_cases import a_start, clusters
from hypothesis import given, settings
from hypothesis import strategies as st

from gmmpipe.errors import InputError
from gmmpipe.mixture.bootstrap.clusterings import bootstrap_labels
from gmmpipe.mixture.diagnostics.metrics import ari
from gmmpipe.mixture.diagnostics.stability import agreement, stability
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.starts.registry import STARTS


def labelings(seed, runs, n, k):
    """Return clusterings that differ from a common one in more and more samples."""
    rng = np.random.default_rng(seed)
    common = rng.integers(k, size=n)
    return np.array([np.where(rng.random(n) < r / runs, 0, common) for r in range(runs)])


@settings(max_examples=30)
@given(st.integers(0, 1000), st.integers(2, 7), st.integers(1, 40), st.integers(1, 5))
def test_agreement_and_its_mean_are_those_of_the_pairs(seed, runs, n, k):
    labels = labelings(seed, runs, n, k)
    found = agreement(labels.astype(np.uint8))
    expected = [[ari(a, b) for b in labels] for a in labels]
    np.testing.assert_array_equal(found, expected)
    pairs = [expected[a][b] for a, b in combinations(range(runs), 2)]
    assert stability(labels).mean == pytest.approx(np.mean(pairs), abs=1e-12)
    assert stability(labels).runs == runs


def test_the_standard_error_is_the_jackknife_written_out():
    labels = labelings(0, 6, 50, 3)
    left_out = [stability(np.delete(labels, r, axis=0)).mean for r in range(6)]
    expected = np.sqrt(5 / 6 * np.sum((left_out - np.mean(left_out)) ** 2))
    assert stability(labels).standard_error == pytest.approx(expected, rel=1e-12)


def test_the_standard_error_is_that_of_repeated_draws():
    """Draw clusterings independently, many times over: the mean scatters as said."""
    rng = np.random.default_rng(5)
    common = rng.integers(3, size=80)

    def draw():
        noise = rng.random((12, 1)) * 0.4
        return np.where(rng.random((12, 80)) < noise, rng.integers(3, size=(12, 80)), common)

    found = [stability(draw()) for _ in range(150)]
    scatter = np.std([one.mean for one in found])
    assert np.sqrt(np.mean([f.standard_error**2 for f in found])) == pytest.approx(scatter, rel=0.2)


def test_names_of_components_do_not_matter():
    labels = labelings(2, 2, 60, 4)
    renamed = np.array([labels[0], labels[0] + 3])
    alike = stability(renamed)
    assert (alike.mean, alike.runs) == (1.0, 2)
    assert np.isnan(alike.standard_error)


@pytest.mark.parametrize(
    "labels", [np.zeros(3, int), np.zeros((2, 0), int), np.array([[0, -1], [0, 0]])]
)
def test_what_are_no_clusterings_is_refused(labels):
    with pytest.raises(InputError, match="runs x samples"):
        stability(labels)


def test_one_clustering_is_refused():
    with pytest.raises(InputError, match="two or more"):
        stability(np.zeros((1, 4), int))


def labels_of(x, weight, fit, replicates, purpose):
    """Return the labels of all resamples, (replicates, N)."""
    return np.stack(list(bootstrap_labels(x, weight, fit, range(replicates), purpose)))


def refit(x, counts, rng=None, *, k, method="points"):  # noqa: ARG001 - starts alike here
    start = STARTS[method]()(x, k, np.random.default_rng(0))
    (fitted,) = em.fit(x, [start], "full", [30], sample_weight=counts)
    return fitted.snapshots[-1].mixture


def test_a_resample_by_counts_is_a_resample_by_rows():
    x, drawn = clusters(0, n=120), []

    def by_rows(x, counts, _):
        drawn.append(counts)
        copies = np.repeat(x, counts.astype(int), axis=0)
        (fitted,) = em.fit(copies, [a_start(x, 3)], "full", [30])
        return fitted.snapshots[-1].mixture

    by_counts = labels_of(x, None, partial(refit, k=3), 4, ["test"])
    np.testing.assert_array_equal(by_counts, labels_of(x, None, by_rows, 4, ["test"]))
    assert all(counts.sum() == 120 for counts in drawn)
    assert not np.array_equal(drawn[0], drawn[1])


def test_more_replicates_change_none():
    x = clusters(1, n=90)
    fit = partial(refit, k=2)
    few, more = (labels_of(x, None, fit, r, ["case", 2]) for r in (2, 3))
    np.testing.assert_array_equal(few, more[:2])
    (last,) = bootstrap_labels(x, None, fit, [2], ["case", 2])
    np.testing.assert_array_equal(last, more[2])


def test_a_resample_without_a_sound_fit_has_no_labels():
    found = bootstrap_labels(clusters(1, n=9), None, lambda *_: None, range(2), [])
    assert list(found) == [None, None]


def test_clear_groups_are_more_stable_than_too_many():
    x = np.concatenate([clusters(3, n=60, k=1), 30 + clusters(4, n=60, k=1)])
    fits = {k: partial(refit, k=k, method="kmeans") for k in (2, 5)}
    found = {k: stability(labels_of(x, None, fit, 6, [k])).mean for k, fit in fits.items()}
    assert found[2] > 0.99
    assert found[5] < 0.9


def test_samples_of_weight_0_are_never_drawn_yet_labelled():
    x, seen = clusters(5, n=40), []
    weight = np.repeat([0.0, 2.0], 20)

    def fit(x, counts, rng):
        seen.append(counts)
        return refit(x, counts, rng, k=2)

    assert labels_of(x, weight, fit, 3, []).shape == (3, 40)
    assert all((counts[:20] == 0).all() and counts.sum() == 40 for counts in seen)


@pytest.mark.parametrize("weight", [np.zeros(40), -np.ones(40), np.ones(3)])
def test_what_cannot_be_resampled_is_refused(weight):
    with pytest.raises(InputError, match="bootstrap of 40 samples"):
        labels_of(clusters(0, n=40), weight, partial(refit, k=1), 2, [])


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_a_sample_of_weight_two_agrees_twice(seed):
    rng = np.random.default_rng(seed)
    labels, weight = rng.integers(0, 3, (4, 30)), rng.integers(0, 3, 30)
    written = np.repeat(labels, weight, axis=1)
    if weight.sum() > 1:
        found = agreement(labels, weight.astype(float))
        np.testing.assert_allclose(found, agreement(written), atol=1e-12)

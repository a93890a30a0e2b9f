import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmmpipe.errors import InputError
from gmmpipe.mixture.diagnostics.metrics import METRICS, contingency

pairs = st.integers(1, 60).flatmap(
    lambda n: st.tuples(
        *[st.lists(st.integers(0, 6), min_size=n, max_size=n).map(np.array) for _ in range(2)]
    )
)


def brute_accuracy(labels, truth):
    from itertools import permutations

    names = range(max(labels.max(), truth.max()) + 1)
    return max(np.mean(np.array(p)[labels] == truth) for p in permutations(names))


@settings(max_examples=50)
@given(pairs)
def test_agreement_equals_scikit_learn(pair):
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    labels, truth = pair
    expected = adjusted_rand_score(truth, labels)
    np.testing.assert_allclose(METRICS["ari"](labels, truth), expected, atol=1e-12)
    expected = normalized_mutual_info_score(truth, labels)
    np.testing.assert_allclose(METRICS["nmi"](labels, truth), expected, atol=1e-12)


@settings(max_examples=30)
@given(pairs.map(lambda pair: (pair[0] % 4, pair[1] % 4)))
def test_accuracy_is_that_of_the_best_matching(pair):
    np.testing.assert_allclose(METRICS["accuracy"](*pair), brute_accuracy(*pair), rtol=1e-12)


@pytest.mark.parametrize("name", METRICS)
@settings(max_examples=25)
@given(pair=pairs, offset=st.integers(-5, 10**12), step=st.sampled_from([-3, 1, 1000]))
def test_names_do_not_matter_and_a_partition_agrees_with_itself(name, pair, offset, step):
    labels, truth = pair
    metric = METRICS[name]
    np.testing.assert_allclose(metric(labels, truth), metric(labels * step + offset, truth))
    np.testing.assert_allclose(metric(labels, labels * step + offset), 1)
    assert metric(labels, truth) <= 1 + 1e-12


def test_values_worked_by_hand():
    labels, truth = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 0, 0, 1, 1, 1])
    assert METRICS["accuracy"](labels, truth) == 4 / 6
    assert METRICS["purity"](labels, truth) == 5 / 6
    # pairs together in both 2, in labels 3, in truth 6, of 15
    assert np.isclose(METRICS["ari"](labels, truth), (2 - 18 / 15) / (4.5 - 18 / 15))
    np.testing.assert_array_equal(contingency(labels, truth), [[2, 0], [1, 1], [0, 2]])


@pytest.mark.parametrize("name", METRICS)
def test_a_million_samples_do_not_overflow(name):
    labels = np.repeat([0, 1], 1_000_000)
    assert METRICS[name](labels, labels[::-1]) == pytest.approx(1)


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("lengths", [(2, 3), (0, 0)])
def test_unequal_or_no_samples_are_refused(name, lengths):
    with pytest.raises(InputError, match="one of each per sample"):
        METRICS[name](*(np.zeros(n, np.int64) for n in lengths))

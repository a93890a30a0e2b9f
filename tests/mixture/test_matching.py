from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gmmpipe.errors import InputError
from gmmpipe.mixture.diagnostics import matching as identity
from gmmpipe.mixture.diagnostics.metrics import contingency

sizes = st.integers(1, 5)
tables = st.tuples(sizes, sizes).flatmap(
    lambda shape: hnp.arrays(np.float64, shape, elements=st.floats(0, 100, width=16))
)


def soft(rng, n, k):
    return rng.dirichlet(np.full(k, 0.3), n)


def brute(table):
    """Return the largest sum of a one-to-one matching, by trying all."""
    small = table if len(table) <= table.shape[1] else table.T
    rows = range(len(small))
    return max(small[rows, list(p)].sum() for p in permutations(range(small.shape[1]), len(small)))


@settings(max_examples=60)
@given(tables)
def test_the_matching_is_one_to_one_and_no_other_shares_more(table):
    partner = identity.assign(table)
    has = partner >= 0
    assert has.sum() == min(table.shape) == len(set(partner[has]))
    found = table[np.flatnonzero(has), partner[has]].sum()
    assert found == pytest.approx(brute(table), abs=1e-7 * max(table.sum(), 1))


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.booleans())
def test_a_shuffled_mixture_is_put_back_in_order(seed, k, weighted):
    rng = np.random.default_rng(seed)
    resp, order = soft(rng, 50, k), rng.permutation(k)
    weight = rng.uniform(0.1, 3, 50) if weighted else None
    np.testing.assert_array_equal(identity.match(resp[:, order], resp, weight), order)
    table = identity.overlap(resp[:, order], resp, weight)
    np.testing.assert_array_equal(identity.renumber(table, np.arange(k)), order)


def test_the_overlap_is_the_sum_written_down():
    rng = np.random.default_rng(0)
    a, b, weight = soft(rng, 20, 3), soft(rng, 20, 2), rng.uniform(size=20)
    expected = [
        [sum(weight[n] * a[n, i] * b[n, j] for n in range(20)) for j in range(2)] for i in range(3)
    ]
    np.testing.assert_allclose(identity.overlap(a, b, weight), expected, rtol=1e-12)


def test_hard_labels_are_hard_responsibilities():
    rng = np.random.default_rng(1)
    a, b = rng.integers(3, size=40).astype(np.uint8), rng.integers(4, size=40).astype(np.uint8)
    found = identity.overlap_of_labels(a, b, 5, 4)
    np.testing.assert_array_equal(found, identity.overlap(np.eye(5)[a], np.eye(4)[b]))
    np.testing.assert_array_equal(found[:3], contingency(a, b))


def test_where_nothing_is_shared_the_order_stays():
    np.testing.assert_array_equal(identity.assign(np.zeros((4, 4))), np.arange(4))
    np.testing.assert_array_equal(identity.assign(np.ones((3, 5))), np.arange(3))
    np.testing.assert_array_equal(identity.assign(np.ones((3, 2))), [0, 1, -1])


@settings(max_examples=60)
@given(tables, st.integers(0, 2**32 - 1))
def test_rounding_does_not_decide(table, seed):
    """Ties stay ties when every number is off by a few units in the last place."""
    noise = 1 + 1e-15 * np.random.default_rng(seed).integers(-3, 4, table.shape)
    even = np.round(table)  # whole parts of a whole total: far from a rounding boundary or equal
    total = 2.0 ** np.ceil(np.log2(max(even.sum(), 1)))
    even[0, 0] += total - even.sum()
    np.testing.assert_array_equal(identity.assign(even * noise), identity.assign(even))


def test_new_components_get_the_numbers_left_the_largest_first():
    known = np.array([1, 0])
    table = np.array([[0.0, 9.0], [1.0, 1.0], [8.0, 0.0], [2.0, 3.0]])
    np.testing.assert_array_equal(identity.renumber(table, known), [0, 3, 1, 2])


def test_numbers_are_a_permutation_also_where_components_are_lost():
    numbers = identity.renumber(np.array([[0.0, 0.0, 5.0], [4.0, 0.0, 0.0]]), np.arange(3))
    np.testing.assert_array_equal(numbers, [1, 0])


def test_by_size_ties_keep_their_order():
    np.testing.assert_array_equal(identity.by_size(np.array([3, 7, 3, 9])), [2, 1, 3, 0])


def test_the_probe_is_all_rows_or_a_fixed_choice():
    np.testing.assert_array_equal(identity.comparison_rows(5), np.arange(5))
    rows = identity.comparison_rows(10**6)
    assert len(rows) == identity.MOST_ROWS
    assert (np.diff(rows) > 0).all()
    assert rows[-1] < 10**6
    np.testing.assert_array_equal(rows, identity.comparison_rows(10**6))
    assert abs(rows.mean() / 10**6 - 0.5) < 0.02


@pytest.mark.parametrize("bad", [np.nan, -1.0, np.inf])
def test_what_is_no_overlap_is_refused(bad):
    with pytest.raises(InputError, match="negative or not finite"):
        identity.assign(np.array([[1.0, bad]]))


def test_other_samples_are_refused():
    with pytest.raises(InputError, match="of 3 and of 2 samples"):
        identity.overlap(np.ones((3, 1)), np.ones((2, 1)))
    with pytest.raises(InputError, match="the same samples"):
        identity.overlap_of_labels(np.zeros(3, int), np.zeros(2, int), 1, 1)


@pytest.mark.parametrize("weighted", [False, True])
def test_overlaps_of_many_are_those_of_each(weighted):
    rng = np.random.default_rng(3)
    labels, other = rng.integers(-1, 3, (5, 80)), rng.integers(-1, 3, 80)
    weight = rng.random(80) if weighted else None
    many = identity.overlaps_of_labels(labels, other, 3, weight)
    each = [identity.overlap_of_labels(row, other, 3, 3, weight) for row in labels]
    np.testing.assert_array_equal(many, each)

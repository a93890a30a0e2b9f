import numpy as np
import pytest

from gmmpipe.mixture.bootstrap.intervals import (
    KEPT,
    REJECTED,
    UNDECIDED,
    decision,
    interval,
    p_value,
    stop,
)


def test_p_value_counts_the_data_and_leaves_out_the_degenerate():
    assert p_value(3.0, np.array([1.0, 2.0, 3.0, 4.0])) == (0.6, pytest.approx(0.24**0.5 / 2))
    assert p_value(3.0, np.array([1.0, np.nan, 3.0, np.nan])) == p_value(3.0, np.array([1.0, 3.0]))
    assert p_value(9.0, np.arange(8.0))[0] == 1 / 9
    assert np.isnan(p_value(3.0, np.array([np.nan]))).all()
    assert np.isnan(p_value(np.nan, np.array([1.0]))).all()


@pytest.mark.parametrize(
    ("p", "error", "expected"),
    [
        (0.01, 0.007, REJECTED),
        (0.2, 0.03, KEPT),
        (0.055, 0.016, UNDECIDED),
        (0.045, 0.016, UNDECIDED),
        (0.05, 0.0, REJECTED),
        (float("nan"), float("nan"), ""),
    ],
)
def test_a_p_value_is_undecided_where_its_error_reaches_across_the_level(p, error, expected):
    assert decision(p, error, 0.05) == expected


def test_equality_is_decided_whatever_the_rounding():
    for replicates in range(19, 2000):
        p, error = p_value(1.0, np.zeros(replicates))  # p = error = 1 / (R + 1)
        assert decision(p, error, 2 * p) == REJECTED
        assert decision(p, error, 1.9 * p) == UNDECIDED


def test_testing_upwards_stops_at_the_first_that_is_not_rejected():
    assert stop({3: KEPT, 1: REJECTED, 2: UNDECIDED}) == 2
    assert stop({1: REJECTED, 2: KEPT, 3: REJECTED}) == 2
    assert stop({1: ""}) == 1
    assert stop({1: REJECTED}) is None
    assert stop({}) is None


def test_the_interval_leaves_out_half_the_level_at_either_end():
    error, low, high = interval(np.arange(101.0)[:, None] * [1, 2], 0.1)
    np.testing.assert_allclose([low, high], [[5, 10], [95, 190]])
    np.testing.assert_allclose(error, np.std(np.arange(101), ddof=1) * np.array([1, 2]))
    for nothing in interval(np.ones((1, 2)), 0.1):
        assert np.isnan(nothing).tolist() == [True, True]

import numpy as np
import pytest

from gmmpipe.numerics.inference import decide, interval, p_value


def test_p_value_counts_the_data_and_leaves_out_the_degenerate():
    assert p_value(3.0, np.array([1.0, 2.0, 3.0, 4.0])) == (0.6, pytest.approx(0.24**0.5 / 2))
    assert p_value(3.0, np.array([1.0, np.nan, 3.0, np.nan])) == p_value(3.0, np.array([1.0, 3.0]))
    assert p_value(9.0, np.arange(8.0))[0] == 1 / 9
    assert np.isnan(p_value(3.0, np.array([np.nan]))).all()
    assert np.isnan(p_value(np.nan, np.array([1.0]))).all()


@pytest.mark.parametrize(
    ("p_values", "expected"),
    [
        ({1: 0.01, 2: 0.2, 3: 0.01}, 2),
        ({2: 0.5}, 2),
        ({3: 0.9, 1: 0.05, 2: 0.06}, 2),
        ({1: 0.01, 2: 0.05}, None),
        ({1: 0.01, 2: float("nan"), 3: 0.5}, None),
        ({}, None),
    ],
)
def test_testing_upwards_stops_at_the_first_that_is_not_rejected(p_values, expected):
    assert decide(p_values, 0.05) == expected


def test_the_interval_leaves_out_half_the_level_at_either_end():
    error, low, high = interval(np.arange(101.0)[:, None] * [1, 2], 0.1)
    np.testing.assert_allclose([low, high], [[5, 10], [95, 190]])
    np.testing.assert_allclose(error, np.std(np.arange(101), ddof=1) * np.array([1, 2]))
    for nothing in interval(np.ones((1, 2)), 0.1):
        assert np.isnan(nothing).tolist() == [True, True]

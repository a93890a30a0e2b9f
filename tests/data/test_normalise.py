import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gmmpipe.data.normalise import NORMALISERS
from gmmpipe.errors import InputError
from gmmpipe.mixture import slices
from gmmpipe.mixture.mixture import Mixture

X = np.random.default_rng(0).normal([3, 70, -1e8], [1, 13, 20], (50, 3))
NAMES = ("a", "b", "c")


@pytest.mark.parametrize("name", NORMALISERS)
def test_the_map_leaves_the_data_alone_and_goes_back(name):
    x = X.copy()
    affine = NORMALISERS[name]()(x, NAMES)
    z = affine.apply(x)
    np.testing.assert_array_equal(x, X)
    assert not np.shares_memory(z, x)
    assert (affine.scale > 0).all()
    np.testing.assert_allclose(affine.shift + affine.scale * z, X, rtol=1e-14)
    assert NORMALISERS[name].__doc__.splitlines()[0].endswith((".", ";"))


@pytest.mark.parametrize("name", NORMALISERS)
def test_log_volume_is_the_density_that_the_map_adds(name):
    from scipy.stats import multivariate_normal

    affine = NORMALISERS[name]()(X, NAMES)
    mapped = Mixture(np.ones(1), np.full((1, 3), 0.4), np.eye(3)[None] * 0.3)
    back = affine.invert(mapped)
    there = multivariate_normal.logpdf(affine.apply(X), mapped.means[0], mapped.covariances[0])
    here = multivariate_normal.logpdf(X, back.means[0], back.covariances[0])
    np.testing.assert_allclose(here, there - affine.log_volume(X) / len(X), rtol=1e-6)


@pytest.mark.parametrize("name", NORMALISERS)
def test_a_row_of_weight_two_is_that_row_twice(name):
    weight = np.random.default_rng(3).integers(0, 4, len(X)).astype(float)
    found = NORMALISERS[name]()(X, NAMES, weight)
    again = NORMALISERS[name]()(np.repeat(X, weight.astype(int), axis=0), NAMES)
    np.testing.assert_allclose(found.shift, again.shift, rtol=1e-12)
    np.testing.assert_allclose(found.scale, again.scale, rtol=1e-10)
    whole = again.log_volume(np.repeat(X, weight.astype(int), axis=0))
    assert found.log_volume(X, weight) == pytest.approx(whole, rel=1e-10)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", NORMALISERS)
def test_slices_give_what_all_rows_give(name, weighted, monkeypatch):
    x = X.copy()
    x[::5, 1] = np.nan
    weight = np.arange(50) % 3.0 if weighted else None
    whole = NORMALISERS[name]()(x, NAMES, weight)
    volume = whole.log_volume(x, weight)
    monkeypatch.setattr(slices, "SLICE", 7)
    affine = NORMALISERS[name]()(x, NAMES, weight)
    np.testing.assert_allclose(affine.shift, whole.shift, rtol=1e-14)
    np.testing.assert_allclose(affine.scale, whole.scale, rtol=1e-14)
    assert affine.log_volume(x, weight) == pytest.approx(volume, rel=1e-13)


@pytest.mark.parametrize("name", NORMALISERS)
def test_missing_values_are_of_no_account(name):
    lost = np.random.default_rng(4).random(X.shape) < 0.3
    found = NORMALISERS[name]()(np.where(lost, np.nan, X), NAMES)
    each = [NORMALISERS[name]()(X[~lost[:, j], j, None], ["x"]) for j in range(3)]
    np.testing.assert_allclose(found.shift, [one.shift[0] for one in each], rtol=1e-12)
    np.testing.assert_allclose(found.scale, [one.scale[0] for one in each], rtol=1e-9)
    expected = (~lost).sum(axis=0) @ np.log(found.scale)
    assert found.log_volume(np.where(lost, np.nan, X)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", NORMALISERS)
def test_a_column_without_any_value_is_named(name):
    with pytest.raises(InputError, match="column 'b' has no value"):
        NORMALISERS[name]()(np.array([[1.0, np.nan], [3.0, np.nan]]), ("a", "b"))


def test_standard_has_mean_zero_and_deviation_one():
    z = NORMALISERS["standard"]()(X, NAMES).apply(X)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-7)  # 1e8 / 20 leaves nine digits
    np.testing.assert_allclose(z.std(axis=0), 1, rtol=1e-12)


def test_none_changes_no_bit_and_accepts_a_constant():
    x = np.column_stack([X, np.full(50, 7.0)])
    affine = NORMALISERS["none"]()(x, (*NAMES, "d"))
    np.testing.assert_array_equal(affine.apply(x), x)
    assert affine.log_volume(x) == 0


@pytest.mark.parametrize("name", ["minmax", "standard"])
@pytest.mark.parametrize("value", [7.0, 0.1, 1e300])
def test_a_constant_column_is_named(name, value):
    x = np.column_stack([X, np.full(50, value)])
    with pytest.raises(InputError, match="column 'd' is constant"):
        NORMALISERS[name]()(x, (*NAMES, "d"))


@pytest.mark.parametrize("name", NORMALISERS)
@pytest.mark.parametrize("ends", [(-1e308, 1e308), (0, 1e200), (0, 1e-200), (0, 5e-324)])
def test_a_range_whose_square_no_double_holds_is_named(name, ends):
    x = np.column_stack([X[:2, 0], ends])
    with pytest.raises(InputError, match="column 'b' runs from"):
        NORMALISERS[name]()(x, ("a", "b"))


@pytest.mark.parametrize("name", NORMALISERS)
@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinite_values_are_named(name, value):
    with pytest.raises(InputError, match="column 'b' holds infinity"):
        NORMALISERS[name]()(np.array([[1, 2], [3, value]]), ("a", "b"))


@pytest.mark.parametrize("name", NORMALISERS)
def test_no_rows_are_refused(name):
    with pytest.raises(InputError, match="shape"):
        NORMALISERS[name]()(np.empty((0, 2)), ("a", "b"))


@settings(max_examples=200)
@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=8),
        elements=st.one_of(
            st.floats(allow_nan=False, allow_infinity=False),
            st.floats(-1e150, 1e150),
            st.floats(1e8, 1e8 + 1),
            st.sampled_from([0.0, 5e-324, 1e-300, 1e-150, 1e150, 1e300, 1.7e308, -1.7e308]),
        ),
    )
)
def test_minmax_reaches_0_and_1_and_never_leaves(x):
    """Each column alone: mapped exactly, or refused where its variance has no double."""
    before = x.copy()
    for column in (x[:, [c]] for c in range(x.shape[1])):
        try:
            z = NORMALISERS["minmax"]()(column, ["a"]).apply(column)
        except InputError as error:
            with np.errstate(over="ignore", under="ignore"):
                square = np.square(column.max() - column.min())
            named = "constant" if square == 0 and np.ptp(column) == 0 else "column 'a' runs from"
            assert named in str(error)  # noqa: PT017 - either is right, each for its columns
            assert not np.finfo(float).tiny <= square < np.inf
        else:
            assert (z.min(), z.max()) == (0, 1)
    np.testing.assert_array_equal(x, before)

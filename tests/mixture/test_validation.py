"""What people hand to the estimator: frames, lists, weights."""

import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from estimator_cases import one_thread  # noqa: F401 - an autouse fixture
from sklearn.mixture import GaussianMixture as Peer

from gmmpipe import GaussianMixture
from gmmpipe.errors import InputError

RNG = np.random.default_rng(6)
X = RNG.normal(size=(80, 2)) + np.repeat([[0, 0], [6, 3]], 40, axis=0)
FRAME = pd.DataFrame(X, columns=["a", "b"]).assign(c=np.arange(80) % 7)
FRAMES = {
    "convert_dtypes": FRAME.convert_dtypes(),
    "Arrow": FRAME.convert_dtypes(dtype_backend="pyarrow"),
    "Float32": FRAME.astype("Float32"),
    "both kinds": FRAME.astype({"a": "Float64", "b": "float64[pyarrow]"}),
    "one of booleans": FRAME.assign(d=FRAME["a"] > 3),
    "booleans, nullable": FRAME.assign(d=FRAME["a"] > 3).convert_dtypes(),
    "objects": FRAME.astype(object),
    "decimals": FRAME.map(lambda value: Decimal(repr(value))),
    "categories": FRAME.astype({"c": "category"}),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_frames_that_scikit_learn_fits_are_fitted(kind):
    frame = FRAMES[kind]
    options = {"n_components": 2, "reg_covar": 1e-3, "random_state": 0}
    ours, peer = GaussianMixture(**options).fit(frame), Peer(**options).fit(frame)
    np.testing.assert_allclose(ours.means_, peer.means_, rtol=1e-5, atol=1e-15)
    np.testing.assert_array_equal(ours.predict(frame), peer.predict(frame))
    np.testing.assert_allclose(ours.score_samples(frame), peer.score_samples(frame), rtol=1e-4)


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_na_is_a_missing_value(backend):
    holes = FRAME.astype(float)
    holes.iloc[3, 0] = holes.iloc[50, 2] = np.nan
    frame = holes.convert_dtypes(dtype_backend=backend)
    model = GaussianMixture(2, missing="mar", random_state=0)
    expected = model.fit(holes.to_numpy()).score(holes.to_numpy())
    assert model.fit(frame).score(frame) == expected
    for data in (frame, holes, holes.to_numpy(), holes.to_numpy().tolist()):
        with pytest.raises(InputError, match=r'NaN, the first in row 3, column 0; .*missing="mar"'):
            GaussianMixture(2).fit(data)


def test_integers_that_doubles_hold_are_fitted_beside_floats():
    GaussianMixture(2, random_state=0).fit(FRAME.assign(c=2**53 - np.arange(80) % 7))
    GaussianMixture(2, random_state=0).fit(FRAME.assign(c=1e20 * X[:, 0]))
    beyond = FRAME.assign(c=np.where(np.arange(80) == 7, -(2**53) - 1, 5)).convert_dtypes()
    with pytest.raises(InputError, match=r"-9007199254740993 at \[7, 2\] is an integer beyond"):
        GaussianMixture(2).fit(beyond)


def test_a_masked_weight_is_refused():
    weight = np.ma.array(np.ones(80), mask=np.arange(80) == 5)
    with pytest.raises(InputError, match=r"sample_weight: masked at \[5\]"):
        GaussianMixture(2).fit(X, sample_weight=weight)
    means = np.ma.array(np.zeros((2, 2)), mask=[[False, True], [False, False]])
    with pytest.raises(InputError, match=r"means: masked at \[0, 1\]"):
        GaussianMixture(2, means_init=means).fit(X)
    nothing = np.ma.array(np.ones(80), mask=False)
    GaussianMixture(2, random_state=0).fit(X, sample_weight=nothing)


def small(options, x=X, names=("a", "b"), **more):
    """Return what the estimator warns of for the data as a frame."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model = GaussianMixture(**{"n_components": 2, "random_state": 0, **options})
        model.fit(pd.DataFrame(x, columns=names), **more)
    return [str(w.message) for w in told if "times reg_covar" in str(w.message)]


def test_columns_so_small_that_reg_covar_changes_them_are_named_once():
    returns = X * [1, 1e-4]
    (told,) = small({"n_init": 3}, returns)
    assert "columns ['b'] is below 10 times reg_covar = 1e-06" in told
    assert "scale the columns or lower reg_covar" in told
    with pytest.warns(UserWarning, match=r"columns \[1\] is below"):
        GaussianMixture(2, random_state=0).fit(returns)
    assert small({"reg_covar": 1e-12}, returns) == small({"reg_covar": 0.0}, returns) == []
    holes = np.where(np.arange(160).reshape(80, 2) % 9, returns, np.nan)
    assert small({"missing": "mar"}, holes) == [told]


def test_the_bound_of_the_warning_is_ten_times_reg_covar():
    x = (X - X.mean(axis=0)) / X.std(axis=0)
    assert small({"reg_covar": 0.1}, x) == small({}, x * np.sqrt(10.1e-6)) == []
    assert len(small({}, x * np.sqrt(9.9e-6))) == 1


@pytest.mark.filterwarnings("ignore:X. constant features")
def test_constant_columns_are_not_called_small():
    assert small({}, np.column_stack([X[:, 0], np.full(80, 3.0)])) == []

import pickle

import numpy as np
import pandas as pd
import pytest
from estimator_cases import (
    X,
    one_thread,  # noqa: F401 - an autouse fixture
)
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from gmmpipe import GaussianMixture
from gmmpipe.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_a_warm_start_takes_no_other_shape():
    model = GaussianMixture(2, warm_start=True, random_state=0).fit(X)
    with pytest.raises(InputError, match=r"\(2, 3\), now \(2, 2\) are asked for"):
        model.fit(X[:, :2])
    with pytest.raises(InputError, match=r"now \(3, 3\)"):
        model.set_params(n_components=3).fit(X)


@pytest.mark.parametrize("kept", [[-1], [11], [1.5], [[1]], ["a"]])
def test_snapshots_outside_the_run_are_refused(kept):
    with pytest.raises(InputError, match="snapshots is"):
        GaussianMixture(max_iter=10, snapshots=kept).fit(X)


def test_weights_that_leave_too_few_rows_are_refused():
    weight = np.zeros(len(X))
    weight[:3] = 1
    with pytest.raises(InputError, match="n_components = 4, n_samples = 3"):
        GaussianMixture(4).fit(X, sample_weight=weight)
    with pytest.raises(InputError, match="Negative values"):
        GaussianMixture().fit(X, sample_weight=-weight)


def test_data_frames_give_their_names_and_are_held_to_them():
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    model = GaussianMixture(2, random_state=0).fit(frame)
    assert model.feature_names_in_.tolist() == ["a", "b", "c"]
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[["c", "b", "a"]])


def test_copies_and_pickles_predict_alike():
    model = GaussianMixture(2, random_state=0).fit(X)
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own bytes
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert not hasattr(clone(model), "mixture_")


def test_verbose_tells_how_each_start_went(capsys):
    model = GaussianMixture(3, n_init=2, random_state=0, verbose=1, verbose_interval=2).fit(X)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "Init" in line] == [
        "Initialization 0",
        "Initialization converged.",
        "Initialization 1",
        "Initialization converged.",
    ]
    assert "  Iteration 2" in lines
    model.set_params(verbose=2).fit(X)
    out = capsys.readouterr().out
    assert "ll change" in out
    assert f"lower bound {model.lower_bound_:.5f}" in out
    model.set_params(verbose=0).fit(X)
    assert capsys.readouterr().out == ""


def test_an_unfinished_fit_warns():
    with pytest.warns(ConvergenceWarning, match="did not converge"):
        GaussianMixture(3, random_state=0, max_iter=2).fit(X)

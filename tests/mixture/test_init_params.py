import numpy as np
import pytest
from estimator_cases import (
    SHARED,
    TWO_POINTS,
    X,
    beginning,
    blobs,
    one_thread,  # noqa: F401 - an autouse fixture
)
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from gmmpipe import GaussianMixture
from gmmpipe.errors import DegenerateComponent
from gmmpipe.mixture.estimator.init_params import INIT_PARAMS, MIXED
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.starts.registry import Mixed

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.filterwarnings("ignore:X. the variance of columns")
@settings(max_examples=20)
@given(st.sampled_from([n for n, f in FAMILIES.items() if f.features is None]), st.data())
def test_a_row_of_weight_two_is_the_row_twice(family, data):
    x = blobs(5, n=14)
    weight = np.array(data.draw(st.lists(st.integers(0, 4), min_size=42, max_size=42)))
    weight[::7] += 1
    options = beginning(family, x=x) | {"max_iter": 10, "tol": 0.0, "reg_covar": 0.1}
    weighted = GaussianMixture(**options).fit(x, sample_weight=weight)
    repeated = GaussianMixture(**options).fit(np.repeat(x, weight, axis=0))
    np.testing.assert_allclose(weighted.trajectory_, repeated.trajectory_, rtol=1e-8)
    np.testing.assert_allclose(weighted.covariances_, repeated.covariances_, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("init_params", [*INIT_PARAMS, MIXED])
def test_weights_count_in_every_start(init_params):
    model = GaussianMixture(2, init_params=init_params, random_state=4)
    far = np.vstack([X, [[1e9, 1e9, 1e9]]])
    absent = model.fit(far, sample_weight=np.append(np.full(len(X), 2.5), 0)).means_
    plain = model.fit(X, sample_weight=np.full(len(X), 2.5)).means_
    np.testing.assert_array_equal(absent, plain)
    side = X[:, 0] > 0
    start = clone(model).set_params(max_iter=0).fit(X, sample_weight=np.where(side, 1e6, 1e-6))
    assert (start.means_[:, 0] > 0).all()


def test_one_weight_for_all_changes_nothing():
    model = GaussianMixture(3, random_state=0)
    plain = model.fit(X)
    scaled = clone(model).fit(X, sample_weight=3.5)
    assert scaled.n_iter_ == plain.n_iter_
    assert scaled.lower_bound_ == pytest.approx(plain.lower_bound_, rel=1e-12)
    np.testing.assert_allclose(scaled.means_, plain.means_, rtol=1e-9)


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_an_empty_component_is_flagged_and_harmless():
    model = GaussianMixture(3, random_state=0).fit(TWO_POINTS)
    assert "component index 2" in model.degenerate_
    assert model.weights_[2] == 0
    assert sorted(set(model.predict(TWO_POINTS))) == [0, 1]
    assert GaussianMixture(2, random_state=0).fit(X).degenerate_ == ""


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@pytest.mark.parametrize("family", SHARED)
def test_a_collapse_without_reg_covar_is_an_error(family):
    model = GaussianMixture(2, covariance_type=family, reg_covar=0, random_state=0)
    with pytest.raises(DegenerateComponent, match="ill-defined empirical covariance"):
        model.fit(TWO_POINTS)


@pytest.mark.parametrize("init_params", ["k-means++", "random_from_data"])
def test_a_tied_start_follows_when_the_data_are_shifted(init_params):
    model = GaussianMixture(3, covariance_type="tied", init_params=init_params, random_state=1)
    here, there = clone(model).fit(X), clone(model).fit(X + 1e5)
    assert here.n_iter_ == there.n_iter_
    np.testing.assert_allclose(here.covariances_, there.covariances_, rtol=1e-6)


@pytest.mark.parametrize("init_params", [*INIT_PARAMS, MIXED])
def test_a_family_starts_alike_under_both_names(init_params):
    tied, eee = (
        GaussianMixture(3, covariance_type=name, init_params=init_params, random_state=1).fit(X)
        for name in ("tied", "EEE")
    )
    np.testing.assert_array_equal(tied.trajectory_, eee.trajectory_)


def test_initial_parameters_are_left_as_given():
    options = beginning("full")
    before = {name: np.copy(options[name]) for name in ("weights_init", "means_init")}
    model = GaussianMixture(**options).fit(X)
    for name, value in before.items():
        assert getattr(model, name) is options[name]
        np.testing.assert_array_equal(options[name], value)


def test_mixed_starts_are_those_of_the_pipeline_in_turn(capsys):
    options = {"init_params": MIXED, "max_iter": 0, "random_state": 5}
    ward = GaussianMixture(3, **options).fit(X)
    expected = Mixed().prepare(X, "full")(3, np.random.default_rng(0), 0)
    np.testing.assert_array_equal(ward.means_, expected.means)
    bounds = []
    for n_init in (7, 4):
        clone(ward).set_params(n_init=n_init, verbose=2).fit(X)
        lines = capsys.readouterr().out.splitlines()
        bounds.append([line for line in lines if "lower bound" in line])
    assert bounds[0][:4] == bounds[1]  # more starts leave the first as they are
    assert len(set(bounds[0])) == 7
    assert clone(ward).set_params(n_init=7).fit(X).lower_bound_ >= ward.lower_bound_


@pytest.mark.parametrize("family", SHARED)
def test_units_do_not_matter_to_mixed_starts(family):
    scaled = ["full", "diag", "tied"]  # families that rescaled features keep
    change = np.array([1e3, 1.0, 1e-2]) if family in scaled else 1e3
    options = {"covariance_type": family, "init_params": MIXED, "n_init": 6, "reg_covar": 0}
    here = GaussianMixture(4, **options, random_state=0).fit(X)
    there = clone(here).fit(X * change)
    np.testing.assert_allclose(there.means_, here.means_ * change, rtol=1e-6, atol=1e-6)
    assert here.n_iter_ == there.n_iter_


def test_mixed_starts_find_what_kmeans_misses(pytestconfig):
    x = np.loadtxt(pytestconfig.rootpath / "data" / "gmm.data")
    options = {"n_components": 4, "n_init": 20, "tol": 1e-6, "max_iter": 1000, "random_state": 0}
    mixed = GaussianMixture(**options, init_params=MIXED).fit(x)
    plain = GaussianMixture(**options).fit(x)
    assert mixed.degenerate_ == ""
    assert mixed.trajectory_[-1] > plain.trajectory_[-1] + 8

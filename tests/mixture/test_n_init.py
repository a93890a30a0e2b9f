import numpy as np
import pytest
from estimator_cases import (
    SHARED,
    TWO_POINTS,
    X,
    assert_same_fit,
    beginning,
    one_thread,  # noqa: F401 - an autouse fixture
)
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.mixture import GaussianMixture as Peer

from gmmpipe import GaussianMixture
from gmmpipe.errors import DegenerateComponent
from gmmpipe.mixture.estimator.init_params import INIT_PARAMS
from gmmpipe.mixture.mixture import Mixture

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("init_params", INIT_PARAMS)
@pytest.mark.parametrize("family", SHARED)
def test_the_same_random_state_gives_scikit_learns_fit(family, init_params):
    for seed, tol in enumerate([1e-3, 1e-6, 0.0]):
        options = {
            "n_components": 3 + seed % 2,
            "covariance_type": family,
            "init_params": init_params,
            "random_state": seed,
            "max_iter": 25,
            "tol": tol,
        }
        ours, peer = GaussianMixture(**options).fit(X), Peer(**options).fit(X)
        assert_same_fit(ours, peer)
        np.testing.assert_allclose(ours.score_samples(X), peer.score_samples(X), rtol=1e-8)
        np.testing.assert_allclose(ours.predict_proba(X), peer.predict_proba(X), atol=1e-8)
        np.testing.assert_array_equal(ours.predict(X), peer.predict(X))
        np.testing.assert_allclose([ours.bic(X), ours.aic(X)], [peer.bic(X), peer.aic(X)], 1e-10)
        for mine, theirs in zip(ours.sample(40), peer.sample(40), strict=True):
            np.testing.assert_allclose(mine, theirs, atol=1e-6)


@pytest.mark.parametrize("family", SHARED)
def test_trajectories_from_equal_starts_equal_scikit_learns(family):
    options = beginning(family) | {"tol": 0.0}
    ours = GaussianMixture(**options, max_iter=30, snapshots=range(31)).fit(X)
    peer = Peer(**options, max_iter=30).fit(X)
    assert_same_fit(ours, peer)
    # scikit-learn's bound after an iteration is that of the mixture before it
    np.testing.assert_allclose(ours.trajectory_[:-1] / len(X), peer.lower_bounds_, rtol=1e-9)
    for n_iter in (1, 4, 11):
        means = Peer(**options, max_iter=n_iter).fit(X).means_
        np.testing.assert_allclose(ours.snapshots_[n_iter].means, means, rtol=1e-9)


@pytest.mark.parametrize("family", SHARED)
@pytest.mark.parametrize("max_iter", [1, 3])
def test_warm_starts_go_on_as_in_scikit_learn(family, max_iter):
    options = beginning(family) | {"warm_start": True, "max_iter": max_iter, "tol": 1e-4}
    ours, peer = GaussianMixture(**options), Peer(**options)
    for _ in range(60):
        assert_same_fit(ours.fit(X), peer.fit(X), rtol=1e-8)
        if ours.converged_:
            break
    assert ours.converged_


def test_the_bounds_belong_to_the_mixtures_after_each_iteration():
    model = GaussianMixture(3, random_state=0, snapshots=[0, 2, 2, 50]).fit(X)
    assert model.trajectory_.shape == (model.n_iter_ + 1,)
    assert model.lower_bounds_[-1] == model.lower_bound_ == model.trajectory_[-1] / len(X)
    assert (np.diff(model.trajectory_) > -1e-9).all()
    start = GaussianMixture(3, random_state=0, max_iter=0).fit(X)
    assert model.trajectory_[0] == start.trajectory_[0] == pytest.approx(start.score(X) * len(X))
    assert (start.n_iter_, start.converged_, start.lower_bounds_) == (0, False, [])
    assert [type(kept) for kept in model.snapshots_] == [Mixture] * 4
    np.testing.assert_array_equal(model.snapshots_[3].means, model.means_)
    np.testing.assert_array_equal(model.snapshots_[0].means, start.means_)
    two = GaussianMixture(3, random_state=0, max_iter=2).fit(X)
    np.testing.assert_array_equal(model.snapshots_[1].covariances, two.covariances_)


def test_several_starts_keep_the_best_of_them():
    one = GaussianMixture(
        5, init_params="random_from_data", random_state=np.random.RandomState(3), max_iter=5
    )
    singly = [one.fit(X).lower_bound_ for _ in range(8)]
    batch = clone(one).set_params(n_init=8, random_state=np.random.RandomState(3)).fit(X)
    assert batch.lower_bound_ == max(singly)
    assert len(set(singly)) > 1


def test_a_collapse_on_the_way_is_an_error_unless_another_start_is_sound():
    rng = np.random.default_rng(0)
    x = np.vstack([rng.normal(size=(40, 2)), [[50.0, 50.0]]])
    options = {"reg_covar": 0.0, "covariance_type": "diag", "init_params": "random"}
    lonely = GaussianMixture(
        2,
        **options,
        weights_init=[0.5, 0.5],
        means_init=[[0, 0], [50, 50]],
        precisions_init=np.ones((2, 2)),
    )
    with pytest.raises(DegenerateComponent, match=r"\(.*(iteration|component)"):
        lonely.fit(x)
    several = GaussianMixture(2, **options, n_init=6, max_iter=3, random_state=0).fit(x)
    assert several.degenerate_ == "component index 1: 1 effective samples, its covariance needs 2"


@pytest.mark.parametrize(
    ("options", "lost"),
    [
        ({"n_components": 9, "covariance_type": "EVV", "n_init": 10}, "1 of 10"),
        ({"n_components": 8, "reg_covar": 0, "n_init": 20}, "of 20"),
    ],
)
def test_a_start_that_cannot_be_used_is_one_lost_restart(options, lost):
    model = GaussianMixture(**options, random_state=0)
    with pytest.warns(UserWarning, match=f"{lost} starts could not be used: .* singular"):
        model.fit(load_iris().data)
    assert model.degenerate_ == ""


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
@pytest.mark.parametrize(("n_init", "said"), [(1, "in the start a"), (3, "of the 3 starts a")])
def test_where_all_starts_are_lost_the_advice_is_for_drawn_ones(n_init, said):
    model = GaussianMixture(2, reg_covar=0, n_init=n_init, random_state=0)
    with pytest.raises(DegenerateComponent, match=f"increase reg_covar.*{said}") as caught:
        model.fit(TWO_POINTS)
    assert "wider start" not in str(caught.value)


def test_a_lost_start_is_told_where_each_is(capsys):
    model = GaussianMixture(8, reg_covar=0, n_init=20, random_state=0, verbose=1)
    with pytest.warns(UserWarning, match="starts could not be used"):
        model.fit(load_iris().data)
    lines = capsys.readouterr().out.splitlines()
    assert any("not positive definite" in line for line in lines)
    assert lines.count("Initialization converged.") < 20

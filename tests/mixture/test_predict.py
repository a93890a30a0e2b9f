import numpy as np
import pytest
from estimator_cases import (
    PARAMETERS,
    SHARED,
    X,
    one_thread,  # noqa: F401 - an autouse fixture
)
from scipy.special import entr
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from gmmpipe import GaussianMixture
from gmmpipe.errors import InputError
from gmmpipe.mixture.diagnostics.soundness import SoundnessChecker
from gmmpipe.mixture.em.fit import n_parameters
from gmmpipe.mixture.estimator import parameter_shapes, predict
from gmmpipe.mixture.families.family import FAMILIES

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("family", [n for n, f in FAMILIES.items() if f.features is None])
def test_every_family_has_its_shapes_and_likelihoods(family):
    model = GaussianMixture(2, covariance_type=family, random_state=0, init_params="random").fit(X)
    shape = parameter_shapes.shape(family, 2, 3)
    for name in PARAMETERS[2:]:
        assert getattr(model, name).shape == shape
    full = model.mixture_.covariances
    np.testing.assert_array_equal(parameter_shapes.expand(model.covariances_, family, 2, 3), full)
    precisions = parameter_shapes.expand(model.precisions_, family, 2, 3)
    np.testing.assert_allclose(precisions @ full, np.tile(np.eye(3), (2, 1, 1)), atol=1e-10)
    assert model.lower_bound_ == pytest.approx(model.score(X), rel=1e-12)
    assert model._n_parameters() == n_parameters(family, 2, 3)
    assert model.sample(7)[0].shape == (7, 3)


def test_icl_is_bic_plus_twice_the_entropy():
    model = GaussianMixture(3, random_state=0).fit(X)
    entropy = entr(model.predict_proba(X)).sum()
    assert model.icl(X) == pytest.approx(model.bic(X) + 2 * entropy, rel=1e-12)
    assert entropy > 1e-3
    apart = np.vstack([X, X + 1e6])  # responsibilities of exactly 0
    assert np.isfinite(GaussianMixture(2, random_state=0).fit(apart).icl(apart))


@pytest.mark.parametrize("family", SHARED)
def test_attributes_set_by_hand_are_what_counts(family):
    fitted = GaussianMixture(2, covariance_type=family, random_state=0).fit(X)
    made = GaussianMixture(2, covariance_type=family, random_state=0)
    for name in PARAMETERS:
        setattr(made, name, getattr(fitted, name).copy())
    np.testing.assert_allclose(made.score_samples(X), fitted.score_samples(X), rtol=1e-10)
    np.testing.assert_allclose(made.sample(9)[0], fitted.sample(9)[0], rtol=1e-10)
    fitted.means_[0] += 1000.0
    assert (fitted.predict(X) == 1).all()
    assert fitted.sample(500)[0].max() > 900


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("family", SHARED)
def test_components_in_another_order_score_alike(family, dtype):
    turn = np.linalg.qr(np.vander([1.0, 2.0, 3.0]))[0]
    thin = (X @ np.diag([1, 1, 1e-6]) @ turn).astype(dtype)  # squared: a condition of 1e12 and more
    model = GaussianMixture(3, covariance_type=family, reg_covar=1e-16, random_state=0).fit(thin)
    before, likely = model.score_samples(thin), model.predict_proba(thin)
    order = [2, 0, 1]
    for name in PARAMETERS:
        value = getattr(model, name)
        if len(value) == 3 and not (family == "tied" and name.startswith(("cov", "prec"))):
            setattr(model, name, value[order])
    np.testing.assert_allclose(model.score_samples(thin), before, rtol=1e-13)
    np.testing.assert_allclose(model.predict_proba(thin), likely[:, order], rtol=1e-6)
    model.means_ = model.means_ + dtype(9)
    assert model.score(thin) < before.mean() - 1


def test_float32_stays_float32_outside_and_float64_within():
    offset = np.float32(1e6)
    near = np.round(X * 16) / 16  # exact in float32 at the offset too
    model = GaussianMixture(3, random_state=0, init_params="random", reg_covar=1e-3, tol=1e-5)
    here = clone(model).fit(near)
    there = clone(model).fit((near + 1e6).astype(np.float32))
    for name in PARAMETERS:
        assert getattr(there, name).dtype == np.float32
    far = near.astype(np.float32) + offset
    assert there.predict_proba(far).dtype == there.score_samples(far).dtype == np.float32
    assert there.lower_bound_ == pytest.approx(here.lower_bound_, rel=1e-8)
    assert there.score(far) == pytest.approx(here.score(near), rel=1e-8)
    assert there.mixture_.means.dtype == np.float64


def test_threads_do_not_change_a_bit():
    one, two, every = (
        GaussianMixture(3, n_init=4, random_state=0, n_jobs=jobs).fit(X) for jobs in (None, 2, -1)
    )
    for other in (two, every):
        np.testing.assert_array_equal(one.covariances_, other.covariances_)
        np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))


@pytest.mark.parametrize(("limit", "threads"), [("1", 1), ("", 3), ("0", 3), ("8", 3), ("2,1", 3)])
def test_by_default_threads_are_as_many_as_cores_but_for_openmps_limit(monkeypatch, limit, threads):
    monkeypatch.setattr(predict, "_cores", lambda: 3)
    monkeypatch.setenv("OMP_NUM_THREADS", limit)
    assert GaussianMixture(n_jobs=None)._threads() == threads
    assert GaussianMixture(n_jobs=-1)._threads() == 3


def test_a_fit_is_judged_once(monkeypatch):
    judge, judged = SoundnessChecker.soundness, []
    monkeypatch.setattr(SoundnessChecker, "soundness", lambda *a: judged.append(a) or judge(*a))
    GaussianMixture(2, random_state=0).fit(X)
    assert len(judged) == 1


def test_no_threads_at_all_is_refused():
    with pytest.raises(InputError, match="n_jobs is 0"):
        GaussianMixture(n_jobs=0).fit(X)


def test_an_unfitted_mixture_says_so():
    with pytest.raises(NotFittedError, match="This GaussianMixture instance is not fitted yet"):
        GaussianMixture().icl(X)

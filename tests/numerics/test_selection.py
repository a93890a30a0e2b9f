import numpy as np
import pytest

from gmmpipe.numerics.selection import CRITERIA


def test_values_worked_by_hand():
    assert CRITERIA["bic"](-100.0, 11, 272, 5.0) == pytest.approx(200 + 11 * np.log(272))
    assert CRITERIA["aic"](-100.0, 11, 272, 5.0) == pytest.approx(222)
    assert CRITERIA["caic"](-100.0, 11, 272, 5.0) == pytest.approx(200 + 11 * (np.log(272) + 1))
    assert CRITERIA["sabic"](-100.0, 11, 272, 5.0) == pytest.approx(200 + 11 * np.log(274 / 24))
    assert CRITERIA["icl"](-100.0, 11, 272, 5.0) == pytest.approx(210 + 11 * np.log(272))


def test_bic_and_aic_are_scikit_learns():
    from sklearn.mixture import GaussianMixture

    x = np.random.default_rng(0).normal(size=(200, 2))
    model = GaussianMixture(2, random_state=0, tol=1e-8, max_iter=1000).fit(x)
    r = model.predict_proba(x)
    log_likelihood = model.score(x) * 200
    entropy = float(-np.sum(r * np.log(r)))
    assert CRITERIA["bic"](log_likelihood, 11, 200, entropy) == pytest.approx(model.bic(x))
    assert CRITERIA["aic"](log_likelihood, 11, 200, entropy) == pytest.approx(model.aic(x))


@pytest.mark.parametrize("name", CRITERIA)
def test_lower_is_better(name):
    criterion = CRITERIA[name]
    assert criterion(-99.0, 5, 50, 1.0) < criterion(-100.0, 5, 50, 1.0)
    assert criterion(-99.0, 5, 50, 1.0) < criterion(-99.0, 6, 50, 1.0)

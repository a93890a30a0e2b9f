import numpy as np
import pytest
from sklearn.datasets import load_iris

from gmmpipe.mixture.diagnostics.criteria import CRITERIA, Entropy, entropies

SURE = Entropy(5.0, 3.0)


def test_values_worked_by_hand():
    assert CRITERIA["bic"](-100.0, 11, 272, SURE) == pytest.approx(200 + 11 * np.log(272))
    assert CRITERIA["aic"](-100.0, 11, 272, SURE) == pytest.approx(222)
    assert CRITERIA["caic"](-100.0, 11, 272, SURE) == pytest.approx(200 + 11 * (np.log(272) + 1))
    assert CRITERIA["sabic"](-100.0, 11, 272, SURE) == pytest.approx(200 + 11 * np.log(274 / 24))
    assert CRITERIA["icl"](-100.0, 11, 272, SURE) == pytest.approx(210 + 11 * np.log(272))
    assert CRITERIA["icl_map"](-100.0, 11, 272, SURE) == pytest.approx(206 + 11 * np.log(272))


def test_bic_and_aic_are_scikit_learns():
    from sklearn.mixture import GaussianMixture

    x = np.random.default_rng(0).normal(size=(200, 2))
    model = GaussianMixture(2, random_state=0, tol=1e-8, max_iter=1000).fit(x)
    r = model.predict_proba(x)
    log_likelihood = model.score(x) * 200
    entropy = entropies(np.log(r))
    assert CRITERIA["bic"](log_likelihood, 11, 200, entropy) == pytest.approx(model.bic(x))
    assert CRITERIA["aic"](log_likelihood, 11, 200, entropy) == pytest.approx(model.aic(x))


@pytest.mark.parametrize("name", CRITERIA)
def test_lower_is_better(name):
    criterion = CRITERIA[name]
    assert criterion(-99.0, 5, 50, SURE) < criterion(-100.0, 5, 50, SURE)
    assert criterion(-99.0, 5, 50, SURE) < criterion(-99.0, 6, 50, SURE)


def test_entropies_worked_by_hand():
    with np.errstate(divide="ignore"):
        logs = np.log([[0.5, 0.5], [0.9, 0.1], [1.0, 0.0]])
    soft = np.log(2) - 0.9 * np.log(0.9) - 0.1 * np.log(0.1)
    assert entropies(logs) == pytest.approx((soft, np.log(2) - np.log(0.9)))
    assert entropies(logs, np.array([2.0, 0, 7])) == pytest.approx((2 * np.log(2),) * 2)


def test_icl_with_hard_labels_is_that_of_mclust():
    """Of Mclust(iris[, 1:4], G = 3, modelNames = "VVV"): bic -580.8396, icl -584.0522."""
    from gmmpipe import GaussianMixture

    x = load_iris().data
    model = GaussianMixture(3, random_state=0, tol=1e-9, max_iter=1000, reg_covar=0).fit(x)
    assert model.bic(x) == pytest.approx(580.8396, abs=0.01)
    assert model.icl_map(x) == pytest.approx(584.0522, abs=0.01)
    assert model.bic(x) < model.icl_map(x) < model.icl(x)

import numpy as np
import pytest
from em_cases import clusters, log_density
from mclust_case import mclust
from scipy.stats import kstest, multivariate_normal
from sklearn.mixture import GaussianMixture

from gmmpipe.errors import InputError
from gmmpipe.mixture.bootstrap.intervals import p_value
from gmmpipe.mixture.bootstrap.likelihood_ratio import Refit, fit_nested, ratio_test, resample
from gmmpipe.mixture.em.options import FitOptions
from gmmpipe.mixture.mixture import Mixture

TRUTH = Mixture(
    np.array([0.3, 0.7, 0.0]),
    np.array([[0.0, 0.0], [5.0, 1.0], [9.0, 9.0]]),
    np.array([np.eye(2), [[2.0, 0.8], [0.8, 1.0]], np.eye(2)]),
)


@pytest.fixture(scope="module")
def old_faithful(pytestconfig):
    return np.loadtxt(pytestconfig.rootpath / "data/gmm.data")


def search(x, k, family="full", seed=0, **known):
    rng = np.random.default_rng(seed)
    return fit_nested(x, k, known.get("null"), known.get("alternative"), Refit(family), rng)


def test_samples_follow_the_weights_means_and_covariances():
    x = resample(TRUTH, 40_000, np.random.default_rng(0))
    assert x.shape == (40_000, 2)
    mean = TRUTH.weights @ TRUTH.means
    centred = TRUTH.means - mean
    spread = np.einsum("k,ki,kj->ij", TRUTH.weights, centred, centred)
    np.testing.assert_allclose(x.mean(axis=0), mean, atol=0.06)
    expected = np.tensordot(TRUTH.weights, TRUTH.covariances, 1) + spread
    np.testing.assert_allclose(np.cov(x.T), expected, atol=0.15)
    assert np.max(np.linalg.norm(x, axis=1)) < 11.5  # none of the component of weight 0


@pytest.mark.parametrize("family", ["full", "tied", "diag", "spherical"])
def test_the_search_is_no_worse_than_scikit_learn_s_best_of_five(family):
    x = clusters(3, n=150, k=3)
    for k in (1, 2):
        found = search(x, k, family)
        for fit, n in ((found.null, k), (found.alternative, k + 1)):
            model = GaussianMixture(n, covariance_type=family, n_init=5, random_state=0, tol=1e-6)
            best = model.set_params(max_iter=500).fit(x).score(x) * len(x)
            reached = log_density(x, fit.snapshots[-1].mixture).sum()
            assert fit.trajectory[-1] == pytest.approx(reached, rel=1e-12)
            assert reached > best - 0.05


def test_the_statistic_is_twice_the_gain_and_the_null_of_one_is_exact():
    x = clusters(1, n=80, k=2)
    found = search(x, 1)
    one = multivariate_normal(x.mean(axis=0), np.cov(x.T, ddof=0)).logpdf(x).sum()
    assert found.null.trajectory[-1] == pytest.approx(one, rel=1e-12)
    two = log_density(x, found.alternative.snapshots[-1].mixture).sum()
    assert found.statistic == pytest.approx(2 * (two - one), rel=1e-10)


def test_poor_known_mixtures_do_not_make_the_ratio_small():
    """Here the known mixture of K + 1 has two components at one place."""
    x = clusters(5, n=200, k=3)
    good = search(x, 2)
    null = good.null.snapshots[-1].mixture
    poor = Mixture(
        np.append(null.weights[:1], np.repeat(null.weights[1:] / 2, 2)),
        null.means[[0, 1, 1]],
        null.covariances[[0, 1, 1]],
    )
    again = search(x, 2, null=null, alternative=poor, seed=1)
    assert again.statistic > 20
    assert again.statistic == pytest.approx(good.statistic, rel=1e-4)


def test_a_replicate_is_the_same_in_any_block():
    x = clusters(2, n=60)
    call = (x, 2, None, None, Refit("tied"))
    whole = ratio_test(*call, range(6), seed=3)
    parts = [ratio_test(*call, part, seed=3) for part in ([0, 1], [5], [2, 3, 4])]
    order = np.argsort([0, 1, 5, 2, 3, 4])
    joined = np.concatenate([part.statistics for part in parts])[order]
    np.testing.assert_array_equal(whole.statistics, joined)
    assert {part.observed.statistic for part in parts} == {whole.observed.statistic}
    assert len(set(whole.statistics)) == 6
    other = ratio_test(*call, range(6), seed=4)
    assert not set(other.statistics) & set(whole.statistics)
    threaded = ratio_test(x, 2, None, None, Refit("tied", threads=2), range(6), seed=3)
    np.testing.assert_array_equal(whole.statistics, threaded.statistics)


@pytest.mark.parametrize(
    "truth",
    [
        Mixture(np.ones(1), np.zeros((1, 1)), np.ones((1, 1, 1))),
        Mixture(np.full(2, 0.5), np.array([[0.0], [5.0]]), np.ones((2, 1, 1))),
    ],
    ids=["one", "two"],
)
def test_p_is_uniform_where_k_is_true(truth):
    """50 samples of the truth, each tested by 19 replicates."""
    found = []
    for i in range(50):
        x = resample(truth, 50, np.random.default_rng([7, i]))
        refit = Refit("tied", starts=1)
        test = ratio_test(x, truth.n_components, None, None, refit, range(19), seed=i)
        found.append(p_value(test.observed.statistic, test.statistics)[0])
    jitter = np.random.default_rng(0).random(50) / 20  # p is one of 1/20, 2/20 ... 1
    assert kstest(np.array(found) - jitter, "uniform").pvalue > 0.02
    assert np.mean(np.array(found) <= 0.1) < 0.25


def test_what_is_not_true_is_rejected():
    x = resample(TRUTH, 150, np.random.default_rng(1))
    test = ratio_test(x, 1, None, None, Refit("full"), range(39))
    assert p_value(test.observed.statistic, test.statistics)[0] == 1 / 40
    after = ratio_test(x, 2, None, None, Refit("full"), range(39))
    assert p_value(after.observed.statistic, after.statistics)[0] > 0.05


@pytest.mark.parametrize(("family", "name", "ks"), [("tied", "EEE", (1, 2)), ("full", "VVV", (1,))])
def test_old_faithful_as_mclust_tests_it(family, name, ks, old_faithful):
    script = f"b <- mclustBootstrapLRT(x, '{name}', nboot=99, maxG={len(ks)}, verbose=FALSE);"
    script += "cat(c(b$obs, b$p.value, apply(b$boot, 2, median)), sep='\\n')"
    observed, ps, medians = np.reshape(mclust(script, old_faithful), (3, -1))
    for i, k in enumerate(ks):
        test = ratio_test(old_faithful, k, None, None, Refit(family), range(99))
        assert test.observed.statistic == pytest.approx(observed[i], abs=0.05)
        p = p_value(test.observed.statistic, test.statistics)[0]
        assert [p, ps[i]] == pytest.approx([0.01, 0.01], rel=0.05)
        # mclust looks for K + 1 from one place alone, so its null lies lower
        assert medians[i] - 0.3 < np.nanmedian(test.statistics) < medians[i] + 8


def test_degenerate_replicates_are_counted_and_say_why():
    """Of twelve points the smaller component now and then holds a line."""
    x = np.random.default_rng(3).normal(size=(12, 2))
    refit = Refit("full", FitOptions(tol=1e-7, regularisation=1e-3), starts=1)
    test = ratio_test(x, 1, None, None, refit, range(40), seed=1)
    lost = np.array([bool(reason) for reason in test.degenerate])
    np.testing.assert_array_equal(np.isnan(test.statistics), lost)
    assert 0 < lost.sum() < 40
    assert all(found.component in {0, 1} for why in test.degenerate for found in why)


def test_where_the_data_degenerate_every_replicate_says_so():
    x = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    test = ratio_test(x, 2, None, None, Refit("full"), range(4))
    assert np.isnan(test.observed.statistic)
    assert np.isnan(test.statistics).all()
    assert test.observed.degenerate
    assert set(test.degenerate) == {test.observed.degenerate}
    assert np.isnan(p_value(test.observed.statistic, test.statistics)).all()


@pytest.mark.parametrize(
    ("k", "starts", "words"),
    [(0, 1, "k is 0; choose from 1 to 9"), (10, 1, "k is 10"), (1, 0, "starts is 0; give 1")],
)
def test_wrong_settings_are_refused(k, starts, words):
    x = clusters(1, n=10)
    with pytest.raises(InputError, match=words):
        fit_nested(x, k, None, None, Refit("full", starts=starts), np.random.default_rng(0))

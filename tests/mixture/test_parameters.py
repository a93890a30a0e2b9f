import numpy as np
import pytest
from em_cases import EVERY, a_start, clusters
from mclust_case import mclust

from gmmpipe.errors import InputError
from gmmpipe.mixture.bootstrap.intervals import interval
from gmmpipe.mixture.bootstrap.likelihood_ratio import Refit
from gmmpipe.mixture.bootstrap.parameters import KINDS, matched, replicate
from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.em.options import FitOptions
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.mixture.rng import content, stream


@pytest.mark.parametrize("kind", KINDS)
def test_errors_of_one_gaussian_are_those_of_the_formula(kind):
    x = np.random.default_rng(0).normal(size=(400, 2)) * [1.0, 3.0]
    found = replicate(x, a_start(x, 1), kind, Refit("full"), range(300))
    deviation = x.std(axis=0)
    error, low, high = interval(found.means[:, 0], 0.05)
    np.testing.assert_allclose(error, deviation / 20, rtol=0.15)
    np.testing.assert_allclose((high - low) / 2, 1.96 * deviation / 20, rtol=0.2)
    assert np.all((low < x.mean(axis=0)) & (x.mean(axis=0) < high))
    variances = np.diagonal(found.covariances[:, 0], axis1=1, axis2=2)
    expected = deviation**2 * np.sqrt(2 / 400)
    np.testing.assert_allclose(interval(variances, 0.05)[0], expected, rtol=0.2)


@pytest.mark.parametrize("family", EVERY)
def test_nonparametric_is_the_fit_to_copied_rows(family):
    x = clusters(4, n=90, k=2)
    found = replicate(x, a_start(x, 2), "nonparametric", Refit(family), [3], seed=5)
    rng = stream("bootstrap", content(x), "nonparametric", 5, 2, 3)
    times = rng.multinomial(90, np.full(90, 1 / 90))
    start = found.observed.snapshots[-1].mixture
    (twin,) = em.fit(np.repeat(x, times, axis=0), [start], family, [1000], FitOptions(tol=1e-7))
    expected = twin.snapshots[-1].mixture
    assert (times.min(), times.max() > 1) == (0, True)
    np.testing.assert_allclose(found.weights[0], expected.weights, rtol=1e-8)
    np.testing.assert_allclose(found.means[0], expected.means, rtol=1e-8)
    np.testing.assert_allclose(found.covariances[0], expected.covariances, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_a_replicate_is_the_same_in_any_block(kind):
    x = clusters(2, n=80)
    call = (x, a_start(x, 3), kind, Refit("tied"))
    whole, part = replicate(*call, range(8), 2), replicate(*call, [6, 7], 2)
    for name in ("weights", "means", "covariances"):
        np.testing.assert_array_equal(getattr(whole, name)[6:], getattr(part, name))
    assert len(np.unique(whole.means[:, 0, 0])) == 8
    assert not np.array_equal(whole.means, replicate(*call, range(8), 3).means)


def test_components_are_matched_by_the_rows_they_hold():
    x = clusters(6, n=300, k=4)
    fitted = Refit("full")(x, [a_start(x, 4, seed) for seed in range(8)]).snapshots[-1].mixture
    responsibilities = np.exp(log_responsibilities(x, fitted)[1])
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(4)
        parts = (fitted.weights, fitted.means, fitted.covariances)
        shuffled = Mixture(*(part[order] for part in parts))
        found = matched(x, responsibilities, shuffled)
        np.testing.assert_array_equal(found.means, fitted.means)
        np.testing.assert_array_equal(found.weights, fitted.weights)
        np.testing.assert_array_equal(found.covariances, fitted.covariances)


def test_old_faithful_as_mclust_has_it(pytestconfig):
    x = np.loadtxt(pytestconfig.rootpath / "data/gmm.data")
    script = "f <- Mclust(x, G=2, modelNames='VVV', verbose=FALSE); for (t in c('pb','bs','wlbs'))"
    script += "{ s <- summary(MclustBootstrap(f, nboot=299, type=t, verbose=FALSE), what='se');"
    script += "cat(c(s$pro[1], sort(s$mean)), sep='\\n'); cat('\\n') }"
    expected = np.reshape(mclust(script, x), (3, 5))
    for kind, theirs in zip(("parametric", "nonparametric", "weighted"), expected, strict=True):
        found = replicate(x, a_start(x, 2), kind, Refit("full"), range(299))
        assert not any(found.degenerate)
        ours = [
            interval(found.weights, 0.05)[0][0],
            *np.sort(interval(found.means, 0.05)[0].ravel()),
        ]
        np.testing.assert_allclose(ours, theirs, rtol=0.25)


def test_degenerate_replicates_are_kept_and_say_why():
    x = np.concatenate([clusters(1, n=40, k=1), clusters(1, n=4, k=1) + 60])
    found = replicate(x, a_start(x, 2), "nonparametric", Refit("full"), range(60))
    lost = sum(map(bool, found.degenerate))
    assert not found.observed.degenerate
    assert 0 < lost < 60
    assert found.means.shape == (60, 2, 2)
    assert len(found.degenerate) == 60


def test_where_the_fit_degenerates_every_replicate_says_so():
    x = np.array([[0.0, 0.0], [1.0, 0.1], [9.0, 9.0]])
    found = replicate(x, a_start(x, 2), "parametric", Refit("full"), range(3))
    assert found.observed.degenerate
    assert set(found.degenerate) == {found.observed.degenerate}
    assert found.weights.shape == (3, 2)


def test_wrong_settings_are_refused():
    x = clusters(1, n=10)
    with pytest.raises(InputError, match=r"kind is 'parametrc'.*did you mean 'parametric"):
        replicate(x, a_start(x, 1), "parametrc", Refit("full"), [0])
    with pytest.raises(InputError, match="replicates is empty"):
        replicate(x, a_start(x, 1), "parametric", Refit("full"), [])

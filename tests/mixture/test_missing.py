"""Missing values: a plain twin, scipy's marginals, the complete-data engine, and what must hold."""

import dataclasses

import numpy as np
import pytest
from em_cases import EVERY, a_start, clusters, fit, same
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp
from scipy.stats import multivariate_normal
from sklearn.base import clone

from gmmpipe import GaussianMixture
from gmmpipe.errors import InputError
from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.em.options import FitOptions
from gmmpipe.mixture.em.passes import for_moments
from gmmpipe.mixture.em.prior import Prior
from gmmpipe.mixture.em.problem import Problem
from gmmpipe.mixture.engines.missing import Patterns, completed, imputed, normal
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.mixture import Mixture

seeds = st.integers(0, 2**32 - 1)


def holed(seed, n=300, d=3, k=3, share=0.25):
    """Return data, whole and with holes; no column is empty."""
    x = clusters(seed, n=n, d=d, k=k)
    rng = np.random.default_rng(seed + 1)
    gone = rng.random(x.shape) < share
    gone[:d][np.eye(d, dtype=bool)] = False
    return x, np.where(gone, np.nan, x)


def row_terms(row, mixture):
    """Return the log of weight times marginal density of each component."""
    seen = ~np.isnan(row)
    if not seen.any():
        return np.log(mixture.weights)
    return np.array([
        np.log(w) + multivariate_normal(m[seen], c[np.ix_(seen, seen)]).logpdf(row[seen])
        for w, m, c in zip(mixture.weights, mixture.means, mixture.covariances, strict=True)
    ])  # fmt: skip


def slow_step(x, mixture, family):
    """Return one iteration of EM and the log-likelihood before it, row by row."""
    (n, d), k = x.shape, mixture.n_components
    filled, left, r = np.empty((n, k, d)), np.zeros((n, k, d, d)), np.empty((n, k))
    value = 0.0
    for i, row in enumerate(x):
        seen, lost = np.flatnonzero(~np.isnan(row)), np.flatnonzero(np.isnan(row))
        terms = row_terms(row, mixture)
        value += logsumexp(terms)
        r[i] = np.exp(terms - logsumexp(terms))
        for j in range(k):
            m, c = mixture.means[j], mixture.covariances[j]
            across = c[np.ix_(lost, seen)] @ np.linalg.inv(c[np.ix_(seen, seen)])
            filled[i, j, seen] = row[seen]
            filled[i, j, lost] = m[lost] + across @ (row[seen] - m[seen])
            left[i, j][np.ix_(lost, lost)] = c[np.ix_(lost, lost)] - across @ c[np.ix_(seen, lost)]
    counts = r.sum(axis=0)
    means = np.einsum("nk,nkd->kd", r, filled) / counts[:, None]
    away = filled - means
    scatter = np.einsum("nk,nki,nkj->kij", r, away, away) + np.einsum("nk,nkij->kij", r, left)
    covariances = FAMILIES[family].m_step(counts, scatter, np.zeros(d))
    return Mixture(counts / n, means, covariances), value


@pytest.mark.parametrize("name", EVERY)
def test_iterations_are_those_of_a_loop_over_rows(name):
    whole, x = holed(41, n=80)
    start = a_start(whole, 2)
    (found,) = fit(x, [start], name, [0, 1, 2, 3], regularisation=0, missing="mar")
    x = x[~np.isnan(x).all(axis=1)]
    mixture = found.snapshots[0].mixture
    for step in range(3):
        mixture, value = slow_step(x, mixture, name)
        assert found.trajectory[step] == pytest.approx(value, rel=1e-12)
        got = found.snapshots[step + 1].mixture
        assert_allclose(got.weights, mixture.weights, rtol=1e-9)
        assert_allclose(got.means, mixture.means, rtol=1e-8, atol=1e-10)
        assert_allclose(got.covariances, mixture.covariances, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("d", [1, 3])
def test_nothing_missing_is_the_complete_engine(name, d):
    x = clusters(42, d=d)
    weight = np.random.default_rng(0).uniform(0.5, 2, len(x))
    start = a_start(x, 3)
    (plain,) = fit(x, [start], name, [0], sample_weight=weight)
    problem = Problem(
        x, weight, x.var(axis=0), FAMILIES[name], (0,), FitOptions(regularisation=0.0)
    )
    found = []
    mixture = plain.snapshots[0].mixture
    for engine in (for_moments(problem, 1), Patterns(x, weight)):
        work = engine.workspace(3)
        assert work.load(mixture) == -1
        moments = work.statistics()
        axes = np.eye(d, dtype=bool) if FAMILIES[name].axis_aligned else np.ones((d, d), bool)
        found.append((*moments._replace(covariances=moments.covariances * axes),))
    for one, other in zip(*found, strict=True):
        assert_allclose(other, one, rtol=1e-12, atol=1e-13)


def test_one_hole_in_a_million_deviates_little_from_none():
    x = clusters(43)
    hole = x.copy()
    hole[5, 1] = np.nan
    (whole,) = fit(x, [a_start(x, 3)], "full", [10])
    (found,) = fit(hole, [a_start(x, 3)], "full", [10], missing="mar")
    assert_allclose(found.snapshots[0].mixture.means, whole.snapshots[0].mixture.means, atol=0.05)


def test_densities_are_scipys_marginals():
    whole, x = holed(44, n=60, d=4)
    x[3] = np.nan
    mixture = fit(whole, [a_start(whole, 3)], "full", [5])[0].snapshots[0].mixture
    log_p, log_r = log_responsibilities(x, mixture, missing="mar")
    terms = np.array([row_terms(row, mixture) for row in x])
    assert_allclose(log_p, logsumexp(terms, axis=1), rtol=1e-11, atol=1e-12)
    assert_allclose(np.exp(log_r), np.exp(terms - log_p[:, None]), rtol=1e-9, atol=1e-14)
    assert log_p[3] == pytest.approx(0, abs=1e-15)
    assert_allclose(np.exp(log_r[3]), mixture.weights, rtol=1e-12)


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=12)
@given(seeds, st.integers(1, 4), st.integers(1, 3), st.sampled_from([None, Prior()]))
def test_the_observed_likelihood_never_falls(name, seed, d, k, prior):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(40, d)) + 3 * rng.integers(0, 3, size=(40, 1))
    x[4:][rng.random((36, d)) < 0.4] = np.nan
    start = a_start(completed(x), k, seed)
    (found,) = fit(x, [start], name, range(20), prior=prior, missing="mar")
    value = np.array([kept.log_likelihood + kept.log_prior for kept in found.snapshots[1:]])
    assert (np.diff(value) >= -1e-8 * (1 + np.abs(value[1:]))).all()


@settings(max_examples=12)
@given(seeds)
def test_order_units_and_threads_are_of_no_account(seed):
    whole, x = holed(seed % 1000, n=60, d=2, k=2)
    rng = np.random.default_rng(seed)
    start = a_start(whole, 2)
    (one,) = fit(x, [start], "full", [5], missing="mar")
    same(one, fit(x, [start], "full", [5], missing="mar", threads=3)[0])
    rows, shift, scale = rng.permutation(len(x)), 1e3 * rng.normal(size=2), rng.uniform(0.1, 9, 2)
    moved = (shift + scale * x)[rows]
    (other,) = fit(moved, [start.rescaled(shift, scale)], "full", [5], missing="mar")
    volume = (~np.isnan(x) @ np.log(scale)).sum()
    assert_allclose(other.trajectory + volume, one.trajectory, rtol=1e-8, atol=1e-8)


def test_a_row_without_any_value_is_left_out():
    whole, x = holed(45)
    start = a_start(whole, 2)
    void = np.vstack([np.full((4, 3), np.nan), x])
    same(
        fit(x, [start], "full", [5], missing="mar")[0],
        fit(void, [start], "full", [5], missing="mar")[0],
    )


def test_an_offset_of_1e8_changes_nothing():
    whole, x = holed(46)
    start = a_start(whole, 2)
    moved = dataclasses.replace(start, means=start.means + 1e8)
    (here,) = fit(x, [start], "full", [20], missing="mar")
    (there,) = fit(x + 1e8, [moved], "full", [20], missing="mar")
    assert_allclose(there.trajectory, here.trajectory, rtol=1e-6)


def test_a_mean_that_jumps_far_does_not_spoil_its_scatter():
    _, x = holed(47, share=0.1)
    far = Mixture(np.ones(1), np.full((1, 3), 1e4), np.array([1e8 * np.eye(3)]))
    near = Mixture(np.ones(1), np.zeros((1, 3)), np.array([1e8 * np.eye(3)]))
    last = [
        fit(x * 1e-3, [start], "full", [40], missing="mar")[0].snapshots[0].mixture
        for start in (far, near)
    ]
    assert_allclose(last[0].covariances, last[1].covariances, rtol=1e-6)


def test_many_rows_of_one_pattern_are_cut_into_slices(monkeypatch):
    whole, x = holed(48)
    start = a_start(whole, 2)
    (one,) = fit(x, [start], "full", [3], missing="mar")
    monkeypatch.setattr("gmmpipe.mixture.engines.missing._SIZE", 30)
    (other,) = fit(x, [start], "full", [3], missing="mar")
    assert len(Patterns(x, np.ones(len(x))).patterns) > 30
    assert_allclose(other.trajectory, one.trajectory, rtol=1e-12)


def test_values_lost_by_a_seen_one_bias_the_mean_of_the_rest_but_not_the_fit():
    rng = np.random.default_rng(5)
    x = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], 20_000)
    x[x[:, 0] > 0.5, 1] = np.nan
    found = normal(x, np.ones(len(x)))
    assert np.nanmean(x[:, 1]) < -0.2
    assert_allclose(found.means, 0, atol=0.03)
    assert_allclose(found.covariances[0], [[1, 0.8], [0.8, 1]], atol=0.05)


def test_imputed_values_are_conditional_means():
    whole, x = holed(49, n=40)
    mixture = fit(whole, [a_start(whole, 2)], "full", [5])[0].snapshots[0].mixture
    filled = imputed(x, mixture)
    assert_array_equal(filled[~np.isnan(x)], x[~np.isnan(x)])
    for row, got in zip(x, filled, strict=True):
        seen, lost = np.flatnonzero(~np.isnan(row)), np.flatnonzero(np.isnan(row))
        terms = row_terms(row, mixture)
        expected = np.zeros(len(lost))
        for share, m, c in zip(
            np.exp(terms - logsumexp(terms)), mixture.means, mixture.covariances, strict=True
        ):
            across = c[np.ix_(lost, seen)] @ np.linalg.inv(c[np.ix_(seen, seen)])
            expected += share * (m[lost] + across @ (row[seen] - m[seen]))
        assert_allclose(got[lost], expected, rtol=1e-9, atol=1e-11)


def test_completed_follows_the_correlation_and_leaves_whole_data_alone():
    rng = np.random.default_rng(6)
    x = rng.normal(size=(200, 1)) * [1.0, 2.0] + 0.01 * rng.normal(size=(200, 2)) + [3, 1e6]
    hole = x.copy()
    hole[50:, 1] = np.nan
    assert_allclose(completed(hole), x, atol=0.2)
    assert_array_equal(completed(x), x)
    constant = np.array([[1.0, 2.0], [np.nan, 3.0], [1.0, np.nan]])
    assert_allclose(completed(constant)[1], [1, 3])


def test_the_estimator_fits_and_tells_of_rows_with_holes():
    rng = np.random.default_rng(7)
    truth = rng.integers(2, size=400)
    x = 8.0 * truth[:, None] + rng.normal(size=(400, 3))
    x[5:][rng.random((395, 3)) < 0.3] = np.nan
    with pytest.warns(UserWarning, match="rows have no value at all"):
        model = GaussianMixture(2, missing="mar", random_state=0).fit(x)
    seen = ~np.isnan(x).all(axis=1)
    labels = model.predict(x)[seen]
    assert max((labels == truth[seen]).mean(), (labels != truth[seen]).mean()) > 0.999
    assert model.score_samples(x)[seen].sum() == pytest.approx(model.trajectory_[-1], rel=1e-9)
    assert np.isfinite(model.bic(x[seen]))
    for call in (GaussianMixture(2).fit, clone(model).set_params(missing="refuse").fit):
        with pytest.raises(ValueError, match="NaN"):
            call(x)


def test_nan_is_refused_unless_it_is_said_to_be_missing():
    _, x = holed(50)
    start = a_start(completed(x), 2)
    with pytest.raises(InputError, match=r'nan in row .* or give missing="mar"'):
        fit(x, [start], "full", [1])
    with pytest.raises(InputError, match="nan in row"):
        log_responsibilities(x, start)
    with pytest.raises(InputError, match="did you mean 'mar'"):
        fit(x, [start], "full", [1], missing="mcar")
    x[0, 0] = np.inf
    with pytest.raises(InputError, match=r"inf in row 0, column 0; drop the row or fill it$"):
        fit(x, [start], "full", [1], missing="mar")


def test_a_feature_without_any_value_is_named():
    _, x = holed(51)
    start = a_start(completed(x), 2)
    x[:, 1] = np.nan
    with pytest.raises(InputError, match="column 1 has no value"):
        fit(x, [start], "full", [1], missing="mar")


def test_rows_without_any_value_do_not_count():
    x = clusters(31, n=233)
    y = np.insert(x, np.arange(39) * 5, np.nan, axis=0)
    options = {"missing": "mar", "random_state": 0, "tol": 1e-4, "n_init": 3}
    with pytest.warns(UserWarning, match="39 of 272 rows have no value at all and are left out"):
        found = GaussianMixture(3, **options).fit(y)
    plain = GaussianMixture(3, **options).fit(x)
    assert (found.n_iter_, found.lower_bound_) == (plain.n_iter_, plain.lower_bound_)
    for measure in ("bic", "aic", "icl", "icl_map", "score"):
        with pytest.warns(UserWarning, match="39 of 272"):
            value = getattr(found, measure)(y)
        assert value == getattr(plain, measure)(x)
    assert found.predict_proba(y).shape == (272, 3)
    with pytest.raises(InputError, match="no row has a value"):
        found.fit(np.full((3, 2), np.nan))

"""Where runs end: carried on past saddles and plateaus, and what is no maximum said to be none."""

from pathlib import Path

import em_cases
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from gmmpipe.config.build import build
from gmmpipe.mixture.diagnostics import convergence
from gmmpipe.mixture.diagnostics.convergence import RunFinisher, most_iterations
from gmmpipe.mixture.diagnostics.restarts import (
    DEGENERATE,
    MAXIMUM,
    SADDLE,
    UNFINISHED,
    certify,
    reached,
)
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.em.options import FitOptions
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.mixture.rng import content, stream
from gmmpipe.mixture.starts.registry import STARTS, prepared

FAITHFUL = np.loadtxt(Path(__file__).parents[2] / "data/gmm.data")


def normalised(how):
    x = FAITHFUL
    low, scale = (x.min(0), np.ptp(x, axis=0)) if how == "minmax" else (x.mean(0), x.std(0))
    return np.ascontiguousarray((x - low) / scale), len(x) * np.log(scale).sum()


def runs(x, family, k, method, seeds, **options):
    """Return the fits that the pipeline makes of these seeds."""
    start = prepared(build(STARTS, "start", {"method": method}, "method"), x, family, None)
    drawn = [start(k, stream("start", content(x), method, k, seed)) for seed in seeds]
    return em_cases.fit(x, drawn, family, **options)


def settler(x, family, most=50_000, sample_weight=None, **options):
    def run(starts, iterations, options):
        return em.fit(x, starts, family, iterations, options, sample_weight=sample_weight)

    return RunFinisher(run, most, FitOptions(**options), float(len(x)))


@pytest.mark.parametrize(("k", "optimum"), [(2, -1140.187), (3, -1126.316)])
def test_runs_cut_off_on_a_saddle_are_carried_on_to_the_one_optimum(k, optimum):
    """At iteration 100 most runs of K = 2 have the log-likelihood of K = 1, -1289.797."""
    x, volume = normalised("minmax")
    fits = runs(x, "tied", k, "uniform", range(10), iterations=[100])
    cut_off = np.array([fit.trajectory[-1] for fit in fits]) - volume
    assert np.count_nonzero(cut_off < optimum - 1) >= 2
    found = settler(x, "tied")(fits)
    assert [end.kind for end in found] == [MAXIMUM] * 10
    limits = np.array([end.log_likelihood for end in found])
    np.testing.assert_allclose(limits - volume, optimum, atol=6e-4)
    kinds = [MAXIMUM] * 10
    certificate = certify(reached(limits, [end.mixture for end in found], kinds), kinds)
    assert (certificate.optima, certificate.hits) == (1, 10)


def test_under_a_prior_ends_are_compared_by_what_em_raised():
    x, _ = normalised("standard")
    options = {"regularisation": "map"}
    fits = runs(x, "full", 3, "points", range(4), iterations=[50], **options)
    for fit, end in zip(fits, settler(x, "full", **options)(fits), strict=True):
        (same,) = em_cases.fit(x, [end.mixture], "full", [0], **options)
        assert end.log_prior == pytest.approx(same.snapshots[-1].log_prior, rel=1e-12)
        assert end.log_prior != 0
        assert end.objective >= fit.snapshots[-1].objective


def test_a_run_that_converges_at_a_saddle_is_no_optimum():
    x, volume = normalised("standard")
    fits = runs(x, "tied", 2, "points", [0, 1, 2, 10], iterations=[1000], tol=1e-8)
    assert all(fit.converged for fit in fits)
    found = settler(x, "tied", tol=1e-8)(fits)
    assert [end.kind for end in found] == [SADDLE, MAXIMUM, MAXIMUM, SADDLE]
    at_saddles = [fits[i].trajectory[-1] - volume for i in (0, 3)]
    np.testing.assert_allclose(at_saddles, -1289.797, atol=2e-3)


def test_from_a_maximum_every_direction_leads_down():
    """By scipy's densities, along random directions."""
    x, _ = normalised("minmax")
    fits = runs(x, "full", 3, "points", range(4), iterations=[20])

    def value(mixture):
        parts = [
            np.log(w) + multivariate_normal(m, c).logpdf(x)
            for w, m, c in zip(mixture.weights, mixture.means, mixture.covariances, strict=True)
        ]
        return logsumexp(parts, axis=0).sum()

    rng = np.random.default_rng(0)
    for end in settler(x, "full")(fits):
        assert end.kind == MAXIMUM
        here = value(end.mixture)
        assert end.log_likelihood == pytest.approx(here, rel=1e-12)
        for _ in range(20):
            means = end.mixture.means + rng.normal(0, 0.02, (3, 2))
            covariances = end.mixture.covariances * np.exp(rng.normal(0, 0.1))
            weights = end.mixture.weights * np.exp(rng.normal(0, 0.1, 3))
            assert value(Mixture(weights / weights.sum(), means, covariances)) < here


def test_equal_components_are_a_saddle_though_em_stays():
    x, _ = normalised("standard")
    (one,) = em.fit(x, [Mixture(np.ones(1), np.zeros((1, 2)), np.eye(2)[None])], "full", [5])
    best = one.snapshots[-1].mixture
    double = Mixture(
        np.full(2, 0.5), np.repeat(best.means, 2, 0), np.repeat(best.covariances, 2, 0)
    )
    (fit,) = em.fit(x, [double], "full", [50])
    assert fit.trajectory[-1] == pytest.approx(fit.trajectory[0], abs=1e-9)
    for tol in (1e-8, 0.0):
        (end,) = settler(x, "full", most=100, tol=tol)([fit])
        assert end.kind == SADDLE


def test_a_component_of_less_than_one_sample_may_hide_a_saddle():
    """Two of three components are nearly equal, one of them of 0.2 samples; EM gets on slowly."""
    x = np.array([
        -7.7676187, -6.28488749, -6.23247803, -5.80476409, -5.25263126, -5.20214788, -5.18782479,
        -4.64739233, -4.35069041, -3.88365236, -3.85758327, -3.81666552, -3.80391161, -2.35156877,
    ])[:, None]  # fmt: skip
    weights = np.array([0.16592158, 0.01266136, 0.82141706])
    means = np.array([[-6.56885092], [-4.51738285], [-4.55521791]])
    beside = Mixture(weights, means, np.full((3, 1, 1), 1.18042742))
    (fit,) = em.fit(x, [beside], "tied", [1])
    (end,) = settler(x, "tied")([fit])
    assert end.kind == MAXIMUM
    assert end.log_likelihood == pytest.approx(-23.4364816, abs=1e-4)


def test_equal_components_whose_weights_are_frozen_may_be_a_maximum():
    """Flat data ask for two components as large as each other, not for these."""
    x = np.linspace(-1, 1, 60)[:, None]
    equal = Mixture(np.array([0.9, 0.1]), np.zeros((2, 1)), np.full((2, 1, 1), x.var()))
    kinds = []
    for frozen in ([], ["weights"]):
        (fit,) = em_cases.fit(x, [equal], "tied", [20], frozen=frozen)
        kinds += [end.kind for end in settler(x, "tied", tol=1e-8, frozen=frozen)([fit])]
    assert kinds == [SADDLE, MAXIMUM]


def test_what_was_not_carried_on_far_enough_is_unfinished():
    x, _ = normalised("minmax")
    fits = runs(x, "tied", 4, "uniform", range(3), iterations=[20])
    found = settler(x, "tied", most=20)(fits)
    assert [end.kind for end in found] == [UNFINISHED] * 3
    for end, fit in zip(found, fits, strict=True):
        assert end.log_likelihood > fit.trajectory[-1]
    for end, fit in zip(settler(x, "tied", most=0)(fits), fits, strict=True):
        assert end.kind == UNFINISHED
        assert np.isnan(end.log_likelihood)
        assert end.mixture is fit.snapshots[-1].mixture


def test_a_run_whose_component_collapsed_is_degenerate_and_left_alone():
    x, _ = normalised("minmax")
    far = Mixture(
        np.full(2, 0.5), np.array([[0.5, 0.5], [90.0, 90.0]]), np.full((2, 2, 2), np.eye(2) / 9)
    )
    (fit,) = em.fit(x, [far], "full", [30])
    assert fit.degenerate
    (end,) = settler(x, "full")([fit])
    assert end.kind == DEGENERATE
    assert np.isnan(end.log_likelihood)


def test_an_end_depends_on_no_neighbour():
    x, _ = normalised("minmax")
    fits = runs(x, "tied", 3, "uniform", range(4), iterations=[30])
    fits += runs(x, "tied", 2, "points", range(2), iterations=[30])
    find = settler(x, "tied")
    together = find(fits)
    for fit, end in zip(fits, together, strict=True):
        (alone,) = find([fit])
        assert (alone.kind, alone.log_likelihood) == (end.kind, end.log_likelihood)
        assert_array_equal(alone.mixture.means, end.mixture.means)


def test_a_start_that_em_refuses_loses_no_other():
    x, _ = normalised("minmax")
    fits = runs(x, "full", 2, "points", range(3), iterations=[30])
    find = settler(x, "full")
    expected = [end.log_likelihood for end in find(fits)]
    bad = fits[1].snapshots[-1].mixture.means

    def run(starts, iterations, options):
        if any(start.means is bad for start in starts):
            raise ValueError("refused")
        return em.fit(x, starts, "full", iterations, options)

    found = RunFinisher(run, 50_000, FitOptions(), weight=272.0)(fits)
    assert [end.kind for end in found] == [MAXIMUM, UNFINISHED, MAXIMUM]
    assert [found[i].log_likelihood for i in (0, 2)] == [expected[i] for i in (0, 2)]


@pytest.mark.parametrize(
    "options",
    [
        {"frozen": ["weights"]},
        {"frozen": ["means"]},
        {"frozen": ["covariances"]},
        {"noise": 0.1},
        {"regularisation": "map"},
        {"reg_covar": 1e-3, "regularisation": 0.0},
        {"missing": "mar"},
        {"sample_weight": np.linspace(0.5, 2, 272)},
    ],
    ids=lambda options: next(iter(options)),
)
def test_every_setting_of_em_has_ends(options):
    """The end is a fixed point of the same EM, which climbs no more from beside it."""
    x, _ = normalised("standard")
    if "missing" in options:
        x = np.where(np.random.default_rng(0).random(x.shape) < 0.1, np.nan, x)
    start = Mixture(np.full(2, 0.5), np.array([[-1.0, -1], [1, 1]]), np.full((2, 2, 2), np.eye(2)))
    (fit,) = em_cases.fit(x, [start], "full", [5], **options)
    (end,) = settler(x, "full", **options)([fit])
    assert end.kind == MAXIMUM
    (on,) = em_cases.fit(x, [end.mixture], "full", [200], **options)
    objective = on.snapshots[-1].objective
    before = em_cases.fit(x, [end.mixture], "full", [0], **options)[0].snapshots[-1].objective
    assert objective - before < convergence.REMAINING


def test_large_data_are_carried_on_less():
    assert most_iterations(50_000, 272, 2) == 50_000
    assert most_iterations(50_000, 10_000, 20) == 5_000
    assert most_iterations(50_000, 10**9, 30) == 0
    assert most_iterations(0, 272, 2) == 0

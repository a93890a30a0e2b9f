"""Arrays at their edges: a defined result that says what is odd about it, or one line."""

import re
import warnings
from dataclasses import fields, replace

import numpy as np
import pytest
from array_rows import DATA, FAR, PARAMETERS, SETTINGS, STARTS, X
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning

from gmmpipe import GaussianMixture
from gmmpipe.mixture.defects import indexed, sentence
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.em.options import FitOptions
from gmmpipe.mixture.starts.registry import STARTS as METHODS

WARM = METHODS["points"]()(X, 2, np.random.default_rng(0))


def words_of(outcome):
    return re.findall(r"'[^']*'|\[[^]]*\]|\([^)]*\)|\S+", outcome.partition(":")[2] or outcome)


def refusal(error, outcome):
    """Check that an error has all words of the outcome, and is one line if it is ours."""
    text = " ".join(str(error).split())
    assert [word for word in words_of(outcome) if word not in text] == [], text


def outcome_of(call, outcome):
    """Return what a call gives and the words of its warnings; None where refused as foretold."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        warnings.simplefilter("error", RuntimeWarning)  # numpy's own: something went wrong unseen
        if outcome.startswith("defined"):
            return call(), " ".join(str(warning.message) for warning in told)
        with pytest.raises((ValueError, TypeError)) as caught:
            call()
    refusal(caught.value, outcome)
    return None, ""


def bytes_of(given):
    if not hasattr(given, "dtype") and not hasattr(given, "iloc"):
        return b""
    array = np.asarray(given)
    return repr(array.tolist()).encode() if array.dtype == object else array.tobytes()


def sound(fit, outcome, rounding=1e-9):
    """Check a fit of em: numbers all through, nothing hidden, the likelihood never falls."""
    assert np.isfinite(fit.trajectory).all()
    falls = -np.diff(fit.trajectory)
    assert (falls <= rounding * np.abs(fit.trajectory[1:]) + 1e-9).all()
    for snapshot in fit.snapshots:
        for part in ("weights", "means", "covariances"):
            assert np.isfinite(getattr(snapshot.mixture, part)).all(), part
    recorded(sentence(fit.degenerate, indexed), outcome)


def recorded(text, outcome):
    """Check that what the outcome has after its colon is recorded."""
    for word in words_of(outcome) if ":" in outcome else ():
        assert word in text


@pytest.mark.parametrize("case", DATA)
def test_data_of_em(case):
    x, outcome = DATA[case][:2]
    before, start, rounding = bytes_of(x), WARM, 1e-9
    if outcome.startswith("defined"):
        rows = np.asarray(x, np.float64)
        with np.errstate(over="ignore"):  # of a column at 1e300, whose variance is moot
            start = METHODS["points"]()(rows, min(2, len(rows)), np.random.default_rng(0))
            spread = max(rows.std(axis=0).max(), 1e-300)
        rounding = max(1e-9, 1e-14 * np.abs(rows).max() / spread)
    fits, _ = outcome_of(lambda: em.fit(x, [start], "full", [0, 20], FitOptions(tol=1e-6)), outcome)
    assert bytes_of(x) == before
    if fits:
        sound(fits[0], outcome, min(rounding, 1e-3))


@pytest.mark.parametrize("case", DATA)
def test_data_of_the_estimator(case):
    x, outcome = DATA[case][0], DATA[case][-1]
    before = bytes_of(x)
    model = GaussianMixture(2, random_state=0)
    fitted, told = outcome_of(lambda: model.fit(x), outcome)
    assert bytes_of(x) == before
    if fitted is not None:
        whole(model, x)
        recorded(model.degenerate_ + told, outcome)
        assert bytes_of(x) == before


def whole(model, x):
    """Check all that an estimator tells of its data."""
    for name in ("weights_", "means_", "covariances_", "trajectory_", "lower_bound_"):
        assert np.isfinite(getattr(model, name)).all(), name
    chances = model.predict_proba(x)
    assert_allclose(chances.sum(axis=1), 1, rtol=1e-5)
    assert np.isfinite(model.score_samples(x)).all()
    assert set(model.predict(x)) <= set(range(model.n_components))


@pytest.mark.parametrize("case", PARAMETERS)
def test_parameters_of_the_estimator(case):
    options, outcome = PARAMETERS[case]
    before = {name: bytes_of(value) for name, value in options.items()}
    model = GaussianMixture(**{"n_components": 2, "random_state": 0, **options})
    fitted, told = outcome_of(lambda: model.fit(X), outcome)
    if fitted is not None:
        whole(model, X)
        recorded(model.degenerate_ + told, outcome)
    assert {name: bytes_of(value) for name, value in options.items()} == before


@pytest.mark.parametrize("case", SETTINGS)
def test_settings_of_em(case):
    options, outcome = SETTINGS[case]
    names = {option.name for option in fields(FitOptions)} & set(options)
    given = {"family": "full", "iterations": [5], **options}
    asked = {name: given.pop(name) for name in names}
    fits, _ = outcome_of(lambda: em.fit(X, [WARM], options=FitOptions(**asked), **given), outcome)
    if fits:
        sound(fits[0], outcome)


@pytest.mark.parametrize("case", STARTS)
def test_starts_of_em(case):
    changes, outcome = STARTS[case]
    start = replace(WARM, **changes)
    before = {name: bytes_of(value) for name, value in changes.items()}
    fits, _ = outcome_of(lambda: em.fit(X, [start], "full", [0, 20]), outcome)
    assert {name: bytes_of(value) for name, value in changes.items()} == before
    if fits:
        sound(fits[0], outcome)


@pytest.mark.parametrize("family", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("case", FAR)
def test_a_far_sample_has_probabilities(case, family):
    model = GaussianMixture(3, covariance_type=family, random_state=0, max_iter=20, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X)
    x = np.array([FAR[case], [0.0, 0.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chances = model.predict_proba(x)
        assert_allclose(chances.sum(axis=1), 1, rtol=1e-12)
        assert np.isfinite(model.score_samples(x)).all()
        assert np.isfinite(model.predict_proba(x[:1].astype(np.float64))).all()

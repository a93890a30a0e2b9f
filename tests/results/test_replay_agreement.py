"""The comparison of a stored fit with its replay."""

import numpy as np
import pytest

from gmmpipe.mixture.affine import Affine
from gmmpipe.mixture.diagnostics.matching import component_differences
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.results.replay.agreement import TRAJECTORY, compare_steps
from gmmpipe.results.replay.engine import Case, Stopped
from gmmpipe.results.replay.stored import StoredFit

X = np.random.default_rng(0).normal(size=(50, 2))
ONE = Mixture(np.ones(1), np.zeros((1, 2)), np.eye(2)[None])
AFFINE = Affine(np.array([3.0, 1.0]), np.array([2.0, 5.0]))
STEP = np.array([0.0, 1.0, 1.0])
TOTALS = np.array([-200.0, -150.0, -149.0])


def stored(reason="", final=ONE, regularisation=1e-6):
    case = Case(X, ONE, "full", regularisation, 0.0, 2)
    mixture = final and AFFINE.invert(final)
    return StoredFit({}, case, AFFINE, TOTALS - AFFINE.log_volume(case.x), mixture, reason)


def replayed(totals, mixture=ONE, stop=""):
    for iteration, total in enumerate(totals):
        yield total, ONE if iteration == 0 else mixture
    if stop:
        raise Stopped(stop)


def test_the_same_agrees_in_both_units():
    found = compare_steps(stored(), replayed(TOTALS))
    assert found.agrees
    assert found.verdict.endswith("over 2 iterations")
    assert found.deviation.max() < 1e-15
    np.testing.assert_allclose(found.replayed, TOTALS - 50 * np.log(10))


@pytest.mark.parametrize(("factor", "agrees"), [(0.9, True), (1.1, False), (np.nan, False)])
def test_the_tolerance_is_the_limit(factor, agrees):
    step = np.array([0, factor * TRAJECTORY * 150, 0])
    found = compare_steps(stored(), replayed(TOTALS + step))
    assert found.agrees is agrees
    assert found.first_difference == (None if agrees else 1)
    assert ("differs from iteration 1 on: ours" in found.verdict) is not agrees


def test_near_zero_a_log_likelihood_is_measured_against_the_number_of_samples():
    near = stored()
    near.trajectory[:] = 1e-12 - near.volume
    assert compare_steps(near, replayed([0.0] * 3)).agrees
    assert not compare_steps(near, replayed([0.0, 0.0, 1e-7])).agrees


@pytest.mark.parametrize(
    ("part", "change"),
    [("weights", [1e-5]), ("means", [[0, 1e-5]]), ("covariances", [[[0, 0], [0, 1e-5]]])],
)
def test_parameters_are_compared_in_standard_deviations(part, change):
    moved = Mixture(**{**vars(ONE), part: getattr(ONE, part) + np.array(change)})
    found = compare_steps(stored(), replayed(TOTALS, moved))
    assert not found.agrees
    assert found.verdict == f"differs in the {part} after 2 iterations: by 1.0e-05"
    assert component_differences(ONE, moved)[part] == pytest.approx(1e-5)
    assert compare_steps(
        stored(final=None), replayed(TOTALS, moved)
    ).agrees  # nothing kept to compare


def test_an_engine_that_stops_differs_from_there_on():
    found = compare_steps(stored(reason="component 1: bad"), replayed(TOTALS[:1], stop="too hot"))
    assert found.first_difference == 1
    assert "theirs stopped (too hot; ours is degenerate: component 1: bad)" in found.verdict
    assert found.parameters == {}


def test_what_the_floor_forbids_is_named():
    thin = Mixture(np.ones(1), np.zeros((1, 2)), np.diag([1.0, 0.01])[None])
    found = compare_steps(stored(regularisation=0.1), replayed(TOTALS + STEP, thin))
    assert "theirs is below fit.regularisation=0.1 from iteration 1 on" in found.verdict
    found = compare_steps(stored(regularisation=0.0), replayed(TOTALS + STEP, thin))
    assert "regularisation" not in found.verdict

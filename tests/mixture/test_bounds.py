"""The least variances of components are relative to the spread within components."""

import numpy as np
import pytest
from em_cases import COMPILED, EVERY, fit, rounding, volumes_vary
from numpy.testing import assert_allclose

from gmmpipe import GaussianMixture
from gmmpipe.mixture.bounds import COLLAPSED, pooled, within
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.kernels.engine import Engine
from gmmpipe.mixture.kernels.records import Rules
from gmmpipe.mixture.kernels.step import bound
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.mixture.moments import moments

LABELS = np.repeat([0, 1], 200)


def apart(distance):
    """Return two groups of N(0, I), so many standard deviations from each other."""
    groups = np.random.default_rng(5).normal(size=(400, 2))
    return groups + distance * LABELS[:, None] * np.array([0.6, 0.8])


def codes(found):
    """Return what is wrong with a fit."""
    return {defect.code for defect in found.degenerate}


def start(x, k=2):
    """Return the groups' moments, shrunk towards the whole's as all starts are."""
    return moments(x, LABELS % k, np.zeros((k, 2)))


def of_each_group(x, name):
    """Return the maximisers (2, 2, 2) where each sample is known to be of its group."""
    scatter = np.array([200 * np.cov(x[k == LABELS].T, bias=True) for k in (0, 1)])
    return FAMILIES[name].m_step(np.full(2, 200.0), scatter, np.zeros(2))


@pytest.mark.parametrize("distance", [1e2, 3e3, 1e4, 1e6, 1e8])
@pytest.mark.parametrize("name", EVERY)
def test_variances_do_not_depend_on_how_far_groups_are_apart(name, distance):
    x = apart(distance)
    (found,) = fit(x, [start(x)], name, [10])
    assert found.degenerate == ()
    near = 1e-6 + 1e-15 * distance  # the digits that the samples have left
    assert_allclose(
        found.snapshots[0].mixture.covariances, of_each_group(x, name), rtol=near, atol=near
    )


@pytest.mark.parametrize("acceleration", ["anderson"])
def test_extrapolations_obey_the_bound_of_the_step(acceleration):
    x = apart(3e3)
    (found,) = fit(x, [start(x)], "full", [20], acceleration=acceleration)
    assert_allclose(
        found.snapshots[0].mixture.covariances, of_each_group(x, "full"), rtol=1e-6, atol=1e-6
    )
    assert found.degenerate == ()


@pytest.mark.parametrize("reg_covar", [0.0, 1e-6])
@pytest.mark.parametrize("distance", [1e6, 1e8])
def test_the_estimator_finds_nothing_wrong_with_two_perfect_groups(distance, reg_covar):
    x = apart(distance)[100:300]
    model = GaussianMixture(2, random_state=0, reg_covar=reg_covar).fit(x)
    assert model.degenerate_ == ""
    assert np.linalg.eigvalsh(model.covariances_).min() > 0.5


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("distance", [0.0, 1e4])
def test_a_collapse_ends_at_the_bound_and_the_likelihood_never_falls(name, distance):
    x = apart(distance)
    x[:9] = x[0]
    ends = Mixture(
        np.array([0.02, 0.49, 0.49]),
        np.array([x[0], [0, 0], x[-1]]),
        np.array([2e-3 * np.eye(2), np.eye(2), np.eye(2)]),
    )
    (found,) = fit(x, [ends], name, [60], regularisation=1e-3)
    assert (np.diff(found.trajectory) >= -rounding(name) * np.abs(found.trajectory[1:])).all()
    mixture = found.snapshots[0].mixture
    within = mixture.weights @ np.diagonal(mixture.covariances, axis1=1, axis2=2)
    relative = mixture.covariances / np.sqrt(np.multiply.outer(within, within))
    least = np.linalg.eigvalsh(relative).min()  # the spread within may have risen since
    assert 0.8e-3 < least < (1.01e-3 if volumes_vary(name) else np.inf)
    assert ("floor" in codes(found)) == volumes_vary(name)


@pytest.mark.parametrize("name", COMPILED)
def test_where_all_components_collapse_the_likelihood_has_a_bound(name):
    x = np.array([[0.0, 1.0], [5.0, -2.0], [9.0, 7.0]])
    each = Mixture(np.full(3, 1 / 3), x, np.array([np.eye(2)] * 3))
    (found,) = fit(x, [each], name, [50])
    variances = np.diagonal(found.snapshots[0].mixture.covariances, axis1=1, axis2=2)
    assert (variances >= 0.99e-6 * COLLAPSED * x.var(axis=0)).all()
    assert found.trajectory[-1] == found.trajectory[-2] < np.inf
    assert "floor" in codes(found)


@pytest.mark.parametrize("name", ["full", "tied", "diag", "VVE", "EVI"])
def test_the_bound_follows_the_units_of_the_features(name):
    x, units = apart(30.0), np.array([1e-3, 1e5])
    here, there = (
        fit(x * s, [start(x * s)], name, [20], regularisation=0.3)[0] for s in (1.0, units)
    )
    if FAMILIES[name].scale_invariant:
        assert_allclose(there.trajectory + 400 * np.log(units).sum(), here.trajectory, rtol=1e-9)
    assert codes(there) == codes(here)


def a_mixture(rng, small):
    """Return three components, one so small a share of the others' size."""
    roots = rng.normal(size=(3, 2, 2))
    covariances = roots @ roots.swapaxes(1, 2) + 0.1 * np.eye(2)
    covariances[2] *= small
    return Mixture(np.array([0.5, 0.3, 0.2]), rng.normal(size=(3, 2)), covariances)


@pytest.mark.parametrize("small", [1.0, 1e-1, 1e-3, 1e-5])
@pytest.mark.parametrize("variances", [[3.0, 2.0], [3.0, 0.0]])
def test_the_compiled_bound_is_its_slow_twin(small, variances):
    x, mixture = (
        np.random.default_rng(1).normal(size=(50, 2)),
        a_mixture(np.random.default_rng(7), small),
    )
    variances, regularisation, code = np.array(variances), 1e-2, FAMILIES["full"].kernel
    engine = Engine(x, np.ones(50), False, 1)
    work, rules = (
        engine.workspace(3),
        Rules(code, 1, 0.0, variances, regularisation, 0.5, 0.0, 50.0),
    )
    work.load(mixture)
    bound(work.memory, rules, 3)
    slow = within(mixture, variances, regularisation)
    assert_allclose(work.memory.within, slow, rtol=1e-12)
    assert_allclose(work.memory.floor, regularisation * slow, rtol=1e-12)
    assert_allclose(work.memory.vanishing, 0.5 * slow, rtol=1e-12)


@pytest.mark.parametrize("regularisation", [1e-6, 1e-3, 1e-1])
def test_no_component_is_below_the_bound(regularisation):
    mixture, variances = a_mixture(np.random.default_rng(7), 1e-3), np.full(2, 1e3)
    scale = within(mixture, variances, regularisation)
    units = np.sqrt(np.multiply.outer(scale, scale))
    least = np.linalg.eigvalsh(mixture.covariances / units).min()
    assert least >= regularisation * (1 - 1e-12)
    lowered = bool((scale < np.minimum(pooled(mixture), variances)).any())
    assert lowered == (least < 1.01 * regularisation)


@pytest.mark.parametrize("name", EVERY)
def test_ten_steps_are_one_then_nine_where_the_bound_holds(name):
    """And the likelihood does not fall where EM goes on, though the spread within rises."""
    x = apart(3.0)
    x[:9] = [8, -8]
    each = np.array([0.05 * np.eye(2)] * 3)
    start = Mixture(np.array([0.02, 0.49, 0.49]), np.array([x[0], [0, 0], x[-1]]), each)
    (ten,) = fit(x, [start], name, [1, 10], regularisation=0.1)
    (nine,) = fit(x, [ten.snapshots[0].mixture], name, [9], regularisation=0.1)
    near = 1e-13 * np.abs(ten.trajectory[1:])
    assert (np.abs(nine.trajectory - ten.trajectory[1:]) <= near).all()
    assert (np.diff(ten.trajectory) >= -rounding(name) * np.abs(ten.trajectory[1:])).all()

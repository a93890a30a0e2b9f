"""What must hold of every family, registered now or later."""

import numpy as np
import pytest
from em_cases import EVERY, families
from numpy.testing import assert_allclose, assert_array_equal

from gmmpipe.mixture.em.fit import n_parameters
from gmmpipe.mixture.families.family import FAMILIES, clip


def scatters(seed, k=3, d=3):
    """Return counts (K,) and scatter matrices (K, D, D) of that many samples."""
    rng = np.random.default_rng(seed)
    counts = rng.uniform(5, 50, k)
    root = rng.normal(size=(k, d, 2 * d)) * rng.uniform(0.2, 3, (k, d, 1))
    return counts, counts[:, None, None] * (root @ root.transpose(0, 2, 1)) / (2 * d)


def expected_log_density(counts, scatter, covariances):
    """Return the M step's objective, up to a constant (McLachlan and Peel 2000, eq. 3.6)."""
    _, log_det = np.linalg.slogdet(covariances)
    traces = np.trace(np.linalg.solve(covariances, scatter), axis1=1, axis2=2)
    return -0.5 * (counts @ log_det + traces.sum())


@pytest.mark.parametrize(("name", "d"), [(name, d) for d in (1, 2, 5) for name in families(d)])
def test_covariances_are_symmetric_and_positive_definite(name, d):
    counts, scatter = scatters(1, d=d)
    covariances = FAMILIES[name].m_step(counts, scatter, np.full(d, 1e-9))
    assert covariances.shape == (3, d, d)
    assert_array_equal(covariances, covariances.transpose(0, 2, 1))
    assert np.linalg.eigvalsh(covariances).min() > 0


@pytest.mark.parametrize("name", EVERY)
def test_a_member_of_the_family_is_a_fixed_point(name):
    family, (counts, scatter) = FAMILIES[name], scatters(2)
    member = family.m_step(counts, scatter, np.zeros(3))
    again = family.m_step(counts, counts[:, None, None] * member, np.zeros(3))
    assert_allclose(again, member, rtol=1e-6, atol=1e-9)
    assert_array_equal(family.project(counts / counts.sum(), member), member)


@pytest.mark.parametrize("name", EVERY)
def test_identity_starts_come_through_untouched(name):
    identity = np.array([np.eye(3)] * 4)
    assert_array_equal(FAMILIES[name].project(np.array([0.1, 0.2, 0.3, 0.4]), identity), identity)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("bound", [0.0, 0.5])
def test_no_member_nearby_has_a_higher_likelihood(name, bound):
    family, (counts, scatter) = FAMILIES[name], scatters(3)
    floor = np.full(3, bound)
    best = family.m_step(counts, scatter, floor)
    highest = expected_log_density(counts, scatter, best)
    exact = family.m_step_from is None or bound == 0  # bounds along common axes turn with them
    slack = (1e-9 if exact else 1e-5) * abs(highest)
    rng = np.random.default_rng(4)
    for size in (1e-3, 1e-2, 0.1, 1.0):
        for _ in range(50):
            noise = rng.normal(size=(3, 3, 3)) * size
            other = family.m_step(counts, scatter + noise @ noise.transpose(0, 2, 1), floor)
            assert expected_log_density(counts, scatter, other) <= highest + slack


@pytest.mark.parametrize("name", EVERY)
def test_the_floor_holds_and_binds_only_where_it_must(name):
    family, (counts, scatter) = FAMILIES[name], scatters(5)
    floor = np.array([0.5, 2.0, 0.1])
    bounded = family.m_step(counts, scatter, floor)
    scale = np.sqrt(np.multiply.outer(floor, floor))
    assert np.linalg.eigvalsh(bounded / scale).min() >= 1 - 1e-9
    free = family.m_step(counts, scatter, np.zeros(3))
    assert_array_equal(family.m_step(counts, scatter, np.full(3, 1e-12)), free)


@pytest.mark.parametrize("name", EVERY)
def test_a_component_without_samples_leaves_the_others_finite(name):
    counts, scatter = scatters(6)
    counts[1], scatter[1] = 0, 0
    assert np.isfinite(FAMILIES[name].m_step(counts, scatter, np.full(3, 1e-3))).all()


@pytest.mark.parametrize(("name", "expected"), [("full", 30), ("tied", 10), ("diag", 12),
                                                ("spherical", 3)])  # fmt: skip
def test_parameters_are_counted(name, expected):
    assert FAMILIES[name].n_parameters(3, 4) == expected
    assert n_parameters(name, 3, 4) == 2 + 12 + expected


def test_clipping_leaves_what_is_above_the_floor_alone():
    _, scatter = scatters(7)
    assert_array_equal(clip(scatter, np.full(3, 1e-6)), scatter)

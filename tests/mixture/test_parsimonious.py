"""The families of mclust: free parameters, known optima, and mclust itself."""

import numpy as np
import pytest
from em_cases import families, fit
from mclust_em import mclust
from scipy.linalg import expm
from sklearn.datasets import load_iris

from gmmpipe.errors import InputError
from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.em.cost import seconds
from gmmpipe.mixture.em.fit import n_parameters
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.mixture.starts.registry import STARTS

FOURTEEN = ["EII", "VII", "EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVE", "VVE"]
FOURTEEN += ["EEV", "VEV", "EVV", "VVV"]
IRIS = load_iris().data


def covariances(name, k, d, t):
    """Return the covariances (K, D, D) that free numbers stand for, flattened; t may be too long.

    Volumes exp(t), shapes exp(t - mean t), rotations by the exponential of a skew matrix.
    """
    t = iter(t)

    def take(letter, n):
        draw = {"I": lambda: np.zeros(n), "E": lambda: np.array([next(t) for _ in range(n)])}
        if letter == "V":
            return [draw["E"]() for _ in range(k)]
        return [draw[letter]()] * k

    volumes, shapes = take(name[0], 1), take(name[1], d)
    turns = take(name[2], d * (d - 1) // 2)
    found = []
    for volume, shape, turn in zip(volumes, shapes, turns, strict=True):
        skew = np.zeros((d, d))
        skew[np.triu_indices(d, 1)] = turn
        axes = expm(skew - skew.T)
        found.append(np.exp(volume) * (axes * np.exp(shape - shape.mean())) @ axes.T)
    return np.concatenate([f.ravel() for f in found])


@pytest.mark.parametrize(("k", "d"), [(1, 2), (2, 2), (3, 3), (2, 4)])
@pytest.mark.parametrize("name", FOURTEEN)
def test_free_parameters_are_the_rank_of_the_parameterisation(name, k, d):
    t = np.random.default_rng(1).normal(size=k * (1 + d + d * (d - 1) // 2))
    step = 1e-6 * np.eye(len(t))
    jacobian = [
        (covariances(name, k, d, t + s) - covariances(name, k, d, t - s)) / 2e-6 for s in step
    ]
    rank = np.linalg.matrix_rank(np.array(jacobian), tol=1e-6)
    assert FAMILIES[name].n_parameters(k, d) == rank
    assert n_parameters(name, k, d) == k - 1 + k * d + rank


@pytest.mark.parametrize("name", ["E", "V"])
def test_one_feature_families_say_so(name):
    x = IRIS[:, :1]
    start = STARTS["ward"]()(x, 2, np.random.default_rng(0))
    (one,) = fit(x, [start], name, [20])
    (other,) = fit(x, [start], {"E": "EEE", "V": "VVV"}[name], [20])
    assert one.trajectory[-1] == pytest.approx(other.trajectory[-1], rel=1e-12)
    wide = STARTS["ward"]()(IRIS, 2, np.random.default_rng(0))
    with pytest.raises(InputError, match=f"family {name} is for one feature; data has 4"):
        fit(IRIS, [wide], name, [1])


def test_one_feature_families_are_refused_by_what_plans_their_fits():
    assert seconds(100, 1, "E", 2, 10) > 0
    with pytest.raises(InputError, match="family E is for one feature; data has 4"):
        seconds(100, 4, "E", 2, 10)


def test_an_iteration_in_python_costs_more_than_a_compiled_one():
    cost = {name: seconds(150, 4, name, 3, 100) for name in ("VVV", "VVI", "EVI", "EVV", "VVE")}
    assert cost["VVE"] > cost["EVV"] > cost["EVI"] > 10 * max(cost["VVV"], cost["VVI"])


@pytest.mark.parametrize("floor", [0.0, 0.3])
@pytest.mark.parametrize("name", FOURTEEN)
def test_the_m_step_follows_the_units_of_its_family(name, floor):
    rng = np.random.default_rng(4)
    root = rng.normal(size=(3, 4, 8)) * rng.uniform(0.5, 2, (3, 4, 1))
    counts, scatter = rng.uniform(20, 50, 3), 5 * root @ root.transpose(0, 2, 1)
    family, bound = FAMILIES[name], np.full(4, floor)

    def agrees(scale):
        square = np.multiply.outer(scale, scale)
        there = family.m_step(counts, scatter * square, bound * scale**2) / square
        here = family.m_step(counts, scatter, bound)
        return np.allclose(there, here, rtol=1e-5, atol=1e-5)

    assert agrees(np.full(4, 1e3))
    assert agrees(np.array([0.1, 1.0, 5.0, 30.0])) == family.scale_invariant


def converged(name, k):
    start = STARTS["ward"]()(IRIS, k, np.random.default_rng(0))
    (found,) = fit(IRIS, [start], name, [2000], tol=1e-11)
    assert found.degenerate == ()
    return found.trajectory[-1]


@pytest.mark.parametrize(
    ("name", "k", "known"), [("VEV", 2, -215.726), ("VVV", 2, -214.355), ("VVV", 3, -180.186)]
)
def test_iris_has_its_published_likelihoods(name, k, known):
    assert converged(name, k) >= known - 1e-3
    assert n_parameters("VEV", 2, 4) == 26


@pytest.mark.parametrize("k", [2, 3])
def test_all_fourteen_are_mclusts_or_likelier(k):
    labels = STARTS["ward"]()(IRIS, k, np.random.default_rng(0))
    z = np.exp(log_responsibilities(IRIS, labels)[1])
    counts = z.sum(axis=0)
    means = z.T @ IRIS / counts[:, None]
    away = IRIS[:, None] - means
    scatter = np.einsum("nk,nki,nkj->kij", z, away, away)
    theirs = mclust(IRIS, z, FOURTEEN, 3000)
    for name, (expected, _) in zip(FOURTEEN, theirs, strict=True):
        first = FAMILIES[name].m_step(counts, scatter, np.zeros(4))
        start = Mixture(counts / len(IRIS), means, first)
        (found,) = fit(IRIS, [start], name, [3000], tol=1e-12)
        assert found.trajectory[-1] >= expected - 0.01, (name, expected)


def test_families_of_the_pipeline_are_listed_under_both_names():
    assert {"E", "V", *FOURTEEN} <= set(FAMILIES)
    aliases = {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII"}
    assert all(FAMILIES[ours] is FAMILIES[theirs] for ours, theirs in aliases.items())
    assert set(families(2)) <= set(FAMILIES) - {"E", "V"}

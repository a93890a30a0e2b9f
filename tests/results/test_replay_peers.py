"""Every engine of a replay against the compiled EM, from the same starts."""

import shutil

import numpy as np
import pytest

from gmmpipe.errors import InputError
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.em.options import FitOptions
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.mixture.starts.registry import STARTS
from gmmpipe.results.replay import mclust
from gmmpipe.results.replay.engine import Case, Stopped
from gmmpipe.results.replay.peers import ENGINES, engine


def data(d, n=120):
    rng = np.random.default_rng(d)
    return rng.normal(size=(n, d)) * np.arange(1, d + 1) + 6 * rng.integers(2, size=(n, 1))


def a_case(x, k, family, *, iterations=8, regularisation=1e-6, reg_covar=0.0):
    start = STARTS["points"]()(x, k, np.random.default_rng(k))
    start = Mixture(
        start.weights, start.means, FAMILIES[family].project(start.weights, start.covariances)
    )
    return Case(x, start, family, regularisation, reg_covar, iterations)


def ours(case):
    (fit,) = em.fit(
        case.x,
        [case.start],
        case.family,
        [case.iterations],
        FitOptions(regularisation=case.regularisation, reg_covar=case.reg_covar),
    )
    return fit


def present(name):
    """Skip where an engine is absent, with its own reason."""
    try:
        ENGINES[name].ready()
    except InputError as error:
        pytest.skip(str(error))


def agree(name, case):
    totals, mixtures = zip(*ENGINES[name].steps(case), strict=True)
    fit = ours(case)
    np.testing.assert_allclose(totals, fit.trajectory, rtol=1e-10, atol=1e-10 * len(case.x))
    for part in ("weights", "means", "covariances"):
        expected = getattr(fit.snapshots[-1].mixture, part)
        np.testing.assert_allclose(getattr(mixtures[-1], part), expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("family", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize(("k", "d"), [(3, 2), (1, 2), (2, 1), (1, 1)])
def test_engines_agree_with_the_compiled_em(name, family, k, d):
    present(name)
    agree(name, a_case(data(d), k, family))


@pytest.mark.parametrize("family", [n for n, f in FAMILIES.items() if f.features is None])
@pytest.mark.parametrize("settings", [{"regularisation": 0.5}, {"reg_covar": 0.1}])
def test_numpy_has_the_floor_and_reg_covar(family, settings):
    free = a_case(data(3), 3, family)
    case = a_case(data(3), 3, family, **settings)
    agree("numpy", case)
    assert abs(ours(case).trajectory[-1] - ours(free).trajectory[-1]) > 1e-3  # it matters here


@pytest.mark.parametrize("family", ["full", "tied", "diag", "spherical"])
def test_scikit_learn_has_reg_covar(family):
    agree("scikit-learn", a_case(data(2), 2, family, reg_covar=0.1))


@pytest.mark.parametrize("name", ENGINES)
def test_no_iterations_is_the_likelihood_of_the_start(name):
    present(name)
    case = a_case(data(2), 2, "full", iterations=0)
    ((total, mixture),) = ENGINES[name].steps(case)
    assert total == pytest.approx(ours(case).trajectory[0], rel=1e-12)
    np.testing.assert_array_equal(mixture.means, case.start.means)


def test_numpy_keeps_a_component_without_samples():
    x = data(2)
    start = a_case(x, 2, "full").start
    means = start.means + np.array([[0, 0], [1e6, 0]])
    far = Mixture(np.array([0.5, 0.5]), means, start.covariances)
    agree("numpy", Case(x, far, "full", 1e-6, 0.0, 4))


@pytest.mark.parametrize("name", ENGINES)
def test_a_collapse_stops_an_engine_with_its_words(name):
    present(name)
    x = np.vstack([np.zeros((20, 2)), data(2) + 50])
    start = Mixture(
        np.array([0.2, 0.8]), np.array([[0.0, 0], [53, 53]]), np.tile(np.eye(2), (2, 1, 1))
    )
    found = []
    with pytest.raises(Stopped, match=r"positive definite|ill-defined|singular"):
        found.extend(ENGINES[name].steps(Case(x, start, "full", 0.0, 0.0, 20)))
    if name != "scikit-learn":  # whose first call is the start and an iteration at once
        assert found


def test_what_an_engine_cannot_do_is_refused():
    with pytest.raises(InputError, match=r"'scikit-lean'.*did you mean 'scikit-learn'"):
        engine("scikit-lean")
    with pytest.raises(InputError, match=r"full, tied, diag, spherical, not 'eve'"):
        ENGINES["scikit-learn"].check("eve", 0.0)
    with pytest.raises(InputError, match="no model for the family 'banded'"):
        ENGINES["mclust"].check("banded", 0.0)
    with pytest.raises(InputError, match=r"fit\.reg_covar=0\.1"):
        ENGINES["mclust"].check("full", 0.1)


def test_models_of_mclust_by_their_own_names():
    assert [mclust.model(f) for f in ("full", "VVV", "eve", "vii")] == ["VVV", "VVV", "EVE", "VII"]


def test_absent_r_is_said_with_the_way_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"needs Rscript.*apt install r-base-core r-cran-mclust"):
        ENGINES["mclust"].ready()
    script = tmp_path / "Rscript"
    script.write_text("#!/bin/sh\nexit 1\n")
    script.chmod(0o755)
    with pytest.raises(InputError, match=r'package mclust.*install\.packages\("mclust"\)'):
        ENGINES["mclust"].ready()
    with pytest.raises(InputError, match="Rscript ended with code 1: no message"):
        list(ENGINES["mclust"].steps(a_case(data(1), 1, "full")))


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="Rscript is not on PATH")
def test_every_bit_reaches_r_and_comes_back():
    present("mclust")
    case = a_case(data(3) / 3, 2, "full", iterations=0)
    ((_, mixture),) = ENGINES["mclust"].steps(case)
    for part in ("weights", "means", "covariances"):
        np.testing.assert_array_equal(getattr(mixture, part), getattr(case.start, part))

"""Sweeps as they are typed: spans, axes that vary together, combinations left out, files of fit."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmmpipe.config import load, spans
from gmmpipe.config.combinations import is_kept
from gmmpipe.errors import InputError
from gmmpipe.workflow.make_plan import make_plan

CONF = Path(__file__).parents[2] / "conf"


def sweep(*overrides):
    return load.load(CONF, ["experiment=smoke", *overrides])["sweep"]


@pytest.mark.parametrize(
    ("override", "values"),
    [
        ("sweep.seed=0..99..10", [*range(0, 100, 10)]),
        ("sweep.k=[1,4..10..3]", [1, 4, 7, 10]),
        ("sweep.k=1..64..x2", [1, 2, 4, 8, 16, 32, 64]),
        ("sweep.k=1..60..x2", [1, 2, 4, 8, 16, 32]),
        ("sweep.k=1..2..3", [1]),
        ("sweep.fit.tol=1e-8..1e-4..x10", [1e-8, 1e-7, 1e-6, 1e-5, 1e-4]),
        ("sweep.fit.tol=[0,0.1..0.3..0.1]", [0, 0.1, 0.2, 0.3]),
        ("sweep.fit.noise=0..0.5..0.25", [0, 0.25, 0.5]),
    ],
)
def test_a_span_has_steps_or_factors(override, values):
    axis = override.partition("=")[0].removeprefix("sweep.")
    assert sweep(override)[axis] == values


@given(st.integers(-50, 50), st.integers(0, 60), st.integers(1, 20))
def test_whole_spans_are_ranges(first, more, step):
    text = f"{first}..{first + more}..{step}"
    assert spans.numbers("x", text) == [*range(first, first + more + 1, step)]


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("sweep.k=3..1", "give sweep.k=1..3"),
        ("sweep.k=1..9..-1", "no rising range"),
        ("sweep.k=1..9..x1", "no rising range"),
        ("sweep.k=0..9..x2", "no rising range"),
        ("sweep.k=1..2..0.5", "expected a whole number or"),
        ("sweep.fit.tol=0.1..1", "give the step, 0.1..1..0.1, or factor, 0.1..1..x10"),
        ("sweep.fit.tol=0..1..1e-9", "too long a range"),
        ("sweep.zip=[dataset,normaliser]", "dataset has 2 values, normaliser has 1 values"),
        ("sweep.zip=[dataset,k]", "for k use sweep.exclude"),
        ("sweep.zip=[dataset,dataset]", "an axis twice"),
        ("sweep.fit.tol=[0,0]", "sweep.fit.tol names a value twice"),
        ("sweep.exclude=[{dataset:gm}]", "did you mean 'gmm'"),
        ("sweep.exclude=[{seed:1}]", "an axis of sweep.exclude is 'seed'"),
        ("sweep.exclude=full", "give values of axes"),
        ("sweep.fit=[fixed,convergd]", "did you mean 'converged'"),
        ("sweep.fit.tol=${oc.env:TOL}", "an environment variable would change results"),
    ],
)
def test_what_is_no_sweep_is_refused(override, words):
    with pytest.raises(InputError) as error:
        sweep(override)
    assert words in str(error.value)


def test_axes_that_vary_together_pair_their_values():
    axes = ["sweep.fit.tol=[0,1e-3]", "sweep.fit.noise=[0,0.1]"]
    config = load.load(CONF, ["experiment=smoke", *axes, "sweep.zip=[fit.tol,fit.noise]"])
    points = [coordinates for coordinates, _ in load.points(config)]
    assert points == [{"fit.tol": 0, "fit.noise": 0}, {"fit.tol": 1e-3, "fit.noise": 0.1}]
    axes[1] = "sweep.fit.noise=[0.1,0.1]"
    config = load.load(CONF, ["experiment=smoke", *axes, "sweep.zip=[fit.tol,fit.noise]"])
    points = [coordinates for coordinates, _ in load.points(config)]
    assert points == [{"fit.tol": 0, "fit.noise": 0.1}, {"fit.tol": 1e-3, "fit.noise": 0.1}]
    axes[1] = "sweep.fit.noise=[0,0.1]"
    both = sweep(*axes, "sweep.zip=[[fit.tol,fit.noise],[dataset,covariance]]")
    assert is_kept(both, {"dataset": "gmm", "covariance": "full"})
    assert not is_kept(both, {"dataset": "gmm", "covariance": "spherical"})


def test_only_what_is_kept_is_planned(project):
    rules = "sweep.exclude=[{covariance:spherical,k:2},{dataset:sample,fit.preset:fixed}]"
    presets = "sweep.fit=[fixed,converged]"
    plan = make_plan(project, ["experiment=smoke", presets, rules, "fit.noise=0.1"])
    assert plan.outer == ["fit.preset"]
    seen = {
        (at["dataset"], at["covariance"], at["fit.preset"], k)
        for block in plan.fit_blocks.values()
        for at in [block.config.coordinates]
        for k in block.config.k
    }
    every = {
        (dataset, family, preset, k)
        for dataset in ("gmm", "sample")
        for family in ("full", "spherical")
        for preset in ("fixed", "converged")
        for k in (1, 2, 3)
    }
    assert seen == {
        (d, f, p, k)
        for d, f, p, k in every
        if (f, k) != ("spherical", 2) and (d, p) != ("sample", "fixed")
    }
    tol = {
        b.config.coordinates["fit.preset"]: b.config.fit["tol"] for b in plan.fit_blocks.values()
    }
    assert tol == {"fixed": 0, "converged": 1e-8}
    assert {block.config.fit["noise"] for block in plan.fit_blocks.values()} == {0.1}
    alone = make_plan(project, ["experiment=smoke", "fit=converged", "fit.noise=0.1"])
    assert set(alone.normalised_data) == set(plan.normalised_data)
    with pytest.raises(InputError, match="leave nothing to fit"):
        make_plan(project, ["experiment=smoke", "sweep.k=1", "sweep.exclude=[{k:1}]"])

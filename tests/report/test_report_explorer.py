"""What the page embeds of the fits is what the tables hold."""

from base64 import b64decode
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from synthetic_tables import build

from gmmpipe.figures import Style
from gmmpipe.mixture.affine import Affine
from gmmpipe.report import explorer

SWEEP = {"covariance": ["full", "spherical"], "k": [1, 2, 3], "seed": [0, 1, 2]}


def drawn(d: int, offset: float = 0.0):
    rng = np.random.default_rng(5)
    x = np.concatenate([rng.normal(size=(30, d)), rng.normal(4, 1, size=(30, d))]) + offset
    tables = build("two", pd.DataFrame(x, columns=[f"x{i}" for i in range(d)]), None, **SWEEP)
    starts = {
        "start_weight": 1 / tables.parameters["k"],
        "start_mean": [np.zeros(d)] * len(tables.parameters),
        "start_covariance": [np.eye(d).ravel()] * len(tables.parameters),
    }
    reasons = tables.fits.assign(reason="component 1: thin")
    return replace(tables, fits=reasons, parameters=tables.parameters.assign(**starts))


def numbers(text: str) -> np.ndarray:
    return np.frombuffer(b64decode(text), "<f4").astype(float)


def mixture(scene, run: int, step: int) -> np.ndarray:
    """Return (weight, mean, covariance) of every component, (K, 6), as the page decodes them."""
    ks, n_steps = scene["runs"]["k"], len(scene["steps"])
    first = sum(ks[:run]) * n_steps + step * ks[run]
    rows = numbers(scene["mixtures"]).reshape(-1, 6)[first : first + ks[run]]
    return rows + np.array([0, *scene["origin"], 0, 0, 0])


@pytest.fixture(scope="module")
def plane():
    return drawn(2)


def test_every_run_at_every_step_is_what_the_tables_hold(plane):
    affine = Affine(np.array([10.0, 20.0]), np.array([2.0, 4.0]))
    scene = explorer.scene(plane, {"minmax": affine}, Style())
    assert scene["steps"] == [0, 1, 5, 20]
    assert scene["left_out"] == ""
    assert len(scene["runs"]["k"]) == 18
    ends = plane.ends()
    for run in range(18):
        start = mixture(scene, run, 0)
        np.testing.assert_allclose(start[:, 1:], [[10, 20, 4, 0, 16]] * len(start), rtol=1e-5)
        row = ends.iloc[run]
        true = plane.mixture(row)
        found = mixture(scene, run, 3)
        np.testing.assert_allclose(found[:, 0], true.weights, atol=1e-6)
        np.testing.assert_allclose(found[:, 1:3], true.means, atol=1e-5)
        np.testing.assert_allclose(found[:, 3], true.covariances[:, 0, 0], rtol=1e-5)
        np.testing.assert_allclose(found[:, 4], true.covariances[:, 0, 1], atol=1e-5)


def test_log_likelihoods_are_exact_at_the_end_and_near_it_elsewhere(plane):
    scene = explorer.scene(plane, {}, Style())
    gaps = numbers(scene["gaps"]).reshape(18, -1)
    assert gaps.shape[1] == len(scene["times"])
    for run, values in enumerate(plane.trajectories["log_likelihood"]):
        assert scene["runs"]["final"][run] == pytest.approx(values[-1], abs=1e-6)
        whole = scene["runs"]["final"][run] + gaps[run]
        np.testing.assert_allclose(whole, np.asarray(values)[scene["times"]], atol=1e-4)


def test_a_far_offset_costs_no_digit():
    scene = explorer.scene(drawn(2, offset=1e8), {}, Style())
    points = numbers(scene["points"]).reshape(-1, 2) + scene["origin"]
    x = drawn(2, offset=1e8).x.to_numpy()
    np.testing.assert_allclose(points - 1e8, x - 1e8, atol=1e-6)


@pytest.mark.parametrize("d", [1, 3])
def test_other_dimensions_are_shown_in_a_plane_or_as_a_histogram(d):
    tables = drawn(d)
    scene = explorer.scene(tables, {}, Style())
    assert scene["dimensions"] == min(d, 2)
    assert scene["exact"] == (d < 3)
    assert len(numbers(scene["points"])) == 60 * min(d, 2)
    assert bool(scene["plane"]) == (d > 2)
    assert np.isfinite(numbers(scene["mixtures"])).all()


def test_what_does_not_fit_is_left_out_and_said(plane):
    small = explorer.scene(plane, {}, Style(), numbers=4 * 6 * 20, most_points=10)
    assert len(numbers(small["points"])) == 20
    runs = small["runs"]
    assert sum(runs["k"]) <= 20
    assert small["left_out"] == (
        f"Embedded here: {len(runs['k'])} of 18 fits (of each model the best seed and some"
        " others), 10 of 60 samples (evenly spaced rows)."
    )
    chosen, best = small["selected"], plane.selected()
    assert (runs["k"][chosen], runs["seed"][chosen]) == (best["k"], best["seed"])
    families = [runs["covariance"]["levels"][code] for code in runs["covariance"]["codes"]]
    assert {(f, k) for f, k in zip(families, runs["k"], strict=True)} >= {
        (f, k) for f in SWEEP["covariance"] for k in (1, 2)
    }
    least = explorer.scene(plane, {}, Style(), numbers=1)
    assert len(least["runs"]["k"]) == 1


def test_a_degenerate_run_brings_its_reason(plane):
    bad = plane.fits["seed"] == 1
    scene = explorer.scene(replace(plane, fits=plane.fits.assign(degenerate=bad)), {}, Style())
    reasons = scene["runs"]["degenerate"]
    assert [scene["runs"]["seed"][int(run)] for run in reasons] == [1] * 6
    assert set(reasons.values()) == {"component 1: thin"}

"""Ellipses have the size they claim."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from gmmpipe.figures import Style
from gmmpipe.figures.parts.ellipses import axes_of, draw_ellipses, enclosed, sigmas_sentence
from gmmpipe.mixture.mixture import Mixture

COVARIANCE = np.array([[4.0, 1.5], [1.5, 1.0]])


def patches(style):
    figure = Figure()
    axes = figure.add_subplot()
    mixture = Mixture(np.ones(1), np.array([[3.0, -2.0]]), COVARIANCE[None])
    draw_ellipses(axes, mixture, style)
    axes.set(xlim=(-10, 16), ylim=(-9, 5))
    return axes, [patch for patch in axes.patches if isinstance(patch, Ellipse)]


@given(st.floats(0.1, 5), st.floats(0.1, 5), st.floats(-0.95, 0.95), st.floats(0.5, 3))
@settings(max_examples=50)
def test_area_and_outline(deviation_x, deviation_y, correlation, radius):
    off = correlation * deviation_x * deviation_y
    covariance = np.array([[deviation_x**2, off], [off, deviation_y**2]])
    width, height, angle = axes_of(covariance, radius)
    expected = np.pi * radius**2 * np.sqrt(np.linalg.det(covariance))
    assert np.pi / 4 * width * height == pytest.approx(expected, rel=1e-9)
    turn = np.deg2rad(np.linspace(0, 360, 9)[:-1])
    local = np.array([width / 2 * np.cos(turn), height / 2 * np.sin(turn)])
    c, s = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    outline = np.array([[c, -s], [s, c]]) @ local
    distance = np.sqrt((outline * np.linalg.solve(covariance, outline)).sum(axis=0))
    np.testing.assert_allclose(distance, radius, rtol=1e-7)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_drawn_ellipse_holds_the_share_it_states(index):
    radii = (1.0, 2.0, 2.5)
    axes, drawn = patches(Style(sigmas=radii))
    rng = np.random.default_rng(0)
    x = rng.multivariate_normal([3.0, -2.0], COVARIANCE, size=40_000)
    outline = drawn[index].get_transform().transform_path(drawn[index].get_path())
    inside = outline.contains_points(axes.transData.transform(x)).mean()
    expected = enclosed(radii[index])
    assert inside == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / 40_000))


def test_one_and_two_sigma_enclose_39_and_86_percent():
    assert enclosed(1) == pytest.approx(0.3935, abs=5e-5)
    assert enclosed(2) == pytest.approx(0.8647, abs=5e-5)
    sentence = sigmas_sentence(Style())
    assert "1 and 2 standard deviations (solid and dashed), which enclose 39 % and 86 %" in sentence


def test_weightless_component_is_not_drawn():
    figure = Figure()
    axes = figure.add_subplot()
    mixture = Mixture(np.array([1.0, 0.0]), np.zeros((2, 2)), np.stack([COVARIANCE, COVARIANCE]))
    draw_ellipses(axes, mixture, Style())
    assert len(axes.patches) == 2


def test_flat_covariance_is_a_line():
    width, height, _ = axes_of(np.array([[1.0, 1.0], [1.0, 1.0]]), 1.0)
    assert width == pytest.approx(2 * np.sqrt(2))
    assert height == pytest.approx(0, abs=1e-7)

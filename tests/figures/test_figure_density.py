"""Contours hold what they say, and the map's lines are where responsibilities are equal."""

import numpy as np
import pytest
from figure_cases import case
from matplotlib.colors import to_rgb
from scipy.stats import multivariate_normal

from gmmpipe.figures import FIGURES, Style
from gmmpipe.figures.kinds.density import MASSES


def joint(mixture, x):
    parts = zip(mixture.weights, mixture.means, mixture.covariances, strict=True)
    return np.array([w * multivariate_normal(m, c).pdf(x) for w, m, c in parts]).T


def drawn(name):
    tables = case(name)
    return FIGURES["density"].draw(tables, Style()), tables.mixture(tables.selected())


def test_contours_enclose_the_shares_they_state():
    figure, mixture = drawn("default")
    rng = np.random.default_rng(5)
    parts = zip(mixture.weights, mixture.means, mixture.covariances, strict=True)
    x = np.concatenate([rng.multivariate_normal(m, c, round(w * 50_000)) for w, m, c in parts])
    filled = next(c for c in figure.axes[0].collections if hasattr(c, "levels"))
    density = np.log(joint(mixture, x).sum(axis=1))
    for level, mass in zip(filled.levels, MASSES, strict=False):
        assert (density > level).mean() == pytest.approx(mass, abs=0.01)


def test_the_line_is_where_two_components_are_equally_probable():
    figure, mixture = drawn("default")
    lines = [c for c in figure.axes[1].collections if hasattr(c, "levels")]
    assert lines
    for line in lines:
        vertices = np.concatenate([path.vertices for path in line.get_paths()])
        vertices = vertices[np.isfinite(vertices).all(axis=1)]
        top = np.sort(joint(mixture, vertices), axis=1)[:, -2:]
        share = top[:, 0] / top.sum(axis=1)
        assert np.median(np.abs(share - 0.5)) < 0.02


def test_the_colours_are_those_of_the_components():
    figure, mixture = drawn("default")
    picture = figure.axes[1].images[0]
    left, right, low, high = picture.get_extent()
    rows, columns, _ = picture.get_array().shape
    for index, mean in enumerate(mixture.means):
        i = int((mean[1] - low) / (high - low) * (rows - 1))
        j = int((mean[0] - left) / (right - left) * (columns - 1))
        assert joint(mixture, mean[None]).argmax() == index
        seen = np.asarray(picture.get_array())[i, j]
        assert np.argmin(seen) == np.argmin(to_rgb(Style().component(index).colour))


def test_one_feature_has_its_probabilities_below():
    figure, _ = drawn("one_feature")
    lower = figure.axes[1]
    assert len(lower.collections) == case("one_feature").selected()["k"]
    assert lower.get_ylim() == (0, 1)

"""The animation goes from the start to the end of the selected run, the same way every time."""

import io
from itertools import pairwise

import numpy as np
import pytest
from figure_cases import case
from matplotlib.patches import Ellipse
from PIL import Image

from gmmpipe.figures import FIGURES, Style, render_movie
from gmmpipe.figures.animation import _pictures
from gmmpipe.figures.ellipses import axes_of

STYLE = Style(frames=12)


def movie(style=STYLE, name="default"):
    return FIGURES["animation"].animate(case(name), style)


def test_the_gif_is_the_same_twice_and_goes_on_for_ever():
    content = render_movie(movie(), 60)
    assert content == render_movie(movie(), 60)
    image = Image.open(io.BytesIO(content))
    assert (image.format, image.n_frames, image.info["loop"]) == ("GIF", 12, 0)
    assert image.size == (int(85 / 25.4 * 60), pytest.approx(118 / 25.4 * 60, abs=20))
    pictures = []
    for index in range(image.n_frames):
        image.seek(index)
        pictures.append(np.asarray(image.convert("RGB"), int))
    assert all((a != b).any() for a, b in pairwise(pictures))
    assert {tuple(picture[0, 0]) for picture in pictures} == {(255, 255, 255)}
    red = np.array([0xCC, 0x33, 0x11])  # of component 1
    assert all(np.abs(picture - red).max(axis=2).min() < 8 for picture in pictures)


def test_rendering_twice_leaves_nothing_behind():
    once = movie()
    assert render_movie(once, 60) == render_movie(once, 60)


@pytest.mark.parametrize("most", [2, 3, 6, 12, 31, 40])
def test_counts_go_from_the_start_to_the_end(most):
    tables = case("default")
    total = len(tables.trajectory(tables.selected())) - 1
    counts, mixtures = _pictures(tables, most)
    assert (counts[0], counts[-1]) == (0, total)
    assert len(counts) == len(mixtures) == min(most, total + 1)
    assert (np.diff(counts) > 0).all()


def test_the_last_picture_is_the_selected_mixture():
    tables = case("default")
    mixture = tables.mixture(tables.selected())
    last = [a for a in movie().pictures[-1] if isinstance(a, Ellipse)]
    expected = [axes_of(c, r) for c in mixture.covariances for r in (1.0, 2.0)]
    drawn = [(e.width, e.height, e.angle) for e in last]
    np.testing.assert_allclose(sorted(drawn), sorted(expected), rtol=1e-9)


@pytest.mark.parametrize("name", ["one_feature", "many_features", "large", "one_of_each"])
def test_every_kind_of_data_moves(name):
    made = movie(Style(frames=3, width="page"), name)
    image = Image.open(io.BytesIO(render_movie(made, 50)))
    assert 2 <= image.n_frames <= 3
    assert len(made.milliseconds) == len(made.pictures)


def test_only_what_moves_becomes_a_gif():
    moving = {name for name, kind in FIGURES.items() if kind.moves}
    assert moving == {"animation"}
    tables = case("one_of_each")
    for name, formats in (("clusters", ["png"]), ("animation", ["png", "gif"])):
        files = FIGURES[name].files(tables, STYLE, ["png", "gif"], 50)
        assert [suffix for suffix, _ in files] == formats

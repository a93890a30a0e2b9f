"""The animation goes from the start to the end of the selected run, the same way every time."""

import io
from itertools import pairwise

import numpy as np
import pytest
from figure_cases import case
from matplotlib.patches import Ellipse
from matplotlib.path import Path
from PIL import Image

from gmmpipe.figures import FIGURES, Style, render_movie
from gmmpipe.figures.kinds.animation import _pictures
from gmmpipe.figures.parts.ellipses import axes_of
from gmmpipe.figures.parts.snapshots import SEEN, cumulative_moves, distinct_snapshots, path_lengths
from gmmpipe.mixture.mixture import Mixture

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
    assert len(counts) == len(mixtures) <= min(most, total + 1)
    assert (np.diff(counts) > 0).all()


def test_pictures_lie_evenly_on_the_way_and_none_repeats_another():
    tables = case("default")
    way = path_lengths(tables, _pictures(tables, 6)[1])
    gaps = np.diff(way)
    assert gaps.min() >= SEEN
    inner = gaps[1:]  # the first iteration may leap from a start far larger than the samples
    assert inner.max() < 4 * inner.min()


def test_what_stands_still_is_shown_once():
    assert distinct_snapshots(np.array([0.0, 1.0, 1.01, 1.02, 2.0, 2.001]), 6) == [0, 1, 5]
    assert distinct_snapshots(np.array([0.0, 0.0]), 6) == [0, 1]
    assert distinct_snapshots(np.linspace(0, 10, 101), 6)[0::5] == [0, 100]
    assert len(distinct_snapshots(np.linspace(0, 10, 101), 6)) == 6


def test_a_way_does_not_depend_on_units():
    tables, (_, mixtures) = case("default"), _pictures(case("default"), 4)
    x, unit = tables.x.to_numpy(), np.array([1e3, 1e-6])
    scaled = [
        Mixture(m.weights, m.means * unit, m.covariances * np.outer(unit, unit)) for m in mixtures
    ]
    np.testing.assert_allclose(cumulative_moves(scaled, x * unit), cumulative_moves(mixtures, x))


@pytest.mark.parametrize("width", ["column", "page"])
def test_the_start_is_inside_the_frame(width):
    style = Style(width=width, frames=6)
    figure, made = FIGURES["animation"].draw(case("default"), style), movie(style)
    start = figure.axes[0]
    assert start.get_title() == "start (zoomed out)"
    for axes, ellipses in (
        (start, start.patches),
        (made.scene, [a for a in made.pictures[0] if isinstance(a, Ellipse)]),
    ):
        limits = (axes.get_xlim(), axes.get_ylim()) if axes is start else made.views[0]
        (left, right), (bottom, top) = limits
        assert len(ellipses) > 0
        for ellipse in ellipses:
            points = ellipse.get_patch_transform().transform(Path.unit_circle().vertices)
            assert (points >= [left, bottom]).all()
            assert (points <= [right, top]).all()
    beside = figure.axes[-1]
    dots = next(line for line in beside.lines if line.get_marker() == "o")
    assert dots.get_ydata()[0] >= beside.get_ylim()[0]
    tables = case("default")
    values = tables.trajectory(tables.selected())
    named = f"start: {values[0]:.1f} nats".replace("-", "\N{MINUS SIGN}")
    assert named in [text.get_text() for text in beside.texts] or values[0] >= beside.get_ylim()[0]


def test_ticks_do_not_crowd_where_the_start_is_zoomed_out_for():
    made = movie()
    every = made.scene.yaxis.get_majorticklocs().tolist()
    shown = [made.scene.yaxis.get_majorticklocs().tolist() for _ in made.views_set()]
    assert 2 <= len(shown[0]) < len(every)
    assert shown[-1] == every


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

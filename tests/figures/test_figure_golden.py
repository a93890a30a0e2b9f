"""Every figure looks as it did, to within what a moved ellipse would change.

``make golden`` writes the pictures anew: look at each one in ``git diff`` before it is committed.
"""

import io
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from figure_cases import case
from matplotlib.testing.compare import compare_images
from PIL import Image

from gmmpipe.figures import FIGURES, Style, render, render_movie

FOLDER = Path(__file__).parent / "golden"
DPI = 60
TOLERANCE = 2.0  # root mean square of the difference, of 255
RENEW = "GMMPIPE_RENEW_GOLDEN" in os.environ
STYLE = Style(frames=6)
PICTURES = [(name, "default") for name in FIGURES]
PICTURES += [("clusters", "one_feature"), ("density", "one_feature"), ("clusters", "many_features")]
PICTURES += [("clusters", "noisy"), ("selection", "unsound_family"), ("clusters", "large")]


def picture(figure, tables) -> bytes:
    return render(FIGURES[figure].draw(tables, STYLE), "png", DPI)


def difference(name, content, folder) -> str | None:
    """Return how a picture differs from the golden one, None where it does not."""
    if RENEW:
        (FOLDER / f"{name}.png").write_bytes(content)
    (folder / f"{name}.png").write_bytes(content)
    return compare_images(str(FOLDER / f"{name}.png"), str(folder / f"{name}.png"), TOLERANCE)


@pytest.mark.parametrize(("figure", "name"), PICTURES)
def test_looks_as_before(figure, name, tmp_path):
    assert difference(f"{figure}-{name}", picture(figure, case(name)), tmp_path) is None


@pytest.mark.parametrize("place", [0, -1])
def test_the_animation_looks_as_before(place, tmp_path):
    content = render_movie(FIGURES["animation"].animate(case("default"), STYLE), DPI)
    movie = Image.open(io.BytesIO(content))
    movie.seek(place % movie.n_frames)
    frame = io.BytesIO()
    movie.convert("RGB").save(frame, "png")
    assert difference(f"animation-frame{place}", frame.getvalue(), tmp_path) is None


@pytest.mark.parametrize("figure", ["clusters", "iterations", "animation", "density"])
def test_a_moved_ellipse_is_noticed(figure, tmp_path):
    tables = case("default")
    shift = 0.25 * tables.x.std().to_numpy()  # a quarter of the spread of the data

    def moved(parameters):
        mine = parameters["component"] == 1
        means = [m + shift * one for m, one in zip(parameters["mean"], mine, strict=True)]
        return parameters.assign(mean=means)

    def replayed(row, counts):
        return [replace(m, means=m.means + np.outer(np.arange(m.n_components) == 0, shift))
                for m in tables.replay(row, counts)]  # fmt: skip

    other = replace(tables, parameters=moved(tables.parameters), replay=replayed)
    if RENEW:
        return
    assert difference(f"{figure}-default", picture(figure, other), tmp_path) is not None


def test_no_golden_picture_is_left_over():
    expected = {f"{figure}-{name}.png" for figure, name in PICTURES}
    expected |= {"animation-frame0.png", "animation-frame-1.png"}
    assert {path.name for path in FOLDER.glob("*.png")} == expected

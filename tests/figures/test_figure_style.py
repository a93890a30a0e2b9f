"""Components can be told apart, by anyone."""

from itertools import combinations

import numpy as np
import pytest

from gmmpipe.figures import Style
from gmmpipe.figures.style import COMPONENT_COLOURS, SERIES_COLOURS

# Machado, Oliveira & Fernandes (2009), full severity, on linear RGB
VISION = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colours, vision):
    """Return CIE L*a*b* of ``colours`` as seen."""
    rgb = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = np.clip(linear @ np.array(vision).T, 0, 1) @ XYZ.T / XYZ.sum(axis=1)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])]).T


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize(
    "colours", [COMPONENT_COLOURS, SERIES_COLOURS], ids=["component", "series"]
)
def test_colours_differ_for_every_vision(colours, vision):
    seen = lab(colours, VISION[vision])
    # a difference of 2.3 is just noticeable
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 10
    assert np.linalg.norm(seen[0] - seen[1]) > 60


def test_seventy_components_look_different():
    looks = [Style().component(index) for index in range(70)]
    assert len({(look.colour, look.marker) for look in looks}) == 70


def test_no_series_shares_a_colour_with_a_component():
    assert not set(COMPONENT_COLOURS) & set(SERIES_COLOURS)

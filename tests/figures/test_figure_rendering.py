"""Files are the same every time, and their text stays text."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from figure_cases import case
from PIL import Image

from gmmpipe.errors import InputError
from gmmpipe.figures import FIGURES, Style, render


@pytest.fixture(scope="module")
def figure():
    return FIGURES["clusters"].draw(case("default"), Style())


def test_png_has_the_width_and_says_nothing_else(figure):
    image = Image.open(io.BytesIO(render(figure, "png", 150)))
    assert image.width == int(85 / 25.4 * 150)
    assert set(image.info) == {"dpi"}


@pytest.mark.parametrize(("width", "millimetres"), [("column", 85), ("page", 180)])
def test_size_in_print(width, millimetres):
    figure = FIGURES["clusters"].draw(case("default"), Style(width=width))
    svg = render(figure, "svg").decode()
    points = float(re.search(r'<svg[^>]* width="([0-9.]+)pt"', svg).group(1))
    assert points == pytest.approx(millimetres / 25.4 * 72, abs=0.01)


def test_svg_text_stays_text_without_a_date(figure):
    svg = render(figure, "svg").decode()
    assert ">waiting<" not in svg
    assert ">feature_1</text>" in svg
    assert "<dc:date>" not in svg


def test_pdf_embeds_truetype_without_a_date(figure):
    pdf = render(figure, "pdf")
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf
    assert b"CreationDate" not in pdf


def test_names_are_never_mathtext():
    figure = FIGURES["clusters"].draw(case("awkward"), Style())
    svg = render(figure, "svg").decode()
    assert "data set $with$" in svg
    assert "&lt;b&gt;" in svg or "frac" in svg


def test_unknown_format_is_refused(figure):
    with pytest.raises(InputError, match=r"figure format is 'pgn'.*did you mean 'png'"):
        render(figure, "pgn")


def test_other_processes_write_the_same_bytes():
    code = (
        "import sys, hashlib; sys.path[:0] = sys.argv[1:]\n"
        "from figure_cases import case\n"
        "from gmmpipe.figures import FIGURES, Style, render\n"
        "figure = FIGURES['clusters'].draw(case('one_of_each'), Style())\n"
        "print([hashlib.sha256(render(figure, f)).hexdigest() for f in ('png', 'svg', 'pdf')])"
    )
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "support")]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code, *folders],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1

"""Files are the same every time, and their text stays text."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import matplotlib.style
import pytest
from figure_cases import case
from matplotlib.backends import _backend_pdf_ps
from matplotlib.figure import Figure
from PIL import Image

from gmmpipe.errors import InputError
from gmmpipe.figures import FIGURES, Style, pdf_fonts, render


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


def test_each_file_takes_one_drawing(monkeypatch):
    drawings, draw = [], Figure.draw
    monkeypatch.setattr(Figure, "draw", lambda *given: drawings.append(1) or draw(*given))
    formats = ["png", "svg", "pdf"]
    files = FIGURES["clusters"].files(case("default"), Style(), formats)
    assert [suffix for suffix, _ in files] == formats
    assert len(drawings) == len(formats)


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


def test_a_font_is_cut_once_for_figures_of_usual_characters(monkeypatch):
    cuts, cut = [], _backend_pdf_ps.get_glyphs_subset
    monkeypatch.setattr(
        _backend_pdf_ps, "get_glyphs_subset", lambda *given: cuts.append(given) or cut(*given)
    )
    pdf_fonts._subset.cache_clear()

    def written(text):
        with matplotlib.style.context("default"):
            figure = Figure()
            figure.text(0.5, 0.5, text)
            return render(figure, "pdf")

    first = written("one")
    assert written("two") != first
    assert written("one") == first
    assert len(cuts) == 1
    assert written("on\N{GREEK SMALL LETTER EPSILON}") != first  # which has to be there, too
    assert len(cuts) == 2
    assert written("one") == first


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

"""Tables for print: numbers rounded as stated, names escaped."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmmpipe.errors import InputError
from gmmpipe.results import printing

NASTY = "a_b & 50% of $x^2$ #1 {~} \\ <b>|`i`* [z] \"q\" -- ?` !` ''"
FRAME = pd.DataFrame(
    {
        NASTY: ["x", NASTY],
        "bic": [-2322.1921, np.nan],
        "k": [1, 12],
        "p": [1.23e-7, 0.5],
        "ok": [True, False],
        "mean": [np.array([1.5, -2.0]), np.arange(12.0)],
    }
)


@pytest.mark.parametrize(
    ("values", "digits", "texts"),
    [
        ([1.0, 12.0, np.nan], 3, ["1", "12", ""]),  # whole numbers stay whole
        ([1.5, 12.0], 3, ["1.500", "12.000"]),
        ([-0.0001, 0.5, 0.0], 3, ["-1e-04", "0.500", "0.000"]),
        ([1.23456e-7, 1.0], 3, ["1.23e-07", "1.000"]),
        ([2.5e12, 0.25], 2, ["2.5e+12", "0.25"]),
        ([-np.inf, np.inf, 0.5], 1, ["-inf", "inf", "0.5"]),
        ([0.25, 2**31], 0, ["2e-01", "2e+09"]),
        (["b", None, pd.NA], 3, ["b", "", ""]),
        (["map", 1e-6], 3, ["map", "1e-06"]),
        ([True, np.False_], 3, ["yes", "no"]),
        ([[1.5, 2.0]], 1, ["(1.5, 2.0)"]),
        ([list(range(12))], 1, ["(0.0, 1.0, 2.0, ..., 11.0)"]),
        (["two\nlines\x00"], 3, ["two lines"]),
    ],
)
def test_cells(values, digits, texts):
    frame = pd.DataFrame({"x": pd.Series(values, dtype=object)})
    assert [row[0].text for row in printing.cells(frame, digits).rows] == texts


@given(st.floats(-1e12, 1e12), st.integers(0, 15))
def test_a_number_is_as_near_as_its_digits_say(value, digits):
    text = printing.number_text(value, digits)
    off = abs(float(text) - value)
    if "e" in text:
        assert off <= 0.51 * abs(value) * 10.0 ** -max(digits - 1, 0)
    else:
        assert off <= 0.51 * 10.0**-digits + 1e-15 * abs(value)
    assert float(text) != 0 or value == 0


UNESCAPED = {code: character for character, code in printing.LATEX.items()}
TOKEN = re.compile("|".join(map(re.escape, sorted(UNESCAPED, key=len, reverse=True))))


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"))))
def test_latex_is_what_it_says(text):
    code = printing.latex(text)
    assert not re.search(r"--|``|''|[?!]`", code)  # no ligatures
    plain, rest = "", code
    while rest:
        if rest.startswith("{}"):  # it parts ligatures
            rest = rest[2:]
            continue
        token = TOKEN.match(rest)
        assert token or rest[0] not in r"\{}&%$#_~^<>|[]*"
        plain += UNESCAPED[token[0]] if token else rest[0]
        rest = rest[len(token[0]) if token else 1 :]
    assert plain == text


def cells_of(markdown: str) -> list[list[str]]:
    """Return what a reader of Markdown sees in a table."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        if token.type == "inline":
            assert {child.type for child in token.children} <= {"text", "text_special"}
            rows[-1].append("".join(child.content for child in token.children))
    return rows


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"))), min_size=1))
def test_markdown_shows_the_text(texts):
    frame = pd.DataFrame({"_*x*_ | y": ["|", *texts]})
    shown = cells_of(printing.typeset(frame, "markdown"))
    assert shown == [["_*x*_ | y"], ["|"], *([text] for text in texts)]


def test_latex_table():
    assert printing.typeset(FRAME[["bic", "p", "mean"]], "latex") == (
        "% \\usepackage{booktabs}\n"
        "\\begin{tabular}{rrr}\n\\toprule\nbic & p & mean \\\\\n\\midrule\n"
        "$-2322.192$ & $1.23 \\times 10^{-7}$ & (1.500, $-2.000$) \\\\\n"
        " & 0.500 & (0.000, 1.000, 2.000, ..., 11.000) \\\\\n"
        "\\bottomrule\n\\end{tabular}\n"
    )


def test_text_lines_up():
    lines = printing.typeset(FRAME[["k", "ok"]], "text").splitlines()
    assert lines == ["  k  ok", "---  ---", "  1  yes", " 12  no"]


def test_chinese_lines_up():
    frame = pd.DataFrame({"\u7279\u5f81": ["\u7b49\u5f85", "e\u0301a", "x"], "k": [1, 2, 3]})
    lines = printing.typeset(frame, "text").splitlines()
    assert lines[1] == "----  ---"
    assert lines[2] == "\u7b49\u5f85    1"  # two columns a character
    assert lines[3] == "e\u0301a      2"
    assert printing.typeset(frame[:1], "markdown").splitlines()[1] == "| ---- | --: |"


def test_html_is_escaped():
    page = printing.typeset(FRAME, "html")
    assert "<b>" not in page
    assert page.count("&lt;b&gt;") == 2


def test_csv_is_exact():
    numbers = pd.DataFrame({"x": [0.1 + 0.2, 1e-300], NASTY: ["a", NASTY]})
    back = pd.read_csv(io.StringIO(printing.typeset(numbers, "csv")))
    pd.testing.assert_frame_equal(back, numbers, rtol=1e-15)
    assert repr(0.1 + 0.2) in printing.typeset(numbers, "csv")


@pytest.mark.parametrize("form", list(printing.FORMS))
@pytest.mark.parametrize("frame", [FRAME[:0], FRAME[:1], pd.DataFrame({"x": []})])
def test_every_form_takes_every_table(form, frame):
    assert printing.typeset(frame, form).endswith("\n")


def test_refusals():
    with pytest.raises(InputError, match=r"format is 'latx'; .*did you mean 'latex'"):
        printing.typeset(FRAME, "latx")
    with pytest.raises(InputError, match="digits is 16"):
        printing.typeset(FRAME, "text", 16)

"""Names and numbers as they stand in figures."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmmpipe.results.words.language import listing, sentences
from gmmpipe.results.words.wording import breadth, elide, number, power_of_ten, share


@given(st.text(), st.integers(2, 40))
@settings(max_examples=50)
def test_elided_names_fit_one_line(name, length):
    text = elide(name, length)
    assert len(text) <= breadth(text) <= length
    assert text.isprintable()


def test_elided_names_say_so():
    assert elide("abcdefgh", 5) == "abcd…"
    assert elide(" two\n\tlines ") == "two lines"
    assert elide("鸢尾花的花萼", 6) == "鸢尾…"


@pytest.mark.parametrize(
    ("value", "text"), [(-1.25, "-1.2"), (2314.34, "2314.3"), (-123456789.0, "-1.234568e+08")]
)
def test_numbers(value, text):
    assert number(value) == text.replace("-", "\N{MINUS SIGN}")


def test_listing():
    assert listing("en", []) == ""
    assert listing("en", ["1"]) == "1"
    assert listing("en", ["1", "2", "3"]) == "1, 2 and 3"
    assert listing("zh", ["1", "2", "3"]) == "1、2 和 3"
    assert listing("zh", ["实线", "虚线"]) == "实线和虚线"


def test_sentences():
    assert sentences("en", ["One.", "", "Two."]) == "One. Two."
    assert sentences("zh", ["一。", "", "二。"]) == "一。二。"


@pytest.mark.parametrize(
    ("fraction", "text"), [(0.3935, "39 %"), (0.8647, "86 %"), (0.9999, "99 %")]
)
def test_share_keeps_100_percent_for_all(fraction, text):
    assert share(fraction) == text


def test_powers_of_ten_need_no_mathtext():
    assert [power_of_ten(v) for v in (1e-8, 1.0, 1e12)] == ["10⁻⁸", "10⁰", "10¹²"]

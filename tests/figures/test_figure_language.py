"""Every word of the figures has a translation, and Chinese figures are Chinese."""

import ast
import re
import string
from pathlib import Path

import matplotlib as mpl
import pytest
from figure_cases import case
from test_figure_registry import ABSENT, APPLICABLE, check_readable, texts

import gmmpipe.figures
from gmmpipe.errors import InputError
from gmmpipe.figures import FIGURES, FORMATS, Style, render
from gmmpipe.results.words import language
from gmmpipe.results.words.chinese import CHINESE

SOURCES = sorted(Path(gmmpipe.figures.__file__).parent.rglob("*.py"))
CHARACTER = re.compile(r"[\u4e00-\u9fff]")
# names of the data and of the method, abbreviations
NAMES = re.compile(r"full|tied|spherical|default|feature|group|uniform|points|BIC|ICL|ARI|EM|GMM")
needs_font = pytest.mark.skipif(
    language.chinese_font() is None,
    reason="no font with Chinese characters (Debian: fonts-noto-cjk)",
)


def spoken() -> set[str]:
    """Return every text that the code says: all literals given to ``say``, titles, categories."""
    found: set[str] = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                words = {"say": node.args, "FigureKind": node.args[1:3]}.get(name, [])
                found |= {word.value for word in words if isinstance(word, ast.Constant)}
    return found


def fields(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def test_everything_said_has_a_translation_and_no_other_has():
    assert spoken() == set(CHINESE)


@pytest.mark.parametrize("text", CHINESE)
def test_a_translation_is_filled_alike(text):
    assert fields(CHINESE[text]) == fields(text)


def test_every_word_but_formulas_is_chinese():
    assert [t for t in CHINESE.values() if not CHARACTER.search(t)] == [
        CHINESE[t] for t in ("{value} nats",)
    ]


READERS = [(*pair, "column") for pair in APPLICABLE if pair[0] in ("default", "many_features")]
READERS += [(*pair, "page") for pair in APPLICABLE if pair[0] == "default"]


@needs_font
@pytest.mark.parametrize(("name", "figure", "width"), READERS)
def test_is_readable_in_chinese(name, figure, width):
    style = Style(width=width, language="zh")
    canvas = FIGURES[figure].draw(case(name), style)
    check_readable(canvas)
    if name == "default":
        rest = [NAMES.sub("", text) for text, _ in texts(canvas)]
        assert [text for text in rest if re.search("[A-Za-z]{2}", text.replace("nat", ""))] == []
        assert any(CHARACTER.search(text) for text in rest)
    caption = FIGURES[figure].caption(case(name), style)
    assert caption.endswith("。")
    assert "  " not in caption


@needs_font
@pytest.mark.parametrize("suffix", ["svg", "pdf"])
def test_chinese_text_stays_text(suffix):
    figure = FIGURES["clusters"].draw(case("default"), Style(language="zh"))
    content = render(figure, suffix)
    if suffix == "svg":
        assert "分量" in content.decode()
    else:
        assert b"/Type3" not in content
        assert content.count(b"/ToUnicode") >= 2


@needs_font
def test_same_bytes_in_chinese():
    tables, style = case("one_of_each"), Style(language="zh")
    once, again = (dict(FIGURES["clusters"].files(tables, style, FORMATS)) for _ in range(2))
    assert once == again
    assert list(once) == ["png", "svg", "pdf"]


def test_without_a_font_the_package_is_named(monkeypatch):
    monkeypatch.setattr(language, "chinese_font", lambda: None)
    with pytest.raises(InputError, match=r"zh.*fonts-noto-cjk"):
        language.require_font("zh")
    with pytest.raises(InputError, match="fonts-noto-cjk"):
        FIGURES["clusters"].draw(case("default"), Style(language="zh"))
    language.require_font("en")


@needs_font
def test_a_font_that_matplotlib_does_not_know_yet_is_found(monkeypatch):
    manager = mpl.font_manager.fontManager
    known = [font for font in manager.ttflist if font.name not in language.CHINESE_FONTS]
    monkeypatch.setattr(manager, "ttflist", known)
    assert language.chinese_font() in language.CHINESE_FONTS


def test_titles_have_both_languages():
    for kind in FIGURES.values():
        assert CHARACTER.search(CHINESE[kind.title])
        assert CHARACTER.search(CHINESE[kind.category])
    assert set(ABSENT) <= {name for name, _ in APPLICABLE} | {"all_unsound"}

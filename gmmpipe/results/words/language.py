"""The words of the figures, in the language that is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from gmmpipe.errors import InputError
from gmmpipe.results.words.chinese import CHINESE

Language = Literal["en", "zh"]
# the first that is installed; a file's name tells it where matplotlib's own list is too old
CHINESE_FONTS = {
    "Noto Sans CJK SC": "NotoSansCJK",
    "Noto Sans SC": "NotoSansSC",
    "Source Han Sans SC": "SourceHanSans",
    "WenQuanYi Zen Hei": "wqy-zenhei",
    "WenQuanYi Micro Hei": "wqy-microhei",
    "Droid Sans Fallback": "DroidSansFallback",
}


def say(language: Language, text: str, **values: Any) -> str:
    """Return the English ``text`` in ``language``, its {fields} filled from ``values``.

    Raises KeyError for words that have no translation in ``chinese.CHINESE``.
    """
    if language == "zh":
        text = CHINESE[text]
    return text.format(**values) if values else text


def sentences(language: Language, parts: Sequence[str]) -> str:
    """Return the sentences that are not empty, one after the other."""
    return (" " if language == "en" else "").join(part for part in parts if part)


def listing(language: Language, words: Sequence[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    if language == "en":
        return f"{', '.join(words[:-1])} and {words[-1]}"
    room = " " if words[-1][0].isascii() else ""  # between Chinese and other characters
    return f"{'、'.join(words[:-1])}{room}和{room}{words[-1]}"


def chinese_font() -> str | None:
    """Return the name of an installed font with Chinese characters, or None."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    def found() -> str | None:
        installed = {font.name for font in fontManager.ttflist}
        return next((name for name in CHINESE_FONTS if name in installed), None)

    if found() is None:  # matplotlib keeps its list of fonts, and does not see new ones
        for path in sorted(findSystemFonts()):
            if any(file in path for file in CHINESE_FONTS.values()):
                fontManager.addfont(path)
    return found()


def require_font(language: Language) -> None:
    """Raise InputError, naming the package to install, where the language has no font."""
    if language == "zh" and chinese_font() is None:
        raise InputError(
            "figures.language is zh, but no font with Chinese characters is installed; install"
            " Debian's package fonts-noto-cjk (or fonts-wqy-zenhei), or set figures.language=en"
        )

"""Fonts in PDFs: one cut of a font for all figures, where matplotlib makes one for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.font_manager import FontPath

SHAPING = ("GDEF", "GPOS", "GSUB", "kern")  # tables that shape text, which in a page is shaped
# printable ASCII, and what numbers and arrows are made of: joined letters, too
SIGNS = "\N{MINUS SIGN}\N{MULTIPLICATION SIGN}→≤…⁰¹²³⁴⁵⁶⁷⁸⁹⁻ﬁﬂ"
USUAL = [*range(32, 127), *map(ord, SIGNS)]


@contextmanager
def shared_fonts() -> Iterator[None]:
    """Embed fonts with all usual characters, so that a cut is of use for any figure."""
    from matplotlib.backends import _backend_pdf_ps as embedding

    cut = embedding.get_glyphs_subset

    def shared(font: FontPath, glyphs: Iterable[Any]) -> AbstractContextManager[Any]:
        return nullcontext(_subset(cut, font, _usual_glyphs(font).union(glyphs)))

    embedding.get_glyphs_subset = shared  # type: ignore[assignment]  # any more general
    try:
        yield
    finally:
        embedding.get_glyphs_subset = cut


@cache
def _usual_glyphs(font: FontPath) -> frozenset[Any]:
    from matplotlib.font_manager import get_font

    face = get_font(font)
    return frozenset(face.get_char_index(code) for code in USUAL) - {0}


@cache
def _subset(cut: Callable[..., Any], font: FontPath, glyphs: frozenset[Any]) -> Any:
    from fontTools.subset import Options

    usual = Options._drop_tables_default
    Options._drop_tables_default = [*usual, *SHAPING]
    try:
        return cut(font, set(glyphs)).__enter__()  # closed by nobody: it is kept
    finally:
        Options._drop_tables_default = usual

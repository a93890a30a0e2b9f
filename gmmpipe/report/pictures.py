"""The figures of a version as the page holds them: each an image that no network is asked for.

An SVG stands in an <img>, where the browser runs no script of it and lets nothing out of it; the
largest ones stand as PNG.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from gmmpipe.figures import FIGURES
from gmmpipe.results.words.language import Language, say
from gmmpipe.store import artifacts
from gmmpipe.store.plan import Plan

LARGE = 400_000  # bytes of an SVG from which its PNG is taken
TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".gif": "image/gif"}


@dataclass(frozen=True)
class Picture:
    """One figure: what it shows, its bytes as a data URI ("" for a PDF alone), and its files."""

    name: str
    case: str
    title: str
    category: str
    caption: str
    source: str
    files: tuple[str, ...]


def pictures(plan: Plan) -> list[Picture]:
    """Return the figures of a version, those of one kind together, in the registry's order."""
    captions, drawn = artifacts.read_json(plan.captions), plan.figure_files()
    order = list(FIGURES)
    stems = sorted(captions, key=lambda stem: order.index(stem.partition("-")[0]))
    language = plan.config["figures"]["language"]
    return [_picture(drawn, stem, str(captions[stem]), language) for stem in stems]


def by_category(images: Sequence[Picture]) -> list[tuple[str, list[Picture]]]:
    """Return (category, its figures), the categories in the order in which they come up."""
    order = list(dict.fromkeys(picture.category for picture in images))
    ranked = sorted(images, key=lambda picture: order.index(picture.category))
    return [(name, list(group)) for name, group in groupby(ranked, lambda p: p.category)]


def _picture(drawn: Sequence[Path], stem: str, caption: str, language: Language) -> Picture:
    name, _, case = stem.partition("-")
    kind = FIGURES[name]
    by_suffix = {path.suffix: path for path in drawn if path.stem == stem}
    svg = by_suffix.get(".svg")
    if svg and svg.stat().st_size > LARGE and ".png" in by_suffix:
        del by_suffix[".svg"]
    image = next((by_suffix[suffix] for suffix in TYPES if suffix in by_suffix), None)
    source = ""
    if image:
        content = b64encode(artifacts.read(image)).decode()
        source = f"data:{TYPES[image.suffix]};base64,{content}"
    files = tuple(f"figures/{path.name}" for path in by_suffix.values())
    title, category = say(language, kind.title), say(language, kind.category)
    return Picture(name, case, title, category, caption, source, files)

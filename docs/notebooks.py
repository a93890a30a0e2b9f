"""Run the sources of the notebooks and write them, executed, in English and in Chinese.

A source is a Python script in cells: ``# %%`` starts code, ``# %% [markdown] lang="en"`` (or zh, or
none for both) starts text in comments; ``# %% en="..." zh="..."`` starts code that draws, and says
what is seen for those who cannot. Code stands once for both languages. It is run as Jupyter
would run it, in this process: what is printed, the value of the last expression and all pyplot
figures are the output. No times, no paths, no machine: the same run gives the same bytes.

    python docs/notebooks.py [SOURCE.py ...]
"""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import json
import os
import re
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SOURCES = ("em-tutorial.py", "load-to-figure.py")
SUFFIXES = {"en": ".ipynb", "zh": ".zh-CN.ipynb"}
HEAD = re.compile(r"^# %%(?P<text> \[markdown\])?(?P<options>( \w+=\"[^\"]*\")*)$")
OPTION = re.compile(r"(\w+)=\"([^\"]*)\"")
# Markdown makes a space of the end of a line, which Chinese does not want
FULL = r"[\u3000-\u303f\uff00-\uffef]"  # punctuation as wide as a character
WIDE = r"[\u3000-\u9fff\uff00-\uffef]"
WRAPPED = re.compile(rf"(?<={FULL})\n(?=\w)|(?<={WIDE})\n(?={WIDE})")
COLOURS = 96  # of a picture: it halves the bytes and cannot be seen


@dataclass(frozen=True)
class Cell:
    """Text (of one language, or of all if lang is "") or code, with what its pictures show."""

    code: bool
    lang: str
    source: str
    alt: dict[str, str] = field(default_factory=dict)


def cells(script: str) -> list[Cell]:
    """Return the cells of a script, those before the first head left out."""
    found: list[tuple[re.Match[str], list[str]]] = []
    for line in script.splitlines():
        head = HEAD.match(line)
        if head:
            found.append((head, []))
        elif found:
            found[-1][1].append(line)
    return [_cell(head, lines) for head, lines in found]


def _cell(head: re.Match[str], lines: list[str]) -> Cell:
    options = dict(OPTION.findall(head["options"]))
    if head["text"]:
        text = "\n".join(line[2:] for line in lines).strip()
        return Cell(False, options.get("lang", ""), WRAPPED.sub("", text))
    return Cell(True, "", "\n".join(lines).strip("\n"), options)


def execute(script: str) -> list[list[dict[str, Any]]]:
    """Run the code of a script; return the outputs of each code cell, as a notebook holds them."""
    import matplotlib as mpl

    mpl.use("agg")
    names: dict[str, Any] = {"__name__": "__main__"}
    with warnings.catch_warnings(), mpl.rc_context():
        warnings.simplefilter("error")
        return [list(_outputs(cell.source, names)) for cell in cells(script) if cell.code]


def _outputs(source: str, names: dict[str, Any]) -> Iterator[dict[str, Any]]:
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed, value = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "<cell>", "exec"), names)  # noqa: S102 - this project's own sources
        if last is not None:
            shown = compile(ast.Expression(last.value), "<cell>", "eval")
            value = eval(shown, names)  # noqa: S307
    if printed.getvalue():
        yield {"output_type": "stream", "name": "stdout", "text": printed.getvalue()}
    if value is not None and not source.rstrip().endswith(";"):
        page = getattr(value, "_repr_html_", lambda: None)()
        data = {"text/plain": repr(value)} | ({"text/html": page} if page else {})
        yield {"output_type": "execute_result", "data": data, "metadata": {}}
    yield from _figures()


def _figures() -> Iterator[dict[str, Any]]:
    import matplotlib.pyplot as plt

    for number in plt.get_fignums():
        figure = plt.figure(number)
        data = {"image/png": base64.b64encode(_png(figure)).decode(), "text/plain": "<Figure>"}
        plt.close(figure)
        yield {"output_type": "display_data", "data": data, "metadata": {}}


def _png(figure: Any) -> bytes:
    from PIL import Image

    raw, small = io.BytesIO(), io.BytesIO()
    figure.savefig(raw, format="png", dpi="figure", facecolor="white")
    image = Image.open(raw).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    image.save(small, format="png", optimize=True)
    return small.getvalue()


def notebook(script: str, outputs: list[list[dict[str, Any]]], lang: str) -> dict[str, Any]:
    """Return the notebook of a script in one language, with the outputs of its code."""
    found: list[dict[str, Any]] = []
    count = 0
    for number, cell in enumerate(cells(script)):
        head = {"id": f"cell-{number:02d}", "metadata": {}, "source": _lines(cell.source)}
        if cell.code:
            count += 1
            ours = [_placed(output, count, cell.alt.get(lang, "")) for output in outputs[count - 1]]
            found.append({"cell_type": "code", **head, "execution_count": count, "outputs": ours})
        elif cell.lang in ("", lang):
            found.append({"cell_type": "markdown", **head})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": found, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _placed(output: dict[str, Any], count: int, alt: str) -> dict[str, Any]:
    """Return an output as it is written in the code cell number ``count``."""
    if "text" in output:
        return {**output, "text": _lines(output["text"])}
    data = {k: v if k == "image/png" else _lines(v) for k, v in output["data"].items()}
    told = {"image/png": {"alt": alt}} if "image/png" in data else {}
    place = {"execution_count": count} if output["output_type"] == "execute_result" else {}
    return {**output, "data": data, "metadata": told, **place}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def main(arguments: list[str]) -> None:
    """Build the sources named, or all."""
    sources = [Path(a).resolve() for a in arguments] or [HERE / name for name in SOURCES]
    for path in sources:
        script = path.read_text(encoding="utf-8")
        os.chdir(path.parent)  # as Jupyter does
        outputs = execute(script)
        for lang, suffix in SUFFIXES.items():
            target = path.with_name(path.stem + suffix)
            page = json.dumps(notebook(script, outputs, lang), indent=1, ensure_ascii=False)
            target.write_text(page + "\n", encoding="utf-8")
            print(f"{target.name}: {target.stat().st_size / 1024:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])

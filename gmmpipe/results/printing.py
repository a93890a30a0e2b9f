"""Tables for print: plain text, Markdown, LaTeX (booktabs), HTML, CSV and JSON."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from unicodedata import combining, east_asian_width

import numpy as np

from gmmpipe.errors import InputError, suggest
from gmmpipe.results.tables import TABLES
from gmmpipe.store import spreadsheet

if TYPE_CHECKING:
    import pandas as pd

NUMBER = re.compile(r"-?(?:\d+(?:\.\d+)?(?:e[+-]\d+)?|inf)")
LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$",
    "#": r"\#", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    "[": "{[}", "]": "{]}", "*": "{*}",  # else arguments of the \\ before them
}  # fmt: skip
LIGATURE = re.compile(r"-(?=-)|`(?=`)|'(?=')|[?!](?=`)")


class Cell(NamedTuple):
    """What stands in one place of a table, and whether it is a word, not a number."""

    text: str
    word: bool


class Cells(NamedTuple):
    """A table as texts: the names of its columns, its rows, and which columns align right."""

    names: list[str]
    rows: list[list[Cell]]
    right: list[bool]


def readable(table: str, frame: pd.DataFrame, outer: Sequence[str] = ()) -> list[str]:
    """Return the columns of a table that a person reads: no empty ones, of long tables a choice.

    Outer axes come after the data set.
    """
    chosen = TABLES[table].readable.split() if table in TABLES else []
    wanted = [n for name in chosen for n in ([name, *outer] if name == "dataset" else [name])]
    wanted = wanted or list(frame.columns)
    return [name for name in wanted if name in frame.columns and not frame[name].isna().all()]


def selected(table: str, frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return these columns of a table; raises InputError for unknown ones and one named twice."""
    for column in columns:
        if column not in frame:
            raise InputError(suggest(f"column of {table}", column, list(frame.columns)))
        if list(columns).count(column) > 1:
            raise InputError(f"column {column} is named twice; name it once")
    return frame[list(columns)]


def cells(frame: pd.DataFrame, digits: int = 3) -> Cells:
    """Return a data frame as texts.

    digits: decimals of a column with numbers that are not whole; what would show as 0 though it is
    not, and what has more than 9 digits before the point, is in scientific notation. Of lists of
    more than 9 numbers the first three and the last are shown.
    """
    if not 0 <= digits <= 15:
        raise InputError(f"digits is {digits}; give 0 to 15")
    columns = [_column(frame[name].to_list(), digits) for name in frame.columns]
    right = [not any(cell.word for cell in column) for column in columns]
    rows = [list(row) for row in zip(*columns, strict=True)]
    return Cells([_one_line(str(name)) for name in frame.columns], rows, right)


def typeset(frame: pd.DataFrame, form: str, digits: int = 3, caption: str | None = None) -> str:
    """Return a data frame as text of the given form, ending in a newline; see ``cells``.

    caption: what stands above it. Raises InputError for an unknown form, and for a caption of one
    that programs read.
    """
    if form not in FORMS:
        raise InputError(suggest("format", form, list(FORMS)))
    text = FORMS[form](frame, digits)
    if caption is None:
        return text
    if form not in CAPTIONED:
        raise InputError(f"caption is of a table that people read, not of {form}; leave it out")
    return CAPTIONED[form](_one_line(caption), text)


def number_text(value: float, digits: int, whole: bool = False) -> str:
    """Return a number as text; whole: it stands among whole numbers."""
    if np.isnan(value):
        return ""
    if np.isinf(value) or (whole and abs(value) < 1e15):
        return f"{value:.0f}"
    text = f"{value:.{digits}f}"
    lost = value != 0 and float(text) == 0
    if not lost and abs(value) < 1e9:
        return text.removeprefix("-") if value == 0 else text
    mantissa, exponent = f"{value:.{max(digits - 1, 0)}e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{exponent}"


def latex(text: str) -> str:
    """Return plain text as LaTeX text."""
    escaped = "".join(LATEX.get(character, character) for character in text)
    return LIGATURE.sub(r"\g<0>{}", escaped)


def markdown(text: str) -> str:
    """Return plain text as the content of a cell of a Markdown table."""
    escaped = re.sub(r"[\\`*{}\[\]<>|~$&#!@:]", r"\\\g<0>", text)
    return re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", escaped)  # inside a word it is a _


def _column(values: Sequence[Any], digits: int) -> list[Cell]:
    numbers = [float(v) for v in values if _is_number(v)]
    whole = all(v == int(v) for v in numbers if np.isfinite(v))
    return [_cell(value, digits, whole) for value in values]


def _cell(value: Any, digits: int, whole: bool) -> Cell:
    if isinstance(value, bool | np.bool_):
        return Cell("yes" if value else "no", True)
    if _is_number(value):
        return Cell(number_text(float(value), digits, whole), False)
    if isinstance(value, list | tuple | np.ndarray):
        flat = np.asarray(value).ravel().tolist()
        items = [_cell(item, digits, False).text for item in flat]
        shown = items if len(items) <= 9 else [*items[:3], "...", items[-1]]
        return Cell(f"({', '.join(shown)})", not all(map(_is_number, flat)))
    missing = value is None or str(value) in {"<NA>", "NaT"}
    return Cell("" if missing else _one_line(str(value)), not missing)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _one_line(text: str) -> str:
    """Return text without line breaks and control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _text(frame: pd.DataFrame, digits: int) -> str:
    (head, *rows), widths = _aligned(cells(frame, digits), str)
    rule = ["-" * width for width in widths]
    return "".join("  ".join(row).rstrip() + "\n" for row in (head, rule, *rows))


def _markdown(frame: pd.DataFrame, digits: int) -> str:
    table = cells(frame, digits)
    (head, *rows), widths = _aligned(table, markdown)
    pairs = zip(widths, table.right, strict=True)
    rule = [f"{'-' * (width - 1)}:" if right else "-" * width for width, right in pairs]
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, rule, *rows))


def _aligned(table: Cells, escape: Callable[[str], str]) -> tuple[list[list[str]], list[int]]:
    """Return the names and the rows, padded to the same widths, and the widths."""
    texts = [[escape(name) for name in table.names]]
    texts += [[escape(cell.text) for cell in row] for row in table.rows]
    widths = [max(3, *map(_width, column)) for column in zip(*texts, strict=True)]

    def padded(text: str, width: int, right: bool) -> str:
        space = " " * (width - _width(text))
        return space + text if right else text + space

    return [list(map(padded, row, widths, table.right)) for row in texts], widths


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes: two for a Chinese character."""
    return sum(
        2 if east_asian_width(character) in "WF" else not combining(character) for character in text
    )


def _latex(frame: pd.DataFrame, digits: int) -> str:
    table = cells(frame, digits)

    def line(texts: Sequence[str]) -> str:
        return f"{' & '.join(texts)} \\\\"

    return "\n".join(
        [
            "% \\usepackage{booktabs}",
            f"\\begin{{tabular}}{{{''.join('r' if right else 'l' for right in table.right)}}}",
            "\\toprule",
            line([latex(name) for name in table.names]),
            "\\midrule",
            *[line([_latex_cell(cell) for cell in row]) for row in table.rows],
            "\\bottomrule",
            "\\end{tabular}\n",
        ]
    )


def _latex_cell(cell: Cell) -> str:
    return latex(cell.text) if cell.word else NUMBER.sub(_latex_number, cell.text)


def _latex_number(match: re.Match[str]) -> str:
    mantissa, _, exponent = match[0].replace("inf", r"\infty").partition("e")
    if exponent:
        return rf"${mantissa} \times 10^{{{int(exponent)}}}$"
    return f"${mantissa}$" if mantissa.startswith(("-", "\\")) else mantissa


def _html(frame: pd.DataFrame, digits: int) -> str:
    table = cells(frame, digits)
    sides = ["right" if right else "left" for right in table.right]

    def line(tag: str, texts: Sequence[str]) -> str:
        pairs = zip(sides, texts, strict=True)
        places = (
            f'<{tag} style="text-align:{side}">{html.escape(text)}</{tag}>' for side, text in pairs
        )
        return f"<tr>{''.join(places)}</tr>\n"

    body = "".join(line("td", [cell.text for cell in row]) for row in table.rows)
    return f"<table>\n<thead>{line('th', table.names)}</thead>\n<tbody>\n{body}</tbody>\n</table>\n"


def _json(frame: pd.DataFrame, _digits: int) -> str:
    """Return an object per row, all digits; what is missing or no finite number is null."""
    columns = {str(name): list(map(_plain, frame[name])) for name in frame.columns}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    """Return a value of a table as JSON has it."""
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, bool | int | str):
        return value
    return value if isinstance(value, float) and np.isfinite(value) else None


def _csv(frame: pd.DataFrame, _digits: int) -> str:
    """Return all digits: what programs read."""
    return spreadsheet.csv(frame)


FORMS: dict[str, Callable[[pd.DataFrame, int], str]] = {
    "text": _text,
    "markdown": _markdown,
    "latex": _latex,
    "html": _html,
    "csv": _csv,
    "json": _json,
}
CAPTIONED: dict[str, Callable[[str, str], str]] = {
    "text": lambda caption, table: f"{caption}\n\n{table}",
    "markdown": lambda caption, table: f"{markdown(caption)}\n\n{table}",
    "latex": lambda caption, table: (
        f"\\begin{{table}}\n\\centering\n\\caption{{{latex(caption)}}}\n{table}\\end{{table}}\n"
    ),
    "html": lambda caption, table: table.replace(
        "<table>\n", f"<table>\n<caption>{html.escape(caption)}</caption>\n", 1
    ),
}

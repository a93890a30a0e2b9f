"""Tables as text for spreadsheets, which find no formula in them."""

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20\t\r\n")  # begins one, of a Chinese spreadsheet too
SEPARATOR = re.compile(
    r"([;|]\s*)(?=[=+@\uff1d\uff0b\uff0d\uff20-])"
)  # begins a cell where it parts them
CONTROL = re.compile(r"[\x00-\x1f\x7f]")  # of these a carriage return would begin a row
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def csv(frame: "pd.DataFrame", header: bool = True) -> str:
    """Return a data frame as CSV: 17 significant digits, exact.

    Text that a spreadsheet would take for a formula gets a ' before it, and control characters are
    written out, so that each text is one cell.
    """
    shown = frame.rename(columns=_as_text).apply(_column)
    text: str = shown.to_csv(index=False, header=header, lineterminator="\n")
    return text


def _column(values: "pd.Series") -> "pd.Series":
    if values.dtype.kind in "biuf":
        return values
    words = {value for value in values.tolist() if isinstance(value, str)}
    return values if all(_as_text(word) == word for word in words) else values.map(_as_text)


def _as_text(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    formula = value[:1] in FORMULA and not NUMBER.fullmatch(value)
    shown = CONTROL.sub(lambda match: repr(match[0])[1:-1], value)
    shown = SEPARATOR.sub(r"\1'", shown)
    return f"'{shown}" if formula else shown

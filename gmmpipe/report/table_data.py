"""Data frames as the page embeds them: columns in JSON, which its script sorts and filters."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from gmmpipe.mixture.diagnostics.soundness import MOST_ROWS
from gmmpipe.results.tables import TABLES

DIGITS = 10  # significant ones; the written tables have all
MOST_CELLS = 400_000  # values of one table that the page holds, some 3 MB
LONGEST = 400  # characters of one text


@dataclass(frozen=True)
class Sheet:
    """One table of the page: a title, a sentence, and columns in plain JSON types."""

    name: str
    title: str
    note: str
    columns: list[dict[str, Any]]
    rows: int


def sheets(frames: Mapping[str, pd.DataFrame], outer: Collection[str], n: int) -> list[Sheet]:
    """Return the tables of a version that have rows.

    outer: the axes with dotted names; n: the samples of the largest data set.
    """
    result = []
    placed = (table for table in TABLES.values() if table.place)
    for table in sorted(placed, key=lambda table: table.place):
        frame = frames.get(table.name)
        if frame is None or frame.empty:
            continue
        words = [table.note]
        if table.name == "fits" and frame.size > MOST_CELLS:
            frame = frame[frame["iteration"] == frame["iteration"].max()]
            words.append("Here are those after the largest iteration count.")
        if "most_tied" in frame and n > MOST_ROWS:
            words.append(f"most_tied is of {MOST_ROWS:,} samples drawn at random where more are.")
        file = f"{table.name}.{'csv' if table.csv else 'parquet'}"
        words.append(f"All digits are in tables/{file}.")
        hidden = {*frame.columns} - {*table.shown.split(), *outer} if table.shown else ()
        result.append(sheet(table.name, table.title, " ".join(words), frame, hidden))
    return result


def sheet(
    name: str, title: str, note: str, frame: pd.DataFrame, hidden: Collection[str] = ()
) -> Sheet:
    """Return the first rows of ``frame`` that fit; the note says where the others are.

    hidden: columns that are not shown before the reader asks for them. Columns of lists, which
    no .csv holds, are left out.
    """
    plain = [column for column in frame.columns if _is_plain(frame[column])]
    kept = frame[plain].head(max(1, MOST_CELLS // max(len(plain), 1)))
    if len(kept) < len(frame):
        note += f" Here are the first {len(kept):,} of {len(frame):,} rows."
    columns = [_column(str(c), kept[c], str(c) not in hidden) for c in plain]
    return Sheet(name, title, note, columns, len(kept))


def listing(name: str, title: str, note: str, rows: Iterable[Mapping[str, Any]]) -> Sheet:
    """Return a sheet of some rows of text and numbers."""
    return sheet(name, title, note, pd.DataFrame(list(rows)))


def _is_plain(column: pd.Series) -> bool:
    return not column.map(lambda value: isinstance(value, list | np.ndarray)).any()


def _column(name: str, values: pd.Series, shown: bool) -> dict[str, Any]:
    """Return name, kind and values of one column: numbers as they are, texts as levels."""
    head = {"name": name, "shown": shown}
    if types.is_bool_dtype(values):
        return {**head, "kind": "text", **_levels(values.map({True: "yes", False: "no"}))}
    if types.is_integer_dtype(values):
        return {**head, "kind": "number", "values": [int(value) for value in values]}
    if types.is_float_dtype(values):
        return {**head, "kind": "number", "values": [_rounded(value) for value in values]}
    return {**head, "kind": "text", **_levels(values)}


def _rounded(value: float) -> float | None:
    return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None


def _levels(values: pd.Series) -> dict[str, Any]:
    """Return the distinct texts of a column and which of them each row has."""
    texts = values.map(lambda value: "" if _absent(value) else str(value)[:LONGEST])
    codes, levels = pd.factorize(texts)
    return {"levels": [str(level) for level in levels], "codes": codes.tolist()}


def _absent(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))

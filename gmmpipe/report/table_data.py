"""Data frames as the page embeds them: columns in JSON, which its script sorts and filters."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from gmmpipe.mixture.diagnostics.ties import MOST_ROWS
from gmmpipe.results.tables import TABLES

DIGITS = 10  # significant ones; the written tables have all
MOST_CELLS = 400_000  # values of one table that the page holds, some 3 MB
LONGEST = 400  # characters of one text

Heading = tuple[str, str, str]  # name, title, and the sentence below it


@dataclass(frozen=True)
class PageTable:
    """One table of the page: its heading, and columns in plain JSON types."""

    name: str
    title: str
    note: str
    columns: list[dict[str, Any]]
    rows: int


def page_tables(
    frames: Mapping[str, pd.DataFrame],
    outer: Collection[str],
    n: int,
    most_cells: int = MOST_CELLS,
) -> list[PageTable]:
    """Return the tables of a version that have rows.

    outer: the axes with dotted names; n: the samples of the largest data set; most_cells: the
    values of one table.
    """
    result = []
    placed = (table for table in TABLES.values() if table.place)
    for table in sorted(placed, key=lambda table: table.place):
        frame = frames.get(table.name)
        if frame is None or frame.empty:
            continue
        notes = [table.note]
        if table.name == "fits" and frame.size > most_cells:
            frame = frame[frame["iteration"] == frame["iteration"].max()]
            notes.append("Only the fits after the largest iteration count are shown here.")
        if "most_tied" in frame and n > MOST_ROWS:
            notes.append(
                f"most_tied is computed from {MOST_ROWS:,} samples, drawn at random where there are"
                " more."
            )
        file = f"{table.name}.{'csv' if table.csv else 'parquet'}"
        notes.append(f"All digits are in tables/{file}.")
        hidden = {*frame.columns} - {*table.shown.split(), *outer} if table.shown else ()
        heading = (table.name, table.title, " ".join(notes))
        result.append(page_table(heading, frame, hidden, most_cells))
    return result


def page_table(
    heading: Heading,
    frame: pd.DataFrame,
    hidden: Collection[str] = (),
    most_cells: int = MOST_CELLS,
) -> PageTable:
    """Return the first rows of ``frame`` that fit; the note says where the others are.

    hidden: columns that are not shown before the reader asks for them. Columns of lists, which
    no .csv holds, are left out.
    """
    name, title, note = heading
    scalar = [column for column in frame.columns if not frame[column].map(_is_list).any()]
    rows = frame[scalar].head(max(1, most_cells // max(len(scalar), 1)))
    if len(rows) < len(frame):
        note += f" Only the first {len(rows):,} of {len(frame):,} rows are shown here."
    columns = [_column(str(c), rows[c], str(c) not in hidden) for c in scalar]
    return PageTable(name, title, note, columns, len(rows))


def _is_list(value: Any) -> bool:
    return isinstance(value, list | np.ndarray)


def _column(name: str, values: pd.Series, is_shown: bool) -> dict[str, Any]:
    """Return name, kind and values of one column: numbers as they are, texts as levels."""
    head = {"name": name, "shown": is_shown}
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
    texts = values.map(lambda value: "" if pd.isna(value) else str(value)[:LONGEST])
    codes, levels = pd.factorize(texts)
    return {"levels": [str(level) for level in levels], "codes": codes.tolist()}

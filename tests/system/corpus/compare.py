"""What the reader and pandas make of the same file."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd

from gmmpipe.data.file import File
from gmmpipe.data.source import tables
from gmmpipe.errors import InputError

HEADERLESS = {"header": None}
BLANKS = {"sep": r"\s+"}
OPTIONS: dict[str, dict[str, Any]] = {  # how pandas must be told that a file is written
    "anes96/anes96.csv": {"sep": "\t"},
    "src/anes96.csv": BLANKS,
    "src/scotvote.csv": BLANKS,
    "E6_jmulti.csv": HEADERLESS | BLANKS,
    "spector.csv": BLANKS,
    "modechoice.csv": {"sep": ";"},
    "diabetes_data_raw.csv.gz": HEADERLESS | BLANKS,
    "diabetes_target.csv.gz": HEADERLESS,
    "digits.csv.gz": HEADERLESS,
    "linnerud_exercise.csv": BLANKS,
    "linnerud_physiological.csv": BLANKS,
    "scotland_population.csv": BLANKS | {"encoding": "latin-1"},
}


def by_pandas(content: bytes, name: str) -> pd.DataFrame:
    """Return a table as pandas reads it, each column as exactly as it can."""
    if name.endswith(".json"):
        return pd.DataFrame(json.loads(content))
    options = {
        "sep": "\t" if name.endswith(".tsv") else ",",
        "compression": "gzip" if name.endswith(".gz") else None,
        "low_memory": False,
        **next((OPTIONS[each] for each in OPTIONS if name.endswith(each)), {}),
    }
    found = pd.read_csv(BytesIO(content), **options)
    return found.rename(columns=lambda c: f"x{c + 1}" if isinstance(c, int) else c)


def differences(content: bytes, name: str, frame: pd.DataFrame) -> Iterator[str]:
    """Yield in what the reader differs from pandas: shape, names, numbers, labels."""
    numbers, text = _kinds(frame)
    try:
        columns, x, left_out, _ = _read(content, name)
    except InputError as error:
        if any(not c.startswith("Unnamed: ") for c in numbers) or "no column of" not in str(error):
            yield f"refused: {str(error).removeprefix(name + ': ')}"
        return
    unnamed = {f"Unnamed: {i}": f"column {i + 1}" for i in range(len(frame.columns))}
    features = [c.strip() for c in numbers if unnamed.get(c) not in left_out]
    if list(columns) != features:
        extra = [c for c in columns if c not in features]
        less = [c for c in features if c not in columns]
        yield f"columns: + {extra} - {less}"
    if len(x) != len(frame):
        yield f"rows: {len(x)} where pandas has {len(frame)}"
        return
    for j, column in enumerate(columns):
        if column in features:
            source = next(c for c in numbers if c.strip() == column)
            values = frame[source].to_numpy(np.float64, na_value=np.nan)
            if not np.array_equal(x[:, j], values, equal_nan=True):
                yield f"numbers of {column}"
    for column in text:
        yield from _label(content, name, column, frame)


def _kinds(frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return the columns of numbers, even if all are missing, and those of text."""
    types = pd.api.types
    numbers, text = [], []
    for column, dtype in frame.dtypes.items():
        if types.is_numeric_dtype(dtype) and not types.is_bool_dtype(dtype):
            numbers.append(str(column))
        elif types.is_string_dtype(dtype) and "Unnamed" not in str(column):
            text.append(str(column))
    return numbers, text


def _label(content: bytes, name: str, column: str, frame: pd.DataFrame) -> Iterator[str]:
    try:
        labels = _read(content, name, label=column.strip())[3]
    except InputError as error:
        yield f"label {column} refused: {error}"
        return
    expected = frame[column]
    for i, (a, b) in enumerate(zip(labels, expected, strict=True)):
        if not pd.isna(b) and a.strip() != " ".join(str(b).splitlines()).strip():
            yield f"label {column}, row {i}: {a!r} where pandas has {b!r}"
            return


def _read(content: bytes, name: str, **options: Any) -> Any:
    kind = File(name, missing="drop", **options)
    parts = list(tables(content, name, kind))
    x = np.concatenate([part.x for part in parts])
    labels = [label for part in parts for label in part.labels or ()]
    return parts[0].columns, x, parts[0].decided["left_out"], labels

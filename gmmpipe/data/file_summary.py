"""How a file was read, in one line: all that was guessed, left out or passed over."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from gmmpipe.errors import one_line
from gmmpipe.store.entries import DataSet

MOST = 6  # names that are listed
SIGNS = {"semicolon": ";", "comma": "comma", "pipe": "|", "tab": "tab", "blank": "blank"}
GUESSES = {
    "numbers": "they count from 0",
    "axis": "they are a rising axis",
    "text above numbers": "text above numbers",
    "empty first cell": "its first cell is empty",
}


def summary(name: str, reading: Mapping[str, Any]) -> str:
    """Return how a file was read, from what the reader decided and saw.

    reading: ``RowCollector.reading``. For example "flowers.csv: ; separated, decimal commas,
    header, 4 numeric columns, left out: id, site".
    """
    words = [reading["table"]] if reading.get("table") else []
    words += _text(reading) if "delimiter" in reading else []
    count = reading["numeric"]
    words.append(f"{count} numeric column{'' if count == 1 else 's'}")
    if reading["counting"]:
        words.append(counting(reading["counting"]))
    for key, what in (("index", "index"), ("partitions", "columns by folder")):
        if reading.get(key):
            words.append(f"{what} left out: {_listed(reading[key])}")
    rest = [c for c in reading["left_out"] if c not in reading.get("index", ())]
    if rest:
        words.append(f"left out: {_listed(rest)}")
    if reading.get("labelled"):
        known, of = reading["labelled"]
        unlabelled = _listed(reading["no_labels"])
        why = f" ({unlabelled}: no group; if it is one, --na '')" if unlabelled else ""
        words.append(f"group of {known:,} of {of:,} rows known{why}")
    if reading["passed_over"]:
        words.append(_counted(reading["passed_over"], "comment line", "passed over"))
    if reading["dropped"]:
        keeps_some = (
            reading.get("missing") == "keep"
        )  # then only rows without any value are left out
        what = f"{'without any value' if keeps_some else 'with missing values'} left out"
        words.append(_counted(reading["dropped"], "row", what))
    return one_line(f"{name}: {', '.join(words)}")


def reading_of(data: DataSet) -> str:
    """Return in one line how the file of a data set was read; "" where there is none."""
    if not (data.source and data.reading):
        return ""
    return summary(Path(data.source.path).name, data.reading)


def counting(columns: Sequence[str]) -> str:
    """Return what to say of features that rise by one in every row."""
    one = len(columns) == 1
    verb, option = ("rises", "--id") if one else ("rise", "--exclude")
    typed = quote(",".join(columns))
    return (
        f"{_listed(columns)} {verb} by one in every row (row numbers? if so, give {option} {typed})"
    )


def _text(reading: Mapping[str, Any]) -> list[str]:
    words = [] if reading["encoding"] == "utf-8" else [reading["encoding"]]
    delimiter = reading["delimiter"]
    if delimiter != "cells":
        words.append(f"{SIGNS[delimiter]} separated" if delimiter in SIGNS else "one column")
    if reading["thousands"]:
        words.append("thousands parted")
    if reading["decimal"] == "comma":
        words.append("decimal commas")
    names = _listed(reading["names"])
    if guess := GUESSES.get(reading["header"]):
        line = f"line {reading['line']} taken for names"
        words.append(f"{line} ({names}: {guess}; if not, --header no)")
    elif reading["origin"] == "comment":
        words.append(f"names from the comment above ({names})")
    else:
        words.append("header" if reading["header"] else "no header")
    return words


def _listed(names: Sequence[str]) -> str:
    names = [name for name in names if name]
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more


def _counted(count: int, what: str, rest: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'} {rest}"

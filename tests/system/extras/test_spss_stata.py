"""SPSS and Stata: labels of values, missing values that are declared, dates, text."""

import datetime
import struct

import numpy as np
import pandas as pd
import pytest
from libraries import library

from gmmpipe.data.file import File
from gmmpipe.data.read import collect, read
from gmmpipe.errors import InputError

FRAME = pd.DataFrame({"u": [1.0, 2.0, 3.0, 99.0], "v": [0.5, 1.5, 2.5, 3.5]})


@pytest.fixture
def written(tmp_path):
    """Return what writes a frame, and gives its bytes."""
    pyreadstat = library("pyreadstat")

    def write(name, frame, **options):
        path = tmp_path / name
        by = pyreadstat.write_dta if path.suffix == ".dta" else pyreadstat.write_sav
        by(frame, str(path), **options)
        return path.read_bytes()

    return write


def load(content, name="t.sav", **options):
    return read(content, name, File(name, **options))


def left_out(content, name="t.sav"):
    return collect(content, name, File(name)).reading["left_out"]


def test_values_that_spss_declares_missing(written):
    content = written("t.sav", FRAME, missing_ranges={"u": [99], "v": [{"lo": 2, "hi": 3}]})
    x = load(content, missing="keep").x
    np.testing.assert_array_equal(x, [[1, 0.5], [2, 1.5], [3, np.nan], [np.nan, 3.5]])
    with pytest.raises(InputError, match=r"t.sav: row 3, column 'v': value nan.*--missing drop"):
        load(content)
    assert load(content, missing="drop").rows.tolist() == [0, 1]


def test_values_that_stata_declares_missing(written):
    frame = FRAME.assign(u=pd.Series([1, "a", 3, "b"], dtype=object))
    content = written("t.dta", frame, missing_user_values={"u": ["a", "b"]}, version=14)
    np.testing.assert_array_equal(
        load(content, "t.dta", missing="keep").x[:, 0], [1, np.nan, 3, np.nan]
    )


@pytest.mark.parametrize("name", ["t.sav", "t.dta"])
def test_labels_of_values_name_the_groups(written, name):
    frame = FRAME.assign(kind=np.array([1, 2, 9, 7], "int32"))
    labels = {"kind": {1: "iris", 2: "other", 9: "other"}}
    content = written(name, frame, variable_value_labels=labels)
    found = load(content, name, label="kind")
    assert [found.classes[c] for c in found.labels] == ["iris", "other (2)", "other (9)", "7"]
    assert left_out(content, name) == ["kind"]
    assert load(content, name, columns=("kind", "v")).x[:, 0].tolist() == [1, 2, 9, 7]


def test_a_scale_with_labels_is_a_feature(written):
    frame = FRAME[["u", "v"]]
    content = written(
        "t.sav", frame, variable_value_labels={"u": {99.0: "more"}}, variable_measure={"u": "scale"}
    )
    assert load(content).features == ("u", "v")


@pytest.mark.parametrize("name", ["t.sav", "t.dta"])
def test_dates_and_text_are_no_features(written, name):
    day = datetime.date(2020, 1, 31)
    frame = FRAME.assign(
        day=[day + datetime.timedelta(i) for i in range(4)],
        time=pd.date_range("2020-01-31 12:30", periods=4),
        text=["a", "ä", "", "a"],
    )
    content = written(name, frame)
    assert left_out(content, name) == ["day", "time", "text"]
    assert load(content, name, label="day").classes[0] == "2020-01-31"
    found = load(content, name, label="text", missing="drop")
    assert [found.classes[c] for c in found.labels] == ["a", "ä", "a"]
    assert found.rows.tolist() == [0, 1, 3]


def test_only_codes(written):
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [2.0, 1.0]})
    labels = {"a": {1.0: "x", 2.0: "y"}, "b": {1.0: "x", 2.0: "y"}}
    content = written("t.sav", frame, variable_value_labels=labels)
    with pytest.raises(InputError, match=r"t.sav: no column of numbers is left.*give --columns a"):
        load(content)


def test_rows_that_memory_does_not_hold_are_refused(written, monkeypatch):
    content = written("t.zsav", FRAME, compress=True)
    unsaid = content[:80] + struct.pack("<i", -1) + content[84:]  # as programs write a stream
    assert load(unsaid, "t.zsav").x.shape == (4, 2)
    monkeypatch.setattr("gmmpipe.store.free_memory.available", lambda: 2 * 2 * 3 * 8)
    with pytest.raises(InputError, match=r"t.zsav: 4 rows of 2 columns would take"):
        load(content, "t.zsav")
    with pytest.raises(InputError, match=r"t.zsav: 3 rows of 2 columns would take"):
        load(unsaid, "t.zsav")

"""Files of R, written by R itself (files/make.R)."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from libraries import library

from gmmpipe.data.file import File
from gmmpipe.data.file_summary import summary
from gmmpipe.data.read import collect, read
from gmmpipe.errors import InputError

FILES = Path(__file__).parent / "files"


@pytest.fixture(autouse=True)
def _library():
    library("pyreadr")


def load(name, content=None, **options):
    return read(content or (FILES / name).read_bytes(), name, File(name, **options))


def line(name, **options):
    found = collect((FILES / name).read_bytes(), name, File(name, **options))
    return summary(name, found.reading)


def test_a_data_frame():
    found = load("frame.rds", missing="keep")
    assert found.features == ("u", "v")
    np.testing.assert_array_equal(found.x, [[1, 0.5], [np.nan, 1.5], [3, np.nan], [4, 3.5]])
    assert line("frame.rds", missing="keep") == (
        "frame.rds: object data, 2 numeric columns, index left out: rownames, left out: ok, kind,"
        " day, time, text"
    )
    with pytest.raises(InputError, match=r"frame.rds: row 2, column 'u': value nan is not finite"):
        load("frame.rds")


@pytest.mark.parametrize(
    ("label", "groups"),
    [
        ("kind", ["b", "a"]),  # of the rows with a label and v
        ("text", ["x", "ä", "x"]),
        ("day", ["2020-01-31", "2020-02-01", "2020-02-03"]),
    ],
)
def test_labels_of_a_data_frame(label, groups):
    found = load("frame.rds", label=label, columns=("v",), missing="drop")
    assert [found.classes[c] for c in found.labels] == groups


def test_a_matrix_and_compact_sequences():
    found = load("matrix.rds")
    assert (found.features, found.x.tolist()) == (("a", "b"), [[1, 4], [2, 5], [3, 7]])
    assert load("sequence.rds").x.tolist() == [[i, (6 - i) / 2] for i in range(1, 6)]


def test_of_several_objects_one_is_asked_for():
    with pytest.raises(
        InputError, match=r"several.RData: holds 2 tables \(first, second\); give --table first"
    ):
        load("several.RData")
    assert load("several.RData", table="second").x.ravel().tolist() == [3, 4, 6.5]
    assert line("several.RData", table="first") == (
        "several.RData: object first, 1 numeric column, left out: object second, 1 of other kinds,"
        " such as lists"
    )
    assert load("one.RData").features == ("a",)
    with pytest.raises(InputError, match=r"list.rds: holds no data frame.* other kinds: 1\)"):
        load("list.rds")


def test_integers_of_64_bits_are_refused():
    with pytest.raises(InputError, match=r"column 'id' holds integers of 64 bits; save it as.num"):
        load("integer64.rds")


def test_what_grows_is_refused(monkeypatch):
    with pytest.raises(InputError, match="grows more than 100-fold"):
        load("zeros.rds", gzip.compress(bytes(2**27)))
    sequence = gzip.decompress((FILES / "compact.rds").read_bytes())
    with pytest.raises(InputError, match=r"compact.rds: 2,000,000,0.. rows of 1 columns would"):
        load("compact.rds", sequence)
    monkeypatch.setattr("gmmpipe.store.free_memory.available", lambda: 100)
    with pytest.raises(InputError, match=r"would take about"):
        load("matrix.rds")

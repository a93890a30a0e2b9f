"""Which columns are features, and what else is kept of a row: its group if known, and its name."""

import json

import numpy as np
import pandas as pd
import pytest

from gmmpipe.data.dataset import UNKNOWN
from gmmpipe.data.file import File
from gmmpipe.data.file_summary import summary
from gmmpipe.data.read import collect, read

MESSY = (
    "id;site;sepal length (cm);petal length (cm);width;species\n"
    "F1;A;5,1;1,4;0,2;setosa\nF2;B;4,9;1,5;0,3;\nF\u00fc;A;7;4,7;1,4;versicolor\nF4;;6,4;4,5;1,5;\n"
)


def load(content, name="t.csv", **options):
    return read(
        content.encode() if isinstance(content, str) else content, name, File(name, **options)
    )


@pytest.mark.parametrize(
    ("options", "features"),
    [
        ({}, [3, 4, 5]),
        ({"columns": ("3..5",)}, [3, 4, 5]),
        ({"columns": ("width", "3..4")}, [5, 3, 4]),
        ({"exclude": ("id", "site", "width")}, [3, 4]),
        ({"exclude": ("1..3",)}, [4, 5]),
        ({"columns": ("3..5",), "exclude": ("4",)}, [3, 5]),
    ],
)
def test_features_are_chosen_by_name_number_and_range(options, features):
    names = MESSY.partition("\n")[0].split(";")
    assert load(MESSY, **options).features == tuple(names[i - 1] for i in features)


def test_a_column_called_like_a_range_is_that_column():
    assert load("1..2,b\n1,2\n3,5\n", columns=("1..2",)).features == ("1..2",)


def test_a_messy_file_is_read_without_a_setting():
    found = load(MESSY, label="species", id="id")
    np.testing.assert_array_equal(found.x[0], [5.1, 1.4, 0.2])
    assert (found.classes, found.labels.tolist()) == (
        ("setosa", "versicolor"),
        [0, UNKNOWN, 1, UNKNOWN],
    )
    assert found.ids.of(slice(0, 4)) == ["F1", "F2", "F\u00fc", "F4"]
    assert found.ids.of(slice(2, 3)) == ["F\u00fc"]
    assert found.ids.of(slice(4, 4)) == []
    reading = collect(MESSY.encode(), "t.csv", File("t.csv", label="species", id="id")).reading
    assert summary("t.csv", reading) == (
        "t.csv: ; separated, decimal commas, header, 3 numeric columns, left out: site,"
        " group of 2 of 4 rows known"
    )


@pytest.mark.parametrize("suffix", ["csv", "json", "parquet", "npy"])
def test_every_kind_of_file_keeps_ids_of_the_rows_that_are_used(tmp_path, suffix):
    """Also where it is read in parts, and some rows are left out."""
    rows = 3 * File.part if suffix == "csv" else 40
    frame = pd.DataFrame({"n": np.arange(rows), "a": np.arange(rows) % 7 + 0.5, "b": 1.5})
    frame.loc[3, "a"] = np.nan
    path = tmp_path / f"t.{suffix}"
    if suffix == "csv":
        frame.to_csv(path, index=False)
    elif suffix == "json":
        path.write_text(json.dumps(frame.where(frame.notna(), None).to_dict("records")))
    elif suffix == "parquet":
        frame.to_parquet(path)
    else:
        np.save(path, frame.to_numpy())
    kind = File(str(path), id=1 if suffix == "npy" else "n", missing="drop")
    found = collect(path.read_bytes(), path.name, kind, tmp_path).sample()
    ids = [int(float(text)) for text in found.ids.of(slice(0, len(found.x)))]
    assert ids == [i for i in range(rows) if i != 3] == found.rows.tolist()


def test_ids_may_be_empty():
    found = load("a,b,c\n1,2,x\n3,4,y\n", id=3)
    assert found.ids.of(slice(0, 2)) == ["x", "y"]
    empty = load("id,a,b\n,1,2\n,3,4\n", id="id")
    assert empty.ids.of(slice(1, 2)) == [""]


@pytest.mark.parametrize(
    ("text", "shape", "delimiter"),
    [
        ("sepal length (cm)\n5,1\n4,9\n4,7\n", (3, 1), "none"),
        ("sepal length (cm)\n5.1\n4.9\n", (2, 1), "none"),
        ("x y\n1 234\n3 456\n123 000\n", (3, 1), "none"),
        ("x y\n1 2\n3 4\n3 5\n", (3, 2), "blank"),
        ("x\n1,5\n2,4\n", (2, 1), "comma"),  # R's row numbers
    ],
)
def test_blanks_part_no_csv_that_is_one_column(text, shape, delimiter):
    reading = collect(text.encode(), "t.csv", File("t.csv")).reading
    assert (load(text).x.shape, reading["delimiter"]) == (shape, delimiter)

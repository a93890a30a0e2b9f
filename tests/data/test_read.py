import gzip

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reader_cases import BIG, load, npy, parquet

from gmmpipe.errors import InputError

X = [[1.5, -2.0], [3e-5, 4.25], [0.1, 1e22]]
PLAIN = ["1.5", "-2", "3e-5", "4.25", ".1", "1E+22"]
GOOD = {
    "comma": ("a,b\n{},{}\n{},{}\n{},{}\n", "t.csv", {}),
    "comma and blank": ("a, b\n{}, {}\n{}, {}\n{}, {}\n", "t.csv", {}),
    "no last newline": ("a,b\n{},{}\n{},{}\n{},{}", "t.csv", {}),
    "semicolon": ("a;b\n{};{}\n{};{}\n{};{}\n", "t.csv", {}),
    "pipe": ("a|b\n{}|{}\n{}|{}\n{}|{}\n", "t.txt", {}),
    "tab": ("a\tb\n{}\t{}\n{}\t{}\n{}\t{}\n", "t.tsv", {}),
    "tab in txt": ("a\tb\n{}\t{}\n{}\t{}\n{}\t{}\n", "t.txt", {}),
    "blanks": ("a   b\n  {}  {}\n{} \t {}\n{} {}  \n", "t.data", {}),
    "quotes": ('"a","b"\n{},"{}"\n"{}",{}\n{},{}\n', "t.csv", {}),
    "quotes and blanks": ('"a"  "b"\n {} "{}"\n"{}"   {} \n{} {}\n', "t.txt", {}),
    "CRLF": ("a,b\r\n{},{}\r\n{},{}\r\n{},{}\r\n", "t.csv", {}),
    "CR": ("a,b\r{},{}\r{},{}\r{},{}\r", "t.csv", {}),
    "blank lines": ("\n\na,b\n\n{},{}\n  \n{},{}\n{},{}\n\n\n", "t.csv", {}),
    "comments": ("# c, d, e\na,b\n{},{}\n  # more\n{},{}\n{},{}\n", "t.csv", {}),
    "comments behind": ("a b # names\n{} {}\n{} {} # two\n{} {}\n", "t.data", {}),
    "other comments": ("% c\na b\n{} {}\n{} {}\n{} {}\n", "t.data", {"comment": "%"}),
    "chosen by name": ("c,b,a\nx,{1},{0}\ny,{3},{2}\n,{5},{4}\n", "t.csv", {"columns": ("a", "b")}),
    "chosen by number": ("a,c,b\n{},x,{}\n{},y,{}\n{},z,{}\n", "t.csv", {"columns": (1, -1)}),
    "chosen by number as text": (
        "a,c,b\n{},,{}\n{},,{}\n{},,{}\n",
        "t.csv",
        {"columns": ("1", "3")},
    ),
    "names given": ("{},{}\n{},{}\n{},{}\n", "t.csv", {"names": ("a", "b")}),
    "nameless but not chosen": (
        ",a,b\n1,{},{}\n2,{},{}\n3,{},{}\n",
        "t.csv",
        {"columns": ("a", "b")},
    ),
    "delimiter set": ("a,b\n{},{}\n{},{}\n{},{}\n", "t.data", {"delimiter": "comma"}),
}


@pytest.mark.parametrize("case", GOOD)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_manner_of_text_reads_the_same(case, encoding):
    pattern, name, options = GOOD[case]
    sample = load(pattern.format(*PLAIN).encode(encoding), name, **options)
    assert sample.features == ("a", "b")
    np.testing.assert_array_equal(sample.x, X)
    assert sample.labels is None
    assert sample.dropped == 0


def test_decimal_commas_in_the_first_row_are_no_header():
    assert len(load("1,5;2,5\n3,25;0,5\n", decimal="comma").x) == 2


def test_decimal_commas_when_told():
    sample = load("a;b\n1,5;2\n-3,25e2;0\n", decimal="comma")
    np.testing.assert_array_equal(sample.x, [[1.5, 2], [-325, 0]])


def test_without_header_the_features_are_numbered():
    assert load("1,2\n3,4\n").features == ("x1", "x2")
    assert load("1,2\n3,4\n", columns=(2,)).features == ("x2",)


def test_a_header_of_years_when_told():
    assert load("2019,2020\n3,4\n5,6\n", header=True).features == ("2019", "2020")


def test_one_column():
    np.testing.assert_array_equal(load("v\n1\n2\n").x, [[1], [2]])


def test_latin_1_when_told():
    content = "größe,art\n1,é\n2,ä\n".encode("latin-1")
    sample = load(content, encoding="latin-1", label="art")
    assert sample.features == ("größe",)
    assert sample.classes == ("ä", "é")


def test_dropped_rows_are_counted():
    sample = load("a,b\n1,2\n,3\nNaN,4\n5,inf\n?,NA\n6,1e999\n7,8\n", missing="drop")
    np.testing.assert_array_equal(sample.x, [[1, 2], [7, 8]])
    assert sample.dropped == 5


def test_rows_without_label_stay():
    sample = load("a,s\n1,x\n2,\n3,y\n", missing="drop", label="s")
    assert (sample.dropped, sample.labels.tolist(), sample.classes) == (0, [0, -1, 1], ("x", "y"))


@pytest.mark.parametrize("label", ["s", "2", 2, -1])
def test_labels_become_sorted_classes(label):
    sample = load("a,s\n1,beta\n2,alpha\n3, beta\n", label=label)
    assert sample.features == ("a",)
    assert sample.classes == ("alpha", "beta")
    assert sample.labels.tolist() == [1, 0, 1]
    assert sample.labels.dtype == np.int64


def test_number_labels_sort_as_numbers():
    sample = load("a,s\n1,10\n2,9\n3,9.0\n4,2.5\n", label="s")
    assert sample.classes == ("2.5", "9", "10")
    assert sample.labels.tolist() == [2, 1, 1, 0]


def test_label_numbers_that_doubles_confuse_stay_text():
    sample = load(f"a,s\n1,{BIG}\n2,{BIG - 1}\n", label="s")
    assert len(sample.classes) == 2


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "f4", "f2", "i8", "u1", ">i2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_of_any_real_type(dtype, order):
    x = np.array([[1, 2], [3, 4], [5, 7]], dtype, order=order)
    sample = load(npy(x), "t.npy", label=-1)
    np.testing.assert_array_equal(sample.x, [[1], [3], [5]])
    assert sample.x.dtype == np.float64
    assert sample.classes == ("2", "4", "7")


def test_parquet_of_many_types():
    from decimal import Decimal

    columns = {
        "f": pa.array([0.5, 2], pa.float32()),
        "h": pa.array(np.array([0.5, 2], np.float16)),
        "i": pa.array([1, 2**53], pa.uint64()),
        "d": pa.array([Decimal("0.10"), Decimal("-2.25")]),
        "s": pa.array(["y", "x"]).dictionary_encode(),
        "__index_level_0__": [7, 8],
    }
    sample = load(parquet(columns), "t.parquet", label="s")
    assert sample.features == ("f", "h", "i", "d")
    np.testing.assert_array_equal(sample.x, [[0.5, 0.5, 1, 0.1], [2, 2, 2.0**53, -2.25]])
    assert sample.labels.tolist() == [1, 0]


def test_parquet_columns_in_the_order_chosen():
    content = parquet({"a": [1, None, 3], "b": [4.0, 5.0, 6.0], "c": [True, None, False]})
    sample = load(content, "t.parquet", columns=("b", "a"), label="c", missing="drop")
    np.testing.assert_array_equal(sample.x, [[4, 1], [6, 3]])
    assert (sample.classes, sample.dropped) == (("False", "True"), 1)


@pytest.mark.parametrize("name", ["T.CSV.GZ", "t.csv.gz"])
def test_gzip_of_several_members(name):
    sample = load(gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n"), name)
    np.testing.assert_array_equal(sample.x, [[1, 2], [3, 4]])


def test_more_rows_than_one_chunk_keep_their_line_numbers():
    text = "a,b\n" + "1,2\n" * 70_000
    assert len(load(text + "3,4\n").x) == 70_001
    with pytest.raises(InputError, match="line 70002, column 'b': 'q'"):
        load(text + "3,q\n4,5\n6,7\n")


def test_old_faithful_is_the_published_table(pytestconfig):
    content = (pytestconfig.rootpath / "data" / "gmm.data").read_bytes()
    sample = load(content, "gmm.data", names=("eruptions", "waiting"))
    assert sample.x.shape == (272, 2)
    np.testing.assert_array_equal(sample.x[0], [3.6, 79])
    np.testing.assert_allclose(sample.x.sum(axis=0), [948.677, 19284], rtol=1e-12)


tables = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.floats(allow_nan=False, allow_infinity=False),
).filter(lambda x: (x != x[0]).any())


@settings(max_examples=50)
@given(tables, st.sampled_from([",", ";", "\t", " ", "|"]), st.booleans(), st.booleans())
def test_text_round_trip_is_exact(x, delimiter, header, zipped):
    lines = [delimiter.join(f"c{c}" for c in range(x.shape[1]))] if header else []
    lines += [delimiter.join(map(repr, row)) for row in x.tolist()]
    content = "\n".join(lines).encode()
    name = "t.txt.gz" if zipped else "t.txt"
    sample = load(gzip.compress(content) if zipped else content, name)
    np.testing.assert_array_equal(sample.x, x)


@settings(max_examples=30)
@given(tables)
def test_binary_round_trips_are_exact(x):
    np.testing.assert_array_equal(load(npy(x), "t.npy").x, x)
    columns = {f"c{c}": column for c, column in enumerate(x.T)}
    np.testing.assert_array_equal(load(parquet(columns), "t.parquet").x, x)

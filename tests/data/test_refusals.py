import gzip
import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reader_cases import BIG, load, npy, parquet

from gmmpipe.errors import InputError

BAD = {
    # what: (content, file name, options, words of the message)
    "empty": ("", "t.csv", {}, "empty"),
    "whitespace": (" \n\t\n ", "t.csv", {}, "empty"),
    "byte order mark only": (b"\xef\xbb\xbf", "t.csv", {}, "no row"),
    "comments only": ("# a\n# b\n", "t.csv", {}, "no row"),
    "header only": ("\na,b\n", "t.csv", {}, "line 2 header"),
    "header set, no row": ("1,2\n", "t.csv", {"header": True}, "line 1 header"),
    "short row": ("a,b,c\n1,2,3\n4,5\n", "t.csv", {}, "line 3 'c' 2 3 cells"),
    "long row": ("a,b\n1,2\n3,4,5.5\n", "t.csv", {}, "line 3 '5.5' many"),
    "every row one longer": ("a,b\n1,2,3\n4,5,6\n", "t.csv", {}, "line 2 '3' line 1"),
    "short row, blanks": ("1 2\n\n3\n", "t.data", {}, "line 3 'x2'"),
    "text in numbers": ("a,b\n1,2\n3,x y\n5,6\n", "t.csv", {}, "line 3 'b' 'x y' not a number"),
    "text in first row": ("1.5,z\n3,4\n5,6\n", "t.csv", {}, "line 1 'x2' 'z' --header yes"),
    "text after comments": ("# c\n\n1 2\n# c\n3 q\n5 6", "t.txt", {}, "line 5 'x2' 'q'"),
    "quoted text": ('a,b\n1,"2"\n3,"q"\n5,6\n', "t.csv", {}, "line 3 'b' 'q'"),
    "text column": ("a,s\n1,x\n2,y\n", "t.csv", {"columns": (1, 2)}, "line 2 's' 'x' --label s"),
    "text alone": ("s,t\na,x\nb,y\n", "t.csv", {}, "line 2 's' 'a' text --header"),
    "python number": ("a,b\n1,2\n1_0,3\n", "t.csv", {}, "line 3 'a' '1_0' not a number"),
    "hexadecimal": ("a,b\n1,2\n0x1,3\n", "t.csv", {}, "line 3 'a' '0x1' not a number"),
    "digits of another script": ("a,b\n1,2\n\u0661,3\n", "t.csv", {}, "line 3 'a'"),
    "boolean": ("a,b\n1,2\ntrue,3\n4,5\n", "t.csv", {}, "line 3 'a' 'true'"),
    "complex": ("a,b\n1,2\n1+2j,3\n4,5\n", "t.csv", {}, "line 3 'a' '1+2j'"),
    "nan": ("a,b\n1,2\nNaN,3\n", "t.csv", {}, "line 3 'a' 'NaN' --missing drop"),
    "infinity": ("a,b\n1,2\n-inf,3\n", "t.csv", {}, "line 3 'a' '-inf' --missing drop"),
    "overflow": ("a,b\n1,2\n1e999,3\n", "t.csv", {}, "line 3 'a' '1e999' range"),
    "empty cell": ("a,b\n1,2\n,3\n", "t.csv", {}, "line 3 'a' '' --missing drop"),
    "NA": ("a\tb\n1\t2\n4\tNA\n", "t.tsv", {}, "line 3 'b' 'NA' --missing drop"),
    "row of tabs": ("a\tb\n1\t2\n\t\n", "t.tsv", {}, "line 3 'a' --missing drop"),
    "all dropped": ("a,b\n,2\n,3\n", "t.csv", {"missing": "drop"}, "no row"),
    "one row": ("a,b\n1,2\n", "t.csv", {}, "1 rows equal"),
    "one distinct row": ("1 2\n1 2\n1.0 2\n", "t.data", {}, "3 rows equal"),
    "large integer": (f"a,b\n1,2\n3,{BIG}\n", "t.csv", {}, f"line 3 'b' '{BIG}' 2^53"),
    "duplicate names": ("a,b,a\n1,2,3\n4,5,6\n", "t.csv", {}, "two columns 'a'"),
    "nameless column": (",a\n1.5,2\n2,3\n", "t.csv", {}, "column 1 no name --header"),
    "unknown column": ("abc,d\n1,2\n3,4\n", "t.csv", {"columns": ("abd",)}, "did you mean 'abc'"),
    "unknown label": ("abc,d\n1,2\n3,4\n", "t.csv", {"label": "abb"}, "label did you mean 'abc'"),
    "column 3 of 2": ("1,2\n3,4\n", "t.csv", {"columns": (3,)}, "column is 3 1 to 2"),
    "column 0": ("1,2\n3,4\n", "t.csv", {"columns": (0,)}, "column is 0 1 to 2"),
    "column twice": ("a,b\n3,4\n5,6\n", "t.csv", {"columns": ("a", 1)}, "a, 1 twice"),
    "label in columns": ("a,b\n1,2\n3,4\n", "t.csv", {"columns": (1,), "label": "a"}, "label 'a'"),
    "only a label": ("a\n1\n2\n", "t.csv", {"label": "a"}, "feature is needed"),
    "no label at all": ("a,s\n1,\n2,NA\n", "t.csv", {"label": "s"}, "'s' no row label"),
    "id in columns": ("a,b\n1,2\n3,4\n", "t.csv", {"columns": (1,), "id": "a"}, "id 'a'"),
    "id is the label": ("a,b\n1,2\n3,4\n", "t.csv", {"id": 1, "label": "a"}, "label id two"),
    "range backwards": ("a,b\n1,2\n3,4\n", "t.csv", {"columns": ("2..1",)}, "2..1 give 1..2"),
    "range too far": ("a,b\n1,2\n3,4\n", "t.csv", {"exclude": ("2..3",)}, "column is 3 1 to 2"),
    "all excluded": ("a,b\n1,2\n3,4\n", "t.csv", {"exclude": ("a", 2)}, "feature is needed"),
    "names too few": ("1,2\n3,4\n", "t.csv", {"names": ("a",)}, "2 columns 1 names"),
    "NUL": ("a,b\n1,2\n3,\0\n", "t.csv", {}, "line 3 NUL"),
    "UTF-16 without mark": ("1,2\n3,4\n".encode("utf-16-le"), "t.csv", {}, "line 1 NUL encoding"),
    "cut UTF-16": ("1,2\n3,4".encode("utf-16") + b"1", "t.csv", {}, "line 2 utf-16"),
    "latin-1": ("a,s\n1,x\n2,\xe9\n".encode("latin-1"), "t.csv", {}, "line 3 0xe9 latin-1"),
    "unknown encoding": ("1,2\n", "t.csv", {"encoding": "utf-9"}, "'utf-9' unknown"),
    "encoding of no text": ("1,2\n", "t.csv", {"encoding": "rot13"}, "'rot13' unknown"),
    "unclosed quote": ('a,b\n1,2\n"3,4\n5,6\n', "t.csv", {}, "line 3 quote"),
    "text after a quote": ('a,b\n1,2\n"3"x,4\n', "t.csv", {}, "line 3"),
    "5 MB cell": ("a,b\n1,2\n" + "9" * 5_000_000 + ",4\n", "t.csv", {}, "line 3"),
    "200,000 columns": (",".join("1" * 200_000) + "\n1\n", "t.csv", {}, "line 2 'x2' 200000"),
    "200,000 columns of two rows": (
        "1," * 199_999 + "x\n" + "2," * 199_999 + "3\n" + "1," * 199_999 + "3\n",
        "t.csv",
        {},
        "line 1 'x200000' 'x'",
    ),
    "5 MB word": ("1 2\n" + "x" * 5_000_000 + " 4\n5 6\n", "t.txt", {}, "line 2 'x1' 'xxx"),
    "commas or thousands": ("1,500;2\n3,500;4\n", "t.csv", {}, "line 1 'x1' '1,500' --decimal"),
    "both decimal marks": ("1,5;2\n3;4.5\n", "t.csv", {}, "line 1 'x1' '1,5' line 2 'x2' '4.5'"),
    "decimal commas, blanks": ("1,5 2,5\n3,5 4,5\n", "t.data", {}, "--decimal comma"),
    "points with decimal comma": ("1,5;2.5\n3;4\n", "t.csv", {"decimal": "comma"}, "line 1 '2.5'"),
    "wrong delimiter": ("1;2\n3;4\n", "t.csv", {"delimiter": "comma"}, "'1;2'"),
    "unknown suffix": ("1,2\n3,4\n", "t.xls", {}, ".csv .npy .parquet .gz"),
    "no suffix": ("1,2\n3,4\n", "t", {}, ".csv .npy"),
    "not gzip": ("1,2\n3,4\n", "t.csv.gz", {}, "not valid gzip"),
    "cut gzip": (gzip.compress(b"1,2\n3,4\n" * 99)[:-9], "t.csv.gz", {}, "cut off"),
    "bad checksum": (gzip.compress(b"1,2\n3,4\n")[:-8] + bytes(8), "t.csv.gz", {}, "gzip"),
    "gzip and more": (gzip.compress(b"1,2\n3,4\n") + b"PK", "t.csv.gz", {}, "gzip"),
    "gzip bomb": (gzip.compress(b" " * 2**27, 9), "t.csv.gz", {}, "grows unzipped"),
    "empty gzip": (gzip.compress(b""), "t.csv.gz", {}, "empty"),
    "npy of text": (npy(np.array([["a", "b"]])), "t.npy", {}, "U1 real numbers"),
    "npy of objects": (npy(np.array([[{}, 1]], object), allow_pickle=True), "t.npy", {}, "|O real"),
    "npy of complex": (npy(np.ones((2, 2), complex)), "t.npy", {}, "c16 real"),
    "npy of booleans": (npy(np.eye(2, dtype=bool)), "t.npy", {}, "b1 real"),
    "npy of records": (npy(np.zeros(2, [("a", float)])), "t.npy", {}, "real numbers"),
    "npy of a line": (npy(np.arange(5.0)), "t.npy", {}, "(5,) x[:, None]"),
    "npy of a cube": (npy(np.zeros((2, 2, 2))), "t.npy", {}, "(2, 2, 2)"),
    "npy without columns": (npy(np.zeros((2, 0))), "t.npy", {}, "(2, 0)"),
    "npy without rows": (npy(np.zeros((0, 2))), "t.npy", {}, "no row"),
    "npy cut": (npy(np.eye(9))[:-8], "t.npy", {}, "640 648 copy"),
    "npy and more": (npy(np.eye(9)) + b"12345678", "t.npy", {}, "656 648"),
    "npy header amiss": (npy(np.eye(9)).replace(b"(9, 9)", b"(9, (9"), "t.npy", {}, "valid .npy"),
    "npy shape amiss": (npy(np.eye(9)).replace(b"(9, 9)", b"(9,-9)"), "t.npy", {}, "valid .npy"),
    "npy of six bytes": (b"\x93NUMPY", "t.npy", {}, "valid .npy"),
    "npy header cut": (npy(np.eye(9))[:40], "t.npy", {}, "valid .npy"),
    "npy of nothing": (b"1,2\n3,4\n", "t.npy", {}, "valid .npy"),
    "npy nan": (npy(np.array([[1, 2], [3, np.nan]])), "t.npy", {}, "row 2 'x2' nan"),
    "npy large": (npy(np.array([[1, 2], [BIG, 4]])), "t.npy", {}, f"row 2 'x1' {BIG} 2^53"),
    "parquet of text": (parquet({"s": ["a", "b"]}), "t.parquet", {}, "'s' string --label s"),
    "parquet of dates": (
        parquet({"a": [1.0, 2.0], "t": pa.array([1, 2], pa.date32())}),
        "t.parquet",
        {"columns": ("a", "t")},
        "'t' date32",
    ),
    "parquet of booleans": (parquet({"s": [True, False]}), "t.parquet", {}, "'s' bool"),
    "parquet null": (parquet({"a": [1.0, None]}), "t.parquet", {}, "row 2 'a' nan --missing drop"),
    "parquet large": (parquet({"a": [1, BIG]}), "t.parquet", {}, f"row 2 'a' {BIG} 2^53"),
    "parquet no rows": (parquet({"a": pa.array([], pa.float64())}), "t.parquet", {}, "no row"),
    "parquet cut": (parquet({"a": [1, 2]})[:-20], "t.parquet", {}, "read as Parquet"),
    "parquet of text file": (b"1,2\n3,4\n", "t.parquet", {}, "read as Parquet"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_that_names_the_place(case):
    content, name, options, words = BAD[case]
    with pytest.raises(InputError) as caught:
        load(content, name, **options)
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert "\n" not in message
    assert len(message) < 300
    for word in re.findall(r"'[^']*'|\S+", words):
        assert word in message


@settings(max_examples=50)
@given(
    st.one_of(st.binary(max_size=60), st.text('1.,;\t\n\r "#-ena\0', max_size=60).map(str.encode)),
    st.sampled_from(["t.csv", "t.tsv", "t.data", "t.npy", "t.parquet", "t.csv.gz"]),
)
def test_any_bytes_are_read_or_refused(content, name):
    message = ""
    try:
        sample = load(content, name)
    except InputError as error:
        message = str(error)
    else:
        assert np.isfinite(sample.x).all()
        assert len(sample.features) == sample.x.shape[1]
    assert "\n" not in message

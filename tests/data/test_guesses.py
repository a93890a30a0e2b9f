"""What is found out about a file: the right value for each kind, in text and Parquet, any size."""

import gzip
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reader_cases import in_blocks, load, parquet

from gmmpipe.data.dataset import UNKNOWN
from gmmpipe.data.file import File
from gmmpipe.data.file_summary import summary
from gmmpipe.data.read import collect
from gmmpipe.data.start_file import read_start
from gmmpipe.errors import InputError, UnreadableData

X = [[42.5, -39.25], [40.5, -38.5], [39.75, -40.25], [41.25, -38.75]]


def text(rows, mark=","):
    return "".join(mark.join(map(str, row)) + "\n" for row in rows)


def said(content, name="t.csv", kind=File, **options):
    content = content.encode() if isinstance(content, str) else content
    return summary(name, collect(content, name, kind(name, **options)).reading)


@pytest.mark.parametrize(
    ("one", "other"), [("1_12", "11_2"), ("1E2", "10E1"), ("01", "1"), ("a1", "1")]
)
def test_different_text_is_a_different_class(one, other):
    rows = [(0.5, one), (1.5, other), (2.5, one)]
    assert len(load("x,s\n" + text(rows), label="s").classes) == 2
    table = parquet({"x": [row[0] for row in rows], "s": [row[1] for row in rows]})
    assert load(table, "t.parquet", label="s").labels.tolist() in ([0, 1, 0], [1, 0, 1])
    groups = text([(label,) for _, label in rows]).encode()
    assert read_start(groups, "g.csv").n_components == 2


def test_only_numbers_throughout_may_be_one_class():
    assert load("x,s\n1,427.1\n2,427.10\n3,427.1\n", label="s").classes == ("427.1", "427.10")
    assert load("x,s\n1,9\n2,9.0\n3,10\n", label="s").classes == ("9", "10")
    assert load("x,s\n1,9\n2,9.0\n3,b\n", label="s").classes == ("9", "9.0", "b")
    floats = parquet({"x": [1.0, 2.0, 3.0], "s": [9.0, 10.0, 9.0]})
    assert load(floats, "t.parquet", label="s").classes == ("9", "10")


@pytest.mark.parametrize("word", ["n/a", "NULL", "None", "?", "NA", "#N/A", ""])
def test_a_missing_label_is_no_class(word):
    content = f"x,s\n1,a\n2,{word}\n3,b\n"
    for missing in ("refuse", "drop"):
        sample = load(content, label="s", missing=missing)
        assert (sample.classes, sample.labels.tolist()) == (("a", "b"), [0, UNKNOWN, 1])
    with pytest.raises(InputError, match="no row has a label; choose another"):
        load(f"x,s\n1,{word}\n2,{word}\n", label="s")
    table = parquet({"x": [1.0, 2.0, 3.0], "s": ["a", word, "b"]})
    assert load(table, "t.parquet", label="s", missing="drop").classes == ("a", "b")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("r,b\n#DIV/0!,1\n2,3\n4,5\n", "line 2, column 'r': '#DIV/0!'"),
        ("#DIV/0!,1\n2,3\n4,5\n", "line 1, column 'x1': '#DIV/0!'"),
        ("a\n1\n#NA\n3\n", "line 3, column 'a': '#NA'"),
        ("c,b\n1,2\n#ff0000,3\n4,5\n", "line 3, column 'c': '#ff0000'"),
        ("1 2\n3 4\n#5 6\n", "line 3, column 'x1': '#5'"),
    ],
)
def test_a_row_that_begins_with_the_mark_of_comments_is_not_lost(content, words):
    with pytest.raises(InputError, match=words.replace("(", r"\(")):
        load(content, "t.csv" if "," in content or "a" in content else "t.txt")


def test_a_label_that_begins_with_the_mark_of_comments_stays():
    sample = load("1 2 #a\n3 4 #b\n5 6 #a\n", "t.txt", label=-1)
    assert (sample.classes, sample.x.shape) == (("#a", "#b"), (3, 2))
    assert load("#a,1\n#b,2\n", label=1, comment=None).classes == ("#a", "#b")


def test_comments_are_counted_and_said():
    content = "# by hand\na,b\n1,2\n# a pause\n3,4\n# 5,6\n7,9\n"
    with pytest.raises(InputError, match=r"line 6, column 'a': '# 5'"):
        load(content)
    assert "3 comment lines passed over" in said(content, comment="#")
    assert "1 comment line passed over" in said("a b\n1 2 # one\n# two\n3 4\n", "t.txt")


HEADERS = {
    "names of pandas": ("0,1", X, "they count from 0"),
    "years": ("1999,2000", X, "a rising axis"),
    "wavelengths": ("400,400.5,401", [[0.1, 0.3, 0.2], [0.4, 0.2, 0.3]], "a rising axis"),
    "uneven axis": ("1.5,2,2.9,4,7,8", [[3, 1, 2, 5, 4, 6], [2, 1, 4, 3, 6, 5]], "a rising axis"),
    "text above numbers": ("mean,2", X, "text above numbers"),
    "Na": ("Na,K", X, ""),
    "Inf": ("Inf,K", X, ""),
}


@pytest.mark.parametrize("case", HEADERS)
@pytest.mark.parametrize("name", ["t.csv", "t.txt"])
def test_a_header_is_recognised_and_said(case, name):
    first, rows, why = HEADERS[case]
    mark = "," if name == "t.csv" else " "
    content = first.replace(",", mark) + "\n" + text(rows, mark)
    sample = load(content, name)
    assert sample.features == tuple(first.split(","))
    np.testing.assert_array_equal(sample.x, rows)
    line = said(content, name)
    assert (why in line and "--header no" in line) if why else ", header," in line
    if not any(word in first for word in ("mean", "K")):
        assert len(load(content, name, header=False).x) == len(rows) + 1


@pytest.mark.parametrize(
    "content",
    [
        "0,1\n1,0\n1,1\n",
        "1,2,3\n4,5,6\n7,8,9\n",
        "2,4,6\n1,5,9\n",
        "5.1,setosa\n4.9,setosa\n",
        "NA,a\n1,a\n2,b\n",
        ",5.5\n1.5,2\n3,4\n",
    ],
)
def test_a_first_row_of_values_is_data(content):
    label = 2 if "a" in content else None
    rows = len(content.splitlines())
    sample = load(content, missing="drop", label=label)
    assert len(sample.x) + sample.dropped == rows


def test_a_name_that_reads_as_missing_is_a_name():
    sample = load("Na,site\n13,x\n14,y\n12,x\n", label="site")
    assert (sample.features, sample.x.ravel().tolist()) == (("Na",), [13, 14, 12])


def test_messages_about_the_first_line_name_the_option():
    with pytest.raises(InputError, match=r"line 1.*--header yes"):
        load("1.5,z\n3,4\n5,6\n")
    with pytest.raises(InputError, match=r"two columns.*--header no"):
        load("a,a\n3,4\n5,6\n")
    with pytest.raises(InputError, match=r"line 1 is a header.*--header no"):
        load("a,b\n")


def test_an_index_is_left_out_and_said():
    content = ",0,1\n" + text([i, *row] for i, row in enumerate(X))
    sample = load(content)
    assert sample.features == ("0", "1")
    np.testing.assert_array_equal(sample.x, X)
    assert "index left out: column 1" in said(content)
    assert load(",a\n7,1\n9,2\n4,3\n").features == ("a",)  # rows were chosen
    assert load(",a\np1,1\np2,2\n").features == ("a",)
    assert load(",a\n0,1\n1,2\n", columns=(1, 2)).x.shape == (2, 2)


@pytest.mark.parametrize("names", [("1", "2", "3"), ("p1", "p2", "p3")])
def test_row_names_of_r_have_no_name_above_them(names):
    rows = [(name, i, i * i / 8) for i, name in enumerate(names)]
    content = '"a" "b"\n' + text(rows, " ")
    sample = load(content, "t.txt")
    assert (sample.features, len(sample.x)) == (("a", "b"), 3)
    assert "index left out: column 1" in said(content, "t.txt")
    assert load("a,b\n" + text(rows)).features == ("a", "b")


def indexed():
    table = pa.table({"a": [1.0, 2.0], "patient": [7, 8]})
    notes = {b"pandas": json.dumps({"index_columns": ["patient"]}).encode()}
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(notes), sink)
    return sink.getvalue().to_pybytes()


def test_the_index_of_pandas_in_parquet_is_left_out_unless_chosen():
    assert load(indexed(), "t.parquet").features == ("a",)
    assert "index left out: patient" in said(indexed(), "t.parquet")
    assert load(indexed(), "t.parquet", columns=("a", "patient")).x.tolist() == [[1, 7], [2, 8]]
    assert load(indexed(), "t.parquet", label="patient").classes == ("7", "8")


@pytest.mark.parametrize(
    ("missing", "words"),
    [("drop", "2 rows with missing values"), ("keep", "1 row without any value")],
)
def test_rows_left_out_are_said_for_what_they_lack(missing, words):
    assert words + " left out" in said("a,b\n1,2\n3,NA\n,\n4,1\n", missing=missing)


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_row_numbers_are_named(name):
    columns = {"rownames": [1, 2, 3, 4], "a": [0.5, 0.25, 2, 3]}
    content = parquet(columns)
    if name == "t.csv":
        content = "rownames,a\n" + text(zip(*columns.values(), strict=True))
    assert "rownames rises by one in every row" in said(content, name)
    assert "rises" not in said("a,b\n1,2\n2,4\n4,5\n")
    ahead = said("id,a,site\n1,2.5,n\n2,3.5,s\n3,1.5,n\n")
    assert "2 numeric columns, id rises by one" in ahead  # not among what is left out
    assert ahead.endswith("left out: site")
    assert "a rises by one" in said("a,b\n1,2\n2,\n3,5\n4,4\n", missing="drop")


FORMS = {
    "decimal commas": ("m;n\n12,5;3,1\n11,9;2\n", [[12.5, 3.1], [11.9, 2]], "decimal commas"),
    "after a tab": ("m\tn\n12,5\t3,1\n11,9\t2\n", [[12.5, 3.1], [11.9, 2]], "decimal commas"),
    "thousands": ("m;n\n1,113;8\n794;5\n", [[1113, 8], [794, 5]], "thousands parted"),
    "quoted thousands": ('m,n\n"1,113",8\n"794",5\n', [[1113, 8], [794, 5]], "thousands parted"),
    "millions": ("m;n\n1,234,567;8\n2;5\n", [[1234567, 8], [2, 5]], "thousands parted"),
    "both marks": ("m;n\n1.234,5;8\n2,5;5\n", [[1234.5, 8], [2.5, 5]], "decimal commas"),
    "both, a point": ("m;n\n1,234.5;8\n1,113;5\n", [[1234.5, 8], [1113, 5]], "thousands parted"),
    "apostrophes": ("m;n\n1'234;8.5\n2;5\n", [[1234, 8.5], [2, 5]], "thousands parted"),
    "small spaces": ("m;n\n1\u202f234,5;8\n2;5\n", [[1234.5, 8], [2, 5]], "decimal commas"),
    "points": ("m;n\n1.113;8\n0.5;5\n", [[1.113, 8], [0.5, 5]], "; separated, header"),
}


@pytest.mark.parametrize("case", FORMS)
def test_how_numbers_are_written_is_found_and_said(case):
    content, rows, words = FORMS[case]
    np.testing.assert_array_equal(load(content).x, rows)
    assert words in said(content)


def test_a_column_with_two_readings_is_refused():
    with pytest.raises(InputError, match=r"'1,113' is 1113 or 1.113.*--decimal point or --decim"):
        load("m;n\n1,113;8\n2,250;5\n")
    assert load("m;n\n1,113;8\n2,250;5\n", decimal="comma").x[0, 0] == 1.113
    assert load("m;n\n1,113;8\n2,250;5\n", decimal="point").x[0, 0] == 1113
    with pytest.raises(InputError, match="line 3, column 'm'"):
        load("m;n\n1,234,567;8\n12,5;5\n")
    many = "m\n" + "".join(f"{i}.{100 + i}\n" for i in range(1, 20)) + "794\n"
    with pytest.raises(InputError, match=r"'1.101' is 1101 or 1.101"):
        load(many)


def test_beyond_the_first_lines_another_form_is_refused():
    content = "m;n\n" + "1;2\n" * 1000 + "2,5;3\n"
    with pytest.raises(InputError, match=r"line 1002, column 'm': '2,5'.*--decimal comma"):
        load(content)


def test_one_column_with_blanks_in_its_name():
    sample = load("sepal length (cm)\n5.1\n4.9\n")
    assert (sample.features, sample.x.ravel().tolist()) == (("sepal length (cm)",), [5.1, 4.9])
    assert load("a b\n1\n2\n", delimiter="none").features == ("a b",)


def test_the_delimiter_is_the_one_whose_cells_are_numbers():
    content = "".join(f'{i}.5   8  {i}\t"make {i % 2}"\n' for i in range(5))
    sample = load(content, "t.data", label=-1)
    assert sample.x.shape == (5, 3)
    assert sample.classes == ("make 0", "make 1")


@pytest.mark.parametrize(
    ("name", "comment"), [("t.txt", "# ra dec"), ("t.csv", "#ra,dec"), ("t.tsv", "## ra\tdec")]
)
def test_names_in_the_last_comment(name, comment):
    mark = {"t.txt": " ", "t.csv": ",", "t.tsv": "\t"}[name]
    content = f"# of 2000\n{comment}\n" + text(X, mark)
    assert load(content, name).features == ("ra", "dec")
    assert "names from the comment above (ra, dec)" in said(content, name)
    assert load(content, name, header=False).features == ("x1", "x2")
    assert load("# two rows\n" + text(X), "t.csv").features == ("x1", "x2")


def test_the_first_line_of_excel():
    assert load("sep=;\na;b\n1;2\n3;4,5\n").x.tolist() == [[1, 2], [3, 4.5]]
    assert load('"sep=|"\na|b\n1|2\n3|4\n').features == ("a", "b")


def test_a_name_with_a_comma_can_be_chosen():
    content = '"Area, mm2",b,c\n1,2,3\n4,5,6\n'
    assert load(content, columns=("Area", " mm2")).features == ("Area, mm2",)
    assert load(content, columns=("c", "Area", " mm2")).features == ("c", "Area, mm2")


def test_text_columns_are_left_out_and_said():
    content = "id;a;b;site\nf1;1,5;2;x\nf2;2;5;y\nf3;4;4;x\n"
    assert load(content).features == ("a", "b")
    line = "t.csv: ; separated, decimal commas, header, 2 numeric columns, left out: id, site"
    assert said(content) == line
    with pytest.raises(InputError, match="line 4, column 'a': 'x'"):  # not text alone
        load("a,b\n1,2\n2,3\nx,4\n")


FOREIGN = {
    "zip": (b"PK\x03\x04" + bytes(30), "ZIP archive"),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(30), "OLE document"),
    "Parquet": (parquet({"a": [1.0, 2.0]}), "Parquet.*ends in .parquet"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
    "page": (b"\n<!DOCTYPE html><html>", "HTML page"),
    "page, zipped": (gzip.compress(b"<html>"), "HTML page"),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_another_kind_of_file_is_called_by_its_name(case):
    content, words = FOREIGN[case]
    with pytest.raises(InputError, match=words):
        load(content)


def test_gzip_is_read_whatever_its_name():
    assert load(gzip.compress(b"a,b\n1,2\n3,4\n")).x.tolist() == [[1, 2], [3, 4]]
    table = parquet({"a": [1.0, 2.0]})
    assert load(gzip.compress(table), "t.parquet").x.tolist() == [[1], [2]]


def test_sub_folders_of_parquet_are_read_and_said(tmp_path):
    for i, below in enumerate(["year=2020", "year=2021"]):
        (tmp_path / "rows" / below).mkdir(parents=True)
        table = pa.table({"a": [1.0 + i, 2.0 + 4 * i]})
        pq.write_table(table, tmp_path / "rows" / below / "part.parquet")
    found = collect(tmp_path / "rows", "rows", File("rows"), tmp_path)
    assert found.sample().x.ravel().tolist() == [1, 2, 2, 6]
    assert "columns by folder left out: year" in summary("rows", found.reading)
    kind = File("rows", label="year")
    assert collect(tmp_path / "rows", "rows", kind, tmp_path).sample().classes == ("2020", "2021")
    kind = File("rows", columns=("a", "year"))
    assert collect(tmp_path / "rows", "rows", kind, tmp_path).sample().x[3].tolist() == [6, 2021]
    (tmp_path / "rows/more").symlink_to(tmp_path / "rows/year=2020")
    with pytest.raises(InputError, match="link to a folder"):
        collect(tmp_path / "rows", "rows", File("rows"))


def test_the_number_of_a_row_is_that_of_the_file():
    content = "id,a,b\np0,1,2\np1,,5\np2,3,4\np3,NA,0\np4,5,5\n"
    sample = load(content, missing="drop")
    assert (sample.rows.tolist(), sample.x[:, 0].tolist()) == ([0, 2, 4], [1, 3, 5])
    assert load("a,b\n1,2\n3,4\n").rows is None
    emptied = load("a,b\n1,2\n,\n,4\n", missing="keep")
    assert emptied.rows.tolist() == [0, 2]


def test_comments_at_the_end_are_counted_whatever_the_blocks():
    content = "a,b\n1,2\n3,4\n# five\n# six\n"
    assert "2 comment lines passed over" in said(content, kind=in_blocks(4))


@pytest.mark.parametrize("case", ["decimal commas", "thousands"])
def test_what_is_decided_depends_on_no_block(case, tmp_path):
    content, rows, _ = FORMS[case]
    whole, kind = said(content), in_blocks(7)
    assert said(content, kind=kind) == whole
    (tmp_path / "t.csv").write_text(content, encoding="utf-8")
    found = collect(tmp_path / "t.csv", "t.csv", kind("t.csv"), tmp_path)
    assert summary("t.csv", found.reading) == whole
    np.testing.assert_array_equal(found.sample().x, rows)


def test_utf_16_in_parts():
    content = "a,b\r\n1,2\r\n3,4\r\n".encode("utf-16")
    assert load(content, kind=in_blocks(5)).x.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_when_told(encoding):
    content = "a,b\n1,2\n3,4\n".encode(encoding)
    with pytest.raises(InputError, match="--encoding utf-16"):
        load(content)
    assert load(content, encoding="utf-16").x.tolist() == [[1, 2], [3, 4]]


def test_text_with_missing_cells_is_left_out():
    rows = "a,kind,b\n1,x,4\n2,,5\n3,NA,6.5\n"
    assert load(rows).features == ("a", "b")
    with pytest.raises(InputError, match=r"line 2, column 'b': '' is a missing value"):
        load("a,b\n1,\n2,\n3,NA\n")


def test_what_stands_for_a_missing_value_can_be_said():
    rows = "a,b,kind\n1,-999,none\n2,5,Na\n3,6.5,x\n4,-999.0,\n"
    reading = collect(rows.encode(), "t.csv", File("t.csv", label="kind")).reading
    words = "group of 1 of 4 rows known (Na, none: no group; if it is one, --na '')"
    assert words in summary("t.csv", reading)
    found = load(rows, label="kind", na=("",))
    assert (found.classes, found.labels.tolist()) == (("Na", "none", "x"), [1, 0, 2, UNKNOWN])
    for na in ((-999,), ("-999", "X")):
        found = load(rows, columns=("a", "b"), na=na, missing="keep")
        np.testing.assert_array_equal(found.x[:, 1], [np.nan, 5, 6.5, np.nan])
        with pytest.raises(InputError, match=r"line 2, column 'b': value -999.0 stands for none"):
            load(rows, columns=("a", "b"), na=na)
    found = load(rows, label="kind", columns=("a",), na=("X",))
    assert (found.classes, found.labels.tolist()) == (("Na", "none"), [1, 0, UNKNOWN, UNKNOWN])
    with pytest.raises(InputError, match=r"line 3, column 'a': 'NA' is not a number"):
        load("a,b\n1,2\nNA,4\n", na=("x",), missing="keep")
    frame = parquet({"a": [1.0, -9.0, 3.0], "b": [1, 2, -9]})
    assert np.isnan(load(frame, "t.parquet", na=(-9,), missing="keep").x).sum() == 2


def test_text_with_some_numbers_is_left_out():
    rows = "title,a,b\nAlien,1,4\n1984,2,5\nBrazil,3,6.5\n300,5,7\nHeat,6,8\n"
    assert load(rows).features == ("a", "b")
    assert load(rows, label="title").classes == ("1984", "300", "Alien", "Brazil", "Heat")
    with pytest.raises(InputError, match=r"'Alien' is text, as is most of the column"):
        load(rows, columns=("title", "a"))
    only = "title\n300\nAlien\nBrazil\n"
    with pytest.raises(
        InputError, match=r"no column of numbers .* line 3, column 'title': 'Alien'"
    ):
        load(only)


def test_a_word_in_a_column_of_numbers_is_refused_with_what_leaves_it_out():
    rows = "a,size,b\n1,4,4\n2,6,5\n3,rotary,6.5\n"
    with pytest.raises(
        UnreadableData, match=r"line 4, column 'size': 'rotary' is not a number; mend it, or give"
    ) as refusal:
        load(rows)
    assert str(refusal.value).endswith("give --columns a,b")
    of_dataset = str(refusal.value.of_dataset("cars"))
    assert of_dataset.endswith("give 'dataset.cars.columns=[a,b]'")
    assert load(rows, columns=("a", "b")).x.tolist() == [[1, 4], [2, 5], [3, 6.5]]


def test_years_beside_words_are_a_header_though_no_word_is_above_numbers():
    rows = (
        '"Country","Code","1960","1961","1962"\nAruba,ABW,4.82,4.65,4.47\nAngola,AGO,,7.31,7.35\n'
    )
    found = load(rows, missing="keep")
    assert found.features == ("1960", "1961", "1962")
    assert found.x.shape == (2, 3)


def test_rising_numbers_without_a_name_are_an_index():
    rows = '"","142.24","144.78","147.32"\n"9.4",0,2,1\n"9.5",1,3,0\n"9.6",5,0,2\n'
    found = load(rows)
    assert found.features == ("142.24", "144.78", "147.32")
    assert found.x.shape == (3, 3)


def test_the_delimiter_parts_the_header_as_well():
    rows = "symbol,date,price\n" + "".join(f"MSFT,Jan {i} 2000,39.8{i}\n" for i in range(1, 9))
    found = load(rows)
    assert found.features == ("price",)
    assert len(found.x) == 8

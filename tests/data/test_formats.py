"""Files of other programs: the same rows, names and labels, whatever they are kept in."""

import gzip
import io
import json
import tracemalloc

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather as feather_files
from pyarrow import orc, parquet
from reader_cases import load
from scipy.io import savemat

from gmmpipe.data import source
from gmmpipe.data.file import File
from gmmpipe.data.file_summary import summary
from gmmpipe.data.formats import registry, rows, typed
from gmmpipe.data.formats.registry import FORMATS, Format
from gmmpipe.data.read import collect
from gmmpipe.errors import InputError

X = np.array([[5.1, 3.5], [4.9, np.pi], [1e-300, -2.0], [0.1 + 0.2, 7.0]])
KINDS = ["setosa", "a1", "A1", "virginica"]
FRAME = pd.DataFrame({"length": X[:, 0], "width": X[:, 1], "kind": KINDS})
NAMES = ("length", "width")


def arrow(frame, name="file"):
    sink = io.BytesIO()
    table = pa.Table.from_pandas(frame)
    write = {"file": pa.ipc.new_file, "stream": pa.ipc.new_stream}[name]
    with write(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def feather(frame):
    sink = io.BytesIO()
    feather_files.write_feather(pa.Table.from_pandas(frame), sink)
    return sink.getvalue()


def as_orc(frame):
    sink = io.BytesIO()
    orc.write_table(pa.Table.from_pandas(frame, preserve_index=False), sink)
    return sink.getvalue()


def mat(**variables):
    sink = io.BytesIO()
    savemat(sink, variables, do_compression=True)
    return sink.getvalue()


def arff(frame):
    kinds = ",".join(frame["kind"])
    lines = ["% made by hand", "@relation flowers", "@attribute length numeric"]
    lines += ["@attribute width real", f"@attribute kind {{{kinds}}}", "@data"]
    lines += [f"{a!r},{b!r},{kind}" for a, b, kind in frame.to_numpy().tolist()]
    return "\n".join(lines).encode()


def text(value):
    return json.dumps(value).encode()


ROWS = FRAME.to_numpy().tolist()
WRITTEN = {
    "t.feather": feather(FRAME),
    "t.arrow": arrow(FRAME),
    "stream.arrow": arrow(FRAME, "stream"),
    "t.orc": as_orc(FRAME),
    "t.arff": arff(FRAME),
    "records.json": text(FRAME.to_dict("records")),
    "columns.json": text(FRAME.to_dict()),
    "lists.json": text(FRAME.to_dict("list")),
    "split.json": text(FRAME.to_dict("split")),
    "rows.json": text([list(FRAME), *ROWS]),
    "table.json": FRAME.to_json(orient="table", double_precision=15).encode(),
    "data.json": text({"source": "field", "data": FRAME.to_dict("records")}),
    "t.jsonl": b"\n".join(map(text, FRAME.to_dict("records"))),
    "rows.ndjson": b"\n".join(map(text, [list(FRAME), *ROWS])),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_the_same_table_in_each_format(name, tmp_path):
    for content in (WRITTEN[name], gzip.compress(WRITTEN[name])):
        found = load(content, name, label="kind")
        assert found.features == NAMES
        np.testing.assert_allclose(found.x, X, rtol=1e-14 if name == "table.json" else 0)
        assert [found.classes[code] for code in found.labels] == KINDS
    path = tmp_path / name  # from disk, as of large files
    path.write_bytes(WRITTEN[name])
    found = collect(path, name, File(path=name), tmp_path)
    assert found.reading["left_out"] == ["kind"]
    assert summary(name, found.reading).endswith("2 numeric columns, left out: kind")
    np.testing.assert_array_equal(found.sample().x, load(WRITTEN[name], name).x)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_cut_off_file_is_refused_in_one_line(name):
    content = WRITTEN[name]
    half = content[: len(content) * 3 // 8]
    with pytest.raises(InputError) as refusal:
        load(half, name, columns=("length", "width"), label="kind")
    assert str(refusal.value).startswith(name)
    assert "\n" not in str(refusal.value)


def test_values_of_json():
    rows = [{"a": 1, "b": None}, {"b": 2.5, "a": "3.5", "note": {"by": ["me"]}}, {"a": 5, "b": 1}]
    found = load(text(rows), "t.json", missing="keep")
    np.testing.assert_array_equal(found.x, [[1, np.nan], [3.5, 2.5], [5, 1]])
    assert found.features == ("a", "b")
    with pytest.raises(InputError, match=r"line 1, column 'b': '' is a missing value.*--missing"):
        load(text(rows), "t.json")
    with pytest.raises(InputError, match=r"line 2, column 'a': '9007199254740993' is an integer"):
        load(b'[{"a":1},{"a":9007199254740993}]', "t.json")


def test_fractions_of_json_are_no_thousands():
    rows = [[1.113], [794]] * 10
    assert load(text([["u"], *rows]), "t.json").x.tolist() == rows
    with pytest.raises(InputError, match=r"'2,5' is no number where decimals are points"):
        load(text([["u"], *rows, ["2,5"]]), "t.json")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'[{"a": 1, "a": 2}]', "an object has 'a' twice"),
        (b'{"type": "FeatureCollection", "features": [1]}', "not a table; give a list of objects"),
        (b'{"a": [1, 2], "b": [1]}', "not a table"),
        (b"[1, 2]", "not a table"),
        (b"{'a': 1}", "not JSON (Expecting property name"),
        (b"[" * 100_000, "not JSON"),
        (b'[{"a": "\xff"}]', "byte 0xff is not utf-8"),
    ],
)
def test_json_that_is_no_table(content, said):
    with pytest.raises(InputError) as refusal:
        load(content, "t.json")
    assert said in str(refusal.value)


def test_a_line_of_jsonl_that_is_wrong_is_named():
    with pytest.raises(InputError, match=r"t.jsonl: line 3: not JSON"):
        load(b'{"a": 1}\n\n{"a": 2\n', "t.jsonl")
    with pytest.raises(InputError, match="give an object, or a list, in each line"):
        load(b'{"a": 1}\n[2]\n', "t.jsonl")
    with pytest.raises(InputError, match=r"t.jsonl: line 3, column 'a': 'x' is not a number"):
        load(b'{"a": 1}\n{"a": 2}\n{"a": "x"}\n', "t.jsonl")


def test_variables_of_matlab_stand_side_by_side():
    y = np.array([[1], [0], [1], [0]])
    labels = np.array(KINDS, object)[:, None]
    content = mat(X=X, y=y, kind=labels, note="by hand", fs=50.0)
    found = load(content, "t.mat", label="kind")
    assert found.features == ("X1", "X2", "y")
    np.testing.assert_array_equal(found.x, np.column_stack([X, y]))
    assert [found.classes[code] for code in found.labels] == KINDS
    reading = gather_reading(content, "t.mat")
    assert reading["left_out"] == ["kind", "note", "fs"]
    assert reading["table"] == "3 variables"
    assert gather_reading(content, "t.mat", table="X")["table"] == "variable X"
    np.testing.assert_array_equal(load(content, "t.mat", table="X").x, X)


def gather_reading(content, name, **options):
    return collect(content, name, File(path=name, **options)).reading


def test_unclear_tables_of_matlab():
    content = mat(train=X, test=X[:3])
    with pytest.raises(InputError, match=r"differ in rows \(train 4, test 3\); give --table train"):
        load(content, "t.mat")
    assert len(load(content, "t.mat", table="test").x) == 3
    with pytest.raises(InputError, match=r"variable is 'tset'.*did you mean 'test'"):
        load(content, "t.mat", table="tset")
    with pytest.raises(InputError, match=r"MATLAB 7.3, which is HDF5; save it with -v7"):
        load(b"MATLAB 7.3 MAT-file" + bytes(600), "t.mat")
    with pytest.raises(InputError, match="holds no matrix of two rows"):
        load(mat(a=1.0), "t.mat")


def test_what_is_deep_in_a_mat_file_does_not_grow_beyond_measure():
    content = mat(X=X, deep={"zeros": np.zeros(9_000_000)})
    assert len(content) < 2**17
    with pytest.raises(InputError, match=r"t.mat: of .* bytes, grows more than 100-fold"):
        load(content, "t.mat")
    assert len(load(mat(X=X, deep={"zeros": np.zeros(90)}), "t.mat").x) == 4


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.json", text([[1, 2]] * 100), "800 characters would take"),
        ("t.arff", b"% note\n" * 60 + WRITTEN["t.arff"], "characters would take"),
        ("t.json", text([{f"k{i}": 1} for i in range(20)]), "20 rows of 20 columns would take"),
        ("t.json", text({f"k{i}": {i: 1} for i in range(20)}), "20 rows of 20 columns would take"),
        ("t.jsonl", b"".join(b'{"k%d": 1}\n' % i for i in range(20)), "20 rows of 20 columns"),
        (
            "t.feather",
            feather(pd.DataFrame({"a": [0.5, 1.5] * 200})),
            "400 rows of 1 columns would",
        ),
        (
            "t.arrow",
            arrow(pd.DataFrame({"a": [0.5, 1.5] * 200}), "stream"),
            "400 rows of 1 columns",
        ),
        ("t.mat", mat(x=np.ones((40, 10))), "40 rows of 10 columns would take"),
    ],
)
def test_what_memory_does_not_hold_is_refused(name, content, said, monkeypatch):
    monkeypatch.setattr("gmmpipe.store.free_memory.available", lambda: 24 * 390)
    with pytest.raises(InputError, match=f"^{name}: .*{said}"):
        load(content, name, label="kind" if name == "t.arff" else None)


@pytest.mark.parametrize("odd", ["a\\ud800", "a\\u0000", "a" * 9999])
@pytest.mark.parametrize(
    "row", ['{"%s": %d, "b": %d}', '{"a": %d, "b": %d, "%s": 1}', '{"a": %d, "b": %d, "k": "%s"}']
)
def test_names_that_no_table_or_figure_holds_are_refused(row, odd):
    rows = [row.replace("%s", odd) % (i, i * i) for i in range(3)]
    with pytest.raises(InputError, match=r"^t.jsonl: .*(no place|shorten it|a NUL|no Unicode)"):
        load("\n".join(rows).encode(), "t.jsonl", label="k" if '"k"' in row else None)


@pytest.mark.parametrize("digits", ["9" * 5000, "0" * 5000 + "9" * 20])
def test_an_integer_of_any_length_is_refused(digits):
    with pytest.raises(InputError, match=r"beyond"):
        load(f"1,2\n{digits},3\n".encode(), "t.csv")


@pytest.mark.parametrize("make", [pa.ipc.new_file, pa.ipc.new_stream])
def test_a_batch_that_unpacks_to_more_than_memory_holds_is_refused(make, monkeypatch):
    """Before it is unpacked; the number of its rows, which it may lie about, does not matter."""
    sink, table = io.BytesIO(), pa.table({"a": [0.5, 1.5] * 2000, "b": ["x", "y"] * 2000})
    table = table.set_column(1, "b", table["b"].dictionary_encode())
    with make(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    assert len(load(sink.getvalue(), "t.arrow", label="b").x) == 4000
    monkeypatch.setattr("gmmpipe.store.free_memory.available", lambda: 24 * 4000)
    monkeypatch.setattr(pa.ipc, "open_file", None)
    monkeypatch.setattr(pa.ipc, "open_stream", None)
    with pytest.raises(InputError, match=r"^t.arrow: 6,\d{3} rows of 1 columns would take"):
        load(sink.getvalue(), "t.arrow", label="b")


def packed(labels, suffix, **options):
    """Return a file with two features and labels, packed."""
    table = pa.table({"a": np.arange(len(labels)) * 0.5, "b": np.sin(range(len(labels)))})
    sink, table = io.BytesIO(), table.append_column("kind", labels)
    if suffix == "feather":
        feather_files.write_feather(table, sink, compression="zstd")
    else:
        parquet.write_table(table, sink, compression="zstd", store_schema=False, **options)
    return sink.getvalue()


@pytest.mark.parametrize("suffix", ["parquet", "feather"])
def test_a_text_that_many_rows_share_is_in_memory_once(suffix, monkeypatch):
    """As much as one text for each of 500 rows would be 500 MB."""
    long = pa.DictionaryArray.from_arrays(pa.array([0, 1] * 250), ["a" * 2**20, "b"])
    content, made = packed(long, suffix), []
    monkeypatch.setattr(typed, "_table", lambda *a, f=typed._table: made.append(1) or f(*a))
    tracemalloc.start()
    before = pa.total_allocated_bytes()
    with pytest.raises(InputError, match=r"'kind' holds a text of 1,048,576 bytes, .* no label"):
        load(content, f"t.{suffix}", label="kind")
    assert made
    assert tracemalloc.get_traced_memory()[1] < 2**26
    assert pa.total_allocated_bytes() - before < 2**26
    tracemalloc.stop()


def test_texts_that_memory_does_not_hold_are_refused_before_they_are_read(monkeypatch):
    content = packed(pa.array([f"{i:01000}" for i in range(100)]), "parquet", use_dictionary=False)
    assert len(load(content, "t.parquet", label="kind").x) == 100
    monkeypatch.setattr("gmmpipe.store.free_memory.available", lambda: 24 * 8_000)
    assert len(load(content, "t.parquet").x) == 100
    with pytest.raises(InputError, match=r"^t.parquet: texts of 100 rows would take"):
        load(content, "t.parquet", label="kind")


def test_labels_are_the_same_however_they_are_stored():
    texts = ["b", None, "a", "b", "NA", "c"] * 20
    plain = packed(pa.array(texts), "parquet", use_dictionary=False)
    plain = load(plain, "t.parquet", label="kind", missing="drop")
    for labels in (pa.array(texts), pa.array(texts).dictionary_encode()):
        for suffix in ("parquet", "feather"):
            found = load(packed(labels, suffix), f"t.{suffix}", label="kind", missing="drop")
            assert found.classes == plain.classes
            np.testing.assert_array_equal(found.labels, plain.labels)


def test_lists_are_no_labels():
    with pytest.raises(InputError, match=r"'kind' holds list<.*>, no labels; choose another"):
        load(packed(pa.array([[1, 2], [3]]), "feather"), "t.feather", label="kind")


def test_cells_that_share_a_text_are_counted_each(monkeypatch):
    """As in a workbook; they are written out before they are read."""
    monkeypatch.setattr("gmmpipe.store.free_memory.available", lambda: 3 * 2**24)
    cells = [[i, "a" * 2**20] for i in range(64)]
    with pytest.raises(InputError, match=r"^book: cells of 16,777,238 characters would take"):
        list(rows.read_rows(cells, "book", File("book")))


def test_a_table_is_chosen_only_where_there_may_be_several():
    with pytest.raises(InputError, match="one table; leave out --table"):
        load(b"1\n2\n", table="x")


def test_categories_and_the_index_of_pandas():
    frame = FRAME.assign(kind=FRAME["kind"].astype("category")).set_index("width")
    found = load(feather(frame), "t.feather", label="kind")
    assert found.features == ("length",)
    assert [found.classes[code] for code in found.labels] == KINDS


def test_a_format_that_is_added_is_read_at_any_size(tmp_path, monkeypatch):
    def parse(file, name, kind):
        yield from registry.delimited(io.BytesIO(file.read().replace(b"~", b",")), name, kind)

    monkeypatch.setitem(FORMATS, "tilde", Format((".tilde",), parse, text=True))
    rows = np.arange(2_400_000).reshape(-1, 2) * 0.5
    path = tmp_path / "t.tilde"
    path.write_bytes(b"\n".join(b"%.1f~%.1f" % tuple(row) for row in rows.tolist()))
    assert path.stat().st_size > source.LARGE
    np.testing.assert_array_equal(
        collect(path, "t.tilde", File(path=""), tmp_path).sample().x, rows
    )


@pytest.mark.parametrize("kind", [kind for kind in FORMATS.values() if kind.extra])
def test_an_extra_that_is_missing_is_named(kind, monkeypatch):
    monkeypatch.setattr(registry, "find_spec", lambda _: None)
    for suffix in kind.suffixes:
        with pytest.raises(InputError) as refusal:
            load(b"x", f"t{suffix}")
        assert str(refusal.value) == (
            f"t{suffix}: to read {suffix}, the package {kind.module} is missing;"
            f" `pip install 'gmmpipe[{kind.extra}]'` gets it"
        )


def test_a_missing_library_is_named_with_what_brings_it(monkeypatch):
    absent = Format((".x",), registry.delimited, module="no_such_library", extra="x")
    monkeypatch.setitem(FORMATS, "x", absent)
    with pytest.raises(InputError, match=r"t.x: .* no_such_library is missing; .*gmmpipe\[x\]"):
        load(b"1\n2\n", "t.x")


@pytest.mark.parametrize("name", ["t.feather", "t.arrow", "stream.arrow", "t.orc", "t.parquet"])
def test_a_file_is_not_opened_again_by_its_name(name, tmp_path):
    """Under which there may be a pipe by now, which would be waited for."""
    path = tmp_path / name
    path.write_bytes(WRITTEN.get(name) or FRAME.to_parquet())
    with path.open("rb") as file:
        path.unlink()
        (table,) = registry.format_of(name).parse(file, name, File(name))
    np.testing.assert_array_equal(table.x, X)

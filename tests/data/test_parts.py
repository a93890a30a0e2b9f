"""Files read in parts: the numbers and the refusals of files read whole."""

import gzip
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reader_cases import load, npy, parquet
from test_read import GOOD, PLAIN
from test_refusals import BAD

from gmmpipe.data import source
from gmmpipe.data.file import File
from gmmpipe.data.read import collect
from gmmpipe.data.source import described
from gmmpipe.errors import InputError

WHOLE = {"empty", "whitespace", "gzip bomb", "empty gzip"}  # these are never large
WHOLE |= {"cut UTF-16", "npy of six bytes", "npy of nothing", "unknown suffix", "no suffix"}


@pytest.fixture(autouse=True)
def large(monkeypatch):
    monkeypatch.setattr(source, "LARGE", 1)


class Parts(File):
    part, block = 2, 48


class LargeBlocks(Parts):
    block = File.block


class ShortLines(Parts):
    longest_line = 20


def in_parts(tmp_path, content, name, kind=Parts, **options):
    content = content.encode() if isinstance(content, str) else content
    (tmp_path / name).write_bytes(content)
    return collect(tmp_path / name, name, kind(name, **options), tmp_path)


def same(found, expected):
    np.testing.assert_array_equal(found.x, expected.x)
    assert found.x.dtype == expected.x.dtype
    assert (found.features, found.classes, found.dropped) == (
        expected.features, expected.classes, expected.dropped,
    )  # fmt: skip
    for name in ("labels", "weight", "rows"):
        ours, theirs = getattr(found, name), getattr(expected, name)
        assert (ours is None) == (theirs is None)
        if ours is not None:
            np.testing.assert_array_equal(ours, theirs)
            assert ours.dtype == theirs.dtype


@pytest.mark.parametrize("case", GOOD)
@pytest.mark.parametrize("zipped", [False, True])
def test_every_manner_of_text(case, zipped, tmp_path):
    pattern, name, options = GOOD[case]
    content = pattern.format(*PLAIN)
    expected = load(content, name, **options)
    if zipped:
        name, content = f"{name}.gz", gzip.compress(content.encode())
    same(in_parts(tmp_path, content, name, **options).sample(), expected)


@pytest.mark.parametrize("case", sorted(set(BAD) - WHOLE))
def test_what_is_wrong_is_said_in_the_same_words(case, tmp_path):
    content, name, options, words = BAD[case]
    kind = LargeBlocks if any(word in case for word in ("columns", "MB")) else Parts
    with pytest.raises(InputError) as caught:
        in_parts(tmp_path, content, name, kind, **options)
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    for word in re.findall(r"'[^']*'|\S+", words):
        assert word in message


TABLE = "a,b,g,w\n" + "".join(
    f"{i / 3},{'' if i % 5 == 1 else i % 7},{'zyx'[i % 3]}{'' if i < 30 else i % 2},{i % 4}\n"
    for i in range(50)
)


@pytest.mark.parametrize("missing", ["drop", "keep"])
def test_labels_weights_and_missing_values(missing, tmp_path):
    options = {"label": "g", "weight": "w", "missing": missing}
    found = in_parts(tmp_path, TABLE, "t.csv", **options)
    same(found.sample(), load(TABLE, **options))
    whole = collect(TABLE.encode(), "t.csv", File("t.csv", **options))
    assert found.size == whole.size
    assert found.size["n"] == (40 if missing == "drop" else 50)
    assert ("patterns" in found.size) == (missing == "keep")


def test_arrays_and_parquet(tmp_path):
    x = np.random.default_rng(0).normal(size=(9, 3))
    same(in_parts(tmp_path, npy(x), "x.npy").sample(), load(npy(x), "x.npy"))
    fortran, label = npy(np.asfortranarray(np.arange(18).reshape(9, 2))), {"label": 2}
    same(in_parts(tmp_path, fortran, "x.npy", **label).sample(), load(fortran, "x.npy", **label))
    table = parquet({"u": x[:, 0], "g": list("aabbccdda"), "v": pa.array(range(9), pa.int16())})
    same(
        in_parts(tmp_path, table, "t.parquet", label="g").sample(),
        load(table, "t.parquet", label="g"),
    )


def test_a_folder_of_parquet_is_one_table(tmp_path):
    x = np.random.default_rng(0).normal(size=(9, 2))
    (tmp_path / "rows").mkdir()
    for name, part in {"b": x[5:], "a": x[:5]}.items():
        pq.write_table(
            pa.table({"u": part[:, 0], "v": part[:, 1]}), tmp_path / f"rows/{name}.parquet"
        )
    found = collect(tmp_path / "rows", "rows", Parts("rows"), tmp_path).sample()
    np.testing.assert_array_equal(found.x, x)
    assert found.features == ("u", "v")
    told = described(tmp_path / "rows")
    assert list(told["files"]) == ["a.parquet", "b.parquet"]
    pq.write_table(pa.table({"u": x[:, 0], "w": x[:, 1]}), tmp_path / "rows/c.parquet")
    assert described(tmp_path / "rows")["sha256"] != told["sha256"]
    with pytest.raises(InputError, match=r"rows/c\.parquet: columns u, w where the first file has"):
        collect(tmp_path / "rows", "rows", Parts("rows"))
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match=r"nor a folder with \*\.parquet"):
        collect(tmp_path / "none", "none", Parts("none"))


def test_what_cannot_be_read_in_parts_is_refused(tmp_path):
    with pytest.raises(InputError, match="unzip it"):
        in_parts(tmp_path, gzip.compress(npy(np.eye(3))), "x.npy.gz")
    with pytest.raises(InputError, match="a line of more than"):
        in_parts(tmp_path, "1" * 100, "x.csv", ShortLines)


def test_how_far_it_has_come_is_told(tmp_path):
    told = []
    (tmp_path / "t.csv").write_text(TABLE)
    collect(
        tmp_path / "t.csv", "t.csv", Parts("t.csv", columns=(1,)), None, lambda *a: told.append(a)
    )
    assert sum(rows for _, rows in told) == 50
    assert told[-1][0] == len(TABLE)

import csv
import json
from contextlib import suppress

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gmmpipe.errors import InputError
from gmmpipe.store import artifacts
from gmmpipe.store.open_files import temporary_path

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
ARRAYS = {"x": np.linspace(0, 1, 60).reshape(20, 3), "names": np.array(["a", "b", "é"])}
TABLE = pa.table({"k": [1, 2, 3], "values": [[0.5], [1.5, 2.5], []], "text": ["", "a", "é"]})


def image(write, value, tmp_path, suffix):
    path = tmp_path / f"file{suffix}"
    write(path, value)
    return path.read_bytes()


def test_a_file_is_written_whole_with_its_folders(tmp_path):
    path = tmp_path / "results/store/c.txt"
    artifacts.write(path, "é\n")
    assert path.read_bytes() == "é\n".encode()
    artifacts.write(path, b"new")
    assert path.read_bytes() == b"new"
    assert sorted(p.name for p in path.parent.iterdir()) == [".c.txt.sha256", "c.txt"]


@pytest.mark.parametrize("name", ["file", ".file.sha256"])
def test_nothing_is_written_through_a_link_in_wait(name, tmp_path):
    path = tmp_path / "results/store/file"
    path.parent.mkdir(parents=True)
    mine = tmp_path / "mine"
    mine.write_text("precious")
    temporary_path(path.with_name(name)).symlink_to(mine)
    artifacts.write(path, "new")
    assert (mine.read_text(), path.read_text()) == ("precious", "new")
    assert not path.is_symlink()


def test_json_that_cannot_be_written_leaves_the_old_file(tmp_path):
    path = tmp_path / "file.json"
    artifacts.write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="JSON compliant"):
        artifacts.write_json(path, {"a": float("nan")})
    assert artifacts.read_json(path) == {"a": 1}


@pytest.mark.parametrize(
    ("write", "value", "suffix"),
    [
        (artifacts.write_arrays, ARRAYS, ".npz"),
        (artifacts.write_table, TABLE, ".parquet"),
        (artifacts.write_frame, TABLE.to_pandas(), ".parquet"),
        (artifacts.write_frame, TABLE.to_pandas(), ".csv"),
        (artifacts.write_json, {"b": [1, 2.5], "a": None}, ".json"),
    ],
)
def test_the_same_content_is_the_same_bytes(write, value, suffix, tmp_path, monkeypatch):
    first = image(write, value, tmp_path / "a", suffix)
    monkeypatch.setattr("time.time", lambda: 2e9)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert image(write, value, tmp_path / "b", suffix) == first


def test_arrays_come_back_as_they_were(tmp_path):
    artifacts.write_arrays(tmp_path / "a.npz", ARRAYS)
    found = artifacts.read_arrays(tmp_path / "a.npz", "x")
    assert set(found) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_frames_come_back_as_they_were(tmp_path):
    frame = pd.DataFrame({"a": [0.1, np.nan, 1 / 3], "b": ["x", "", "é"], "c": [True, False, True]})
    artifacts.write_frame(tmp_path / "f.parquet", frame)
    pd.testing.assert_frame_equal(artifacts.read_frame(tmp_path / "f.parquet"), frame)
    artifacts.write_frame(tmp_path / "f.csv", frame)
    with (tmp_path / "f.csv").open(encoding="utf-8") as file:
        cells = [row["a"] for row in csv.DictReader(file)]
    assert [float(cell or "nan") for cell in cells] == pytest.approx(frame["a"], rel=0, nan_ok=True)


def test_an_array_that_is_needed_must_be_there(tmp_path):
    artifacts.write_arrays(tmp_path / "a.npz", ARRAYS)
    with pytest.raises(InputError, match=r"a\.npz: holds x, names but no 'shift'"):
        artifacts.read_arrays(tmp_path / "a.npz", "x", "shift")


def test_no_object_is_ever_pickled(tmp_path):
    with pytest.raises(ValueError, match="allow_pickle"):
        artifacts.write_arrays(tmp_path / "a.npz", {"x": np.array([{}], dtype=object)})
    np.savez(tmp_path / "b.npz", x=np.array([{}], dtype=object))
    with pytest.raises(InputError, match=r"b\.npz: damaged or not written by gmmpipe"):
        artifacts.read_arrays(tmp_path / "b.npz")


def same(found, expected):
    if isinstance(expected, pa.Table):
        return found.equals(expected)
    return set(found) == set(expected) and all(
        found[name].dtype == expected[name].dtype and np.array_equal(found[name], expected[name])
        for name in expected
    )


KINDS = {
    ".npz": (artifacts.write_arrays, artifacts.read_arrays, ARRAYS),
    ".parquet": (artifacts.write_table, artifacts.read_table, TABLE),
}


@pytest.mark.parametrize("suffix", KINDS)
@settings(
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_changes_nothing(suffix, where, bit, tmp_path):
    write, read, value = KINDS[suffix]
    content = bytearray(image(write, value, tmp_path, suffix))
    content[int(where * len(content))] ^= 1 << bit
    (tmp_path / f"bad{suffix}").write_bytes(content)
    try:
        found = read(tmp_path / f"bad{suffix}")
    except InputError as error:
        message = str(error)
    else:
        message = f"bad{suffix}: damaged or not" * same(found, value)
    assert f"bad{suffix}: damaged or not" in message
    assert "\n" not in message


def test_no_bit_of_what_a_table_says_of_itself_ends_the_process(tmp_path):
    content = image(artifacts.write_table, TABLE, tmp_path, ".parquet")
    footer = int.from_bytes(content[-8:-4], "little")
    for place in range(len(content) - 8 - footer, len(content) - 8):
        changed = bytearray(content)
        changed[place] ^= 2
        (tmp_path / "bad.parquet").write_bytes(changed)
        with suppress(InputError):
            artifacts.read_table(tmp_path / "bad.parquet")


@pytest.mark.parametrize("suffix", KINDS)
@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(where=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_off_is_refused(suffix, where, tmp_path):
    write, read, value = KINDS[suffix]
    content = image(write, value, tmp_path, suffix)
    (tmp_path / f"cut{suffix}").write_bytes(content[: int(where * len(content))])
    with pytest.raises(InputError, match=f"cut{suffix}: damaged or not"):
        read(tmp_path / f"cut{suffix}")


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        artifacts.read(tmp_path / "none")
    with pytest.raises(InputError, match="not a regular file"):
        artifacts.read(tmp_path)
    (tmp_path / "bad.json").write_bytes(b"\xff{")
    with pytest.raises(InputError, match=r"bad\.json: not JSON"):
        artifacts.read_json(tmp_path / "bad.json")


@settings(max_examples=50)
@given(PLAIN)
def test_a_digest_is_of_the_value_alone(value):
    again = json.loads(json.dumps(value))
    assert artifacts.digest(value) == artifacts.digest(again)
    assert artifacts.digest([value]) != artifacts.digest(value)


def test_a_digest_forgets_the_order_of_keys_and_nothing_else():
    assert artifacts.digest({"a": 1, "b": {"c": 2, "d": 3}}) == artifacts.digest(
        {"b": {"d": 3, "c": 2}, "a": 1}
    )
    values = [
        {"a": 1},
        {"a": 1.5},
        {"a": "1"},
        {"a": [1]},
        {"a": None},
        {"b": 1},
        {},
        [1, 2],
        [2, 1],
    ]
    assert len({artifacts.digest(value) for value in values}) == len(values)
    assert len(artifacts.digest({})) == 12
    with pytest.raises(ValueError, match="JSON"):
        artifacts.digest(float("nan"))


def test_a_link_moves_in_one_step(tmp_path):
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1/kept").touch()
    artifacts.link(tmp_path / "latest", "v1")
    artifacts.link(tmp_path / "latest", "v2")
    assert str((tmp_path / "latest").readlink()) == "v2"
    assert (tmp_path / "v1/kept").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["latest", "v1"]

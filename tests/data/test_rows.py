"""Stores read by rows: the rows of the file, and one line for files that are no such thing."""

import os
import pickle

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gmmpipe.data.formats.parquet import files
from gmmpipe.data.rows import Npy, Parquet
from gmmpipe.errors import InputError
from gmmpipe.store.names import located


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(1000, 3))


@pytest.fixture
def folder(tmp_path, x):
    for name, rows in {"b.parquet": x[400:], "a.parquet": x[:400]}.items():
        table = pa.table({c: rows[:, i] for i, c in enumerate("uvw")})
        pq.write_table(table, tmp_path / name, row_group_size=150)
    return str(tmp_path)


def everywhere(store, x):
    assert store.shape == x.shape
    for first, last in ((0, 1), (0, 1000), (140, 460), (399, 401), (999, 1000)):
        np.testing.assert_array_equal(store.rows(first, last), x[first:last])
        assert store.rows(first, last).flags.c_contiguous
    again = pickle.dumps(store)
    assert len(again) < 300
    np.testing.assert_array_equal(pickle.loads(again).rows(3, 9), x[3:9])  # noqa: S301 - our own


def test_a_npy_file(tmp_path, x):
    np.save(tmp_path / "x.npy", x)
    everywhere(Npy(str(tmp_path / "x.npy")), x)


def test_a_folder_of_parquet(folder, x):
    everywhere(Parquet(folder), x)
    everywhere(Parquet(folder, ("w", "u")), np.ascontiguousarray(x[:, [2, 0]]))
    assert Parquet(f"{folder}/a.parquet").shape == (400, 3)


@pytest.mark.parametrize("array", [
    np.ones(5), np.ones((5, 2), np.float32), np.ones((5, 2), order="F"), np.array([["a", "b"]]),
], ids=str)  # fmt: skip
def test_other_npy_files_are_refused(tmp_path, array):
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(InputError, match=r"x\.npy: .* save rows x features of float64 in C order"):
        _ = Npy(str(tmp_path / "x.npy")).shape


def test_files_that_are_not_sound_are_refused(tmp_path, folder):
    (tmp_path / "x.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(InputError, match=r"x\.npy: not a valid \.npy file"):
        _ = Npy(str(tmp_path / "x.npy")).shape
    with pytest.raises(InputError, match="no column 'z'; it has u, v, w"):
        _ = Parquet(folder, ("z",)).shape
    (tmp_path / "c.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="not sound Parquet"):
        _ = Parquet(folder).shape
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"no \*\.parquet in the folder"):
        _ = Parquet(str(tmp_path / "empty")).shape


def test_words_are_no_numbers(tmp_path):
    pq.write_table(pa.table({"u": ["one", "two"]}), tmp_path / "x.parquet")
    with pytest.raises(InputError, match="cannot be read as numbers"):
        Parquet(str(tmp_path)).rows(0, 1)


def test_nobody_waits_for_a_pipe_in_a_folder(tmp_path):
    os.mkfifo(tmp_path / "x.parquet")
    with pytest.raises(InputError, match=r"x\.parquet: not a regular file"):
        files(tmp_path)


def test_a_link_in_a_configured_folder_stays_in_the_project(tmp_path):
    project, own = tmp_path / "project", tmp_path / "own.parquet"
    (project / "rows").mkdir(parents=True)
    own.touch()
    (project / "kept.parquet").touch()
    (project / "rows/a.parquet").symlink_to(project / "kept.parquet")  # as git-annex does
    assert located(project, "rows") == project / "rows"
    (project / "rows/b.parquet").symlink_to(own)
    with pytest.raises(InputError, match=r"rows/b\.parquet: lies outside the project"):
        located(project, "rows")
    assert located(project, "rows", ["rows"]) == project / "rows"  # which the user names himself

"""What stands in a received version, or under an odd file system, neither grows nor hangs."""

import errno
import fcntl
import gzip
import io
import os
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from versions import a_version

from gmmpipe.data.file import File
from gmmpipe.data.formats import limits
from gmmpipe.data.source import tables
from gmmpipe.errors import InputError, explain
from gmmpipe.store import arrays, artifacts, free_memory, open_files, parquet, yaml_file
from gmmpipe.store import lock as guard
from gmmpipe.store.integrity import checksum_path
from gmmpipe.workflow import verify
from gmmpipe.workflow.experiment import load
from gmmpipe.workflow.repair import recover


def test_settings_whose_aliases_multiply_are_refused(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    (tmp_path / "config.yaml").write_text("\n".join(lines))
    with pytest.raises(InputError, match="aliases"):
        yaml_file.settings(tmp_path / "config.yaml")


ODD = ["x: 2001-99-99", "x: !!int abc", "x: !!bool abc", "x: !!float abc", "x: !!timestamp abc"]


def test_files_full_of_holes_are_refused_before_they_are_read(tmp_path):
    for name, read in (("config.yaml", yaml_file.settings), ("plan.json", artifacts.read_json)):
        (tmp_path / name).touch()
        os.truncate(tmp_path / name, 2**40)
        with pytest.raises(InputError, match=rf"{name}: 1.* bytes"):
            read(tmp_path / name)


@pytest.mark.parametrize("notes", [b"", b"{}", b"[]", b'{"index_columns": ["nope"]}'])
def test_notes_of_pandas_in_a_table_are_passed_over(notes, tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"k": [1]}).replace_schema_metadata({b"pandas": notes}), path)
    assert artifacts.read_frame(path)["k"].tolist() == [1]
    assert parquet.StoredTable(path).rows(pd.DataFrame({"k": [1]}))["k"].tolist() == [1]


@pytest.mark.parametrize("text", ["a: [", "- 1", "", *ODD, f"x: {'9' * 5_000}"])
def test_what_is_no_mapping_of_settings_is_one_line(text, tmp_path):
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(InputError, match=r"config\.yaml: (not YAML|holds no settings)"):
        yaml_file.settings(tmp_path / "config.yaml")


def test_a_configuration_that_lacks_a_section_is_one_line(tmp_path):
    version = a_version(tmp_path)
    path = Path(version.folder, "config.yaml")
    path.write_text("dataset: {}\n")
    manifest = artifacts.read_json(version.folder / "manifest.json")
    manifest["artifacts"]["results/smoke/0123456789ab/config.yaml"] = artifacts.describe(path)
    checksum_path(path).unlink(missing_ok=True)
    artifacts.write_json(version.folder / "manifest.json", manifest)
    with pytest.raises(InputError, match=r"config\.yaml: settings\.normaliser is missing"):
        _ = load(version.folder).outer


def test_arrays_that_grow_a_thousandfold_are_refused_before_they_do(tmp_path):
    member = io.BytesIO()
    np.save(member, np.zeros(4 * 2**20))
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("x.npy", member.getvalue())
    with pytest.raises(InputError, match=r"x\.npz: .*would grow to 33,554,560"):
        arrays.read_arrays(tmp_path / "x.npz")


def test_a_folder_that_cannot_be_flushed_is_no_obstacle(tmp_path, monkeypatch):
    def fsync(_handle):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", fsync)
    open_files.flush_folder(tmp_path)

    def broken(_handle):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="Input/output"):
        open_files.flush_folder(tmp_path)


def test_latest_is_a_file_where_there_are_no_links(study, gmmpipe, monkeypatch):
    def symlink(*_):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "symlink", symlink)
    done = study("experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=1", "sweep.iteration=1")
    latest, marker = Path("results/smoke/latest"), Path(done.marker)
    marker.touch()
    assert latest.read_text() == f"link: {done.version}\n"
    assert load(latest).version == done.version
    assert gmmpipe("verify", str(latest)).code == 0
    assert gmmpipe("clean", "--unused").code == 0
    assert recover(done) == []
    assert marker.exists()
    latest.write_text("link: elsewhere\n")
    assert gmmpipe("verify", str(latest)).code == 2
    assert recover(done) == []
    assert not marker.exists()  # so it is pointed at the version again


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS])
def test_a_file_system_without_locks_is_named_in_one_line(number, tmp_path, monkeypatch):
    def flock(_handle, _kind):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(OSError, match=os.strerror(number)) as caught:
        guard.Lock(tmp_path / "results/.lock")
    line, code = explain(caught.value)
    assert (code, line.count("\n")) == (1, 0)
    assert f"{tmp_path}/results/.lock: " in line
    assert "use a file system that can lock files" in line


@pytest.mark.parametrize("number", [errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.EBUSY, None])
def test_an_obstacle_of_the_system_is_one_line(number):
    error = OSError("odd") if number is None else OSError(number, os.strerror(number), "a\nb")
    line, code = explain(error)
    assert (code, line.count("\n")) == (1, 0)
    assert line.endswith("and run the command again")


def test_a_large_gzip_file_is_refused_long_before_it_is_unpacked(tmp_path, monkeypatch):
    """9 MB that become 9 GB: no more is unpacked than what is read of them justifies."""
    path, given = tmp_path / "b.csv.gz", []
    bomb, rest = gzip.compress(b"a,b\n" + b"1,2\n" * 2**23), gzip.compress(os.urandom(2**20))
    path.write_bytes(bomb + rest)
    monkeypatch.setattr(limits, "FREE", 2**18)
    parts = (len(table.x) for table in tables(path, str(path), File(str(path))))
    with pytest.raises(InputError, match=r"b\.csv\.gz: of .* bytes, grows more than 100-fold"):
        given.extend(parts)
    assert sum(given) < 2**22


@pytest.fixture
def repeated(tmp_path):
    """A Parquet file of a few kilobytes that holds two million numbers."""
    path = tmp_path / "r.parquet"
    pq.write_table(pa.table({"a": np.zeros(10**6), "b": np.ones(10**6)}), path)
    assert path.stat().st_size < 20_000
    return path


def test_what_a_small_file_grows_to_is_compared_with_free_memory(repeated, monkeypatch):
    reading = File(str(repeated), missing="drop")
    monkeypatch.setattr(free_memory, "available", lambda: 40 * 10**6)
    with pytest.raises(InputError, match=r"r\.parquet: 1,000,000 rows of 2 columns would take"):
        next(tables(repeated.read_bytes(), str(repeated), reading))
    for read in (parquet.read_table, parquet.StoredTable):
        with pytest.raises(InputError, match="a group of 1,000,000 rows would take"):
            read(repeated)
    monkeypatch.setattr(free_memory, "available", lambda: 10**9)
    assert parquet.read_table(repeated).num_rows == 10**6
    assert len(next(tables(repeated.read_bytes(), str(repeated), reading)).x)


def test_names_of_files_do_not_steer_the_terminal(monkeypatch, capsys):
    monkeypatch.setattr(verify, "differences", lambda _: ["\x1b[2Jx.png: extra"])
    told = {"experiment": "e", "version": "v", "inputs": {}}
    version = SimpleNamespace(manifest=told, changed_inputs=dict)
    assert not verify.verify(version)
    assert "\x1b" not in capsys.readouterr().err


def test_a_list_of_a_table_is_compared_with_free_memory(tmp_path, monkeypatch):
    """One row may hold any number of zeros in a few bytes."""
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"l": [np.zeros(10**6)]}), path)
    assert path.stat().st_size < 20_000
    monkeypatch.setattr(free_memory, "available", lambda: 20 * 10**6)
    for read in (parquet.read_table, parquet.StoredTable):
        with pytest.raises(InputError, match=r"t\.parquet: a group of 1 rows would take"):
            read(path)


def test_json_that_is_larger_than_any_plan_is_not_parsed(tmp_path):
    """Python takes twenty times the bytes of it."""
    (tmp_path / "manifest.json").write_text(" " * 2**26 + "{}")
    with pytest.raises(InputError, match=r"manifest.json: .* at most 67,108,864 are read"):
        artifacts.read_json(tmp_path / "manifest.json")

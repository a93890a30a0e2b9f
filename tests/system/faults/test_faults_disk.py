"""Every operation on the disk fails once, at every place: nothing is lost or half there."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from failing_disk import MOST, failing_at, temporaries
from tiny_study import fail_everywhere

from gmmpipe.errors import DamagedArtifact
from gmmpipe.store import artifacts
from gmmpipe.store.integrity import checksum_path, is_intact, write_checksum

FRAME = pd.DataFrame({"k": [1, 2], "text": ["a", "é"]})
WRITERS = {
    "file.txt": (artifacts.write, "old", "new"),
    "file.json": (artifacts.write_json, {"a": 1}, {"a": 2}),
    "file.npz": (artifacts.write_arrays, {"x": np.zeros(9)}, {"x": np.ones(9)}),
    "file.parquet": (artifacts.write_table, pa.table({"k": [1]}), pa.table({"k": [2]})),
    "file.csv": (artifacts.write_frame, FRAME, FRAME[:1]),
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("there", [False, True])
def test_a_write_that_fails_anywhere_leaves_the_old_file_or_the_new(name, there, tmp_path):
    write, old, new = WRITERS[name]
    write(tmp_path / "new" / name, new)
    wanted = (tmp_path / "new" / name).read_bytes()
    for n in range(1, MOST):
        path = tmp_path / str(n) / name
        if there:
            write(path, old)
        before = path.read_bytes() if there else None
        with failing_at(n) as disk:
            try:
                write(path, new)
            except OSError as error:
                told = error.filename if path.parent.is_dir() else str(path)
            else:
                told = str(path)
            assert told == str(path)
            if not disk.failed:
                break
        assert temporaries(path.parent) == []
        now = path.read_bytes() if path.exists() else None
        assert now in (before, wanted)
        if now is not None:
            try:
                assert artifacts.read(path) == now
            except DamagedArtifact:  # between two renames: it will be made again
                assert not is_intact(path)
        write(path, new)
        assert artifacts.read(path) == wanted
    assert not disk.failed
    assert n > 6


def test_a_record_that_fails_anywhere_names_the_file_and_leaves_nothing(tmp_path):
    path = tmp_path / "file"
    for n in range(1, MOST):
        with failing_at(n) as disk:
            try:
                write_checksum(path, "0" * 64, {})
            except OSError as error:
                told = error.filename
            if not disk.failed:
                break
        assert (told, temporaries(tmp_path)) == (str(checksum_path(path)), [])
    assert n > 3


def test_a_link_that_fails_anywhere_points_at_the_old_or_the_new(tmp_path):
    for n in range(1, MOST):
        link = tmp_path / str(n) / "latest"
        artifacts.link(link, "old")
        with failing_at(n) as disk:
            try:
                artifacts.link(link, "new")
            except OSError:
                assert disk.failed
            if not disk.failed:
                break
        assert str(link.readlink()) in ("old", "new")
    assert not disk.failed
    assert str(link.readlink()) == "new"


@pytest.mark.usefixtures("project")
def test_a_study_goes_on_after_a_failure_anywhere(capfd):
    tried, lost = fail_everywhere(step=16)
    assert tried > 10
    assert lost == []
    assert capfd.readouterr().err == ""  # Arrow speaks up where a file is gone before it has ended

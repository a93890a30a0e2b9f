"""Long tables in files: written in parts, read in parts, and scratch."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gmmpipe.errors import InputError
from gmmpipe.store import artifacts, parquet
from gmmpipe.store.files import remove_stale

ROWS = 1_000
TABLE = pa.table(
    {
        "k": np.repeat(np.arange(1, 11), ROWS // 10),
        "seed": np.tile(np.arange(ROWS // 10), 10),
        "start": ["kmeans" if i % 3 else "=points\r" for i in range(ROWS)],
        "values": [[i / 7, float(i)] for i in range(ROWS)],
        "lost": [None if i % 2 else i / 3 for i in range(ROWS)],
    }
)


def write_in_parts(path, ends, row_bytes=parquet.GROUP_BYTES // 128):
    with artifacts.appending(path, TABLE.schema, ROWS, row_bytes) as rows:
        for first, last in zip([0, *ends], [*ends, ROWS], strict=True):
            rows.append(TABLE.slice(first, last - first))


@pytest.fixture
def stored(tmp_path):
    """Return the table in a file of eight row groups."""
    path = tmp_path / "results/store/table.parquet"
    write_in_parts(path, [])
    return path


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(ends=st.lists(st.integers(0, ROWS), max_size=6).map(sorted))
def test_the_bytes_are_the_same_however_the_rows_come(ends, tmp_path, stored):
    write_in_parts(tmp_path / "parts.parquet", ends)
    assert (tmp_path / "parts.parquet").read_bytes() == stored.read_bytes()
    assert artifacts.read_table(stored).equals(TABLE)
    with artifacts.appending_csv(tmp_path / "parts.csv") as rows:
        for first, last in zip([0, *ends], [*ends, ROWS], strict=True):
            rows(TABLE.slice(first, last - first))
    artifacts.write_frame(tmp_path / "whole.csv", TABLE.to_pandas())
    assert (tmp_path / "parts.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_text_is_written_piece_by_piece(tmp_path):
    artifacts.write_frame(tmp_path / "whole.csv", TABLE.to_pandas())
    with artifacts.appending_csv(tmp_path / "parts.csv", rows=64) as rows:
        for first in range(0, ROWS, 50):
            rows(TABLE.slice(first, 50))
    assert (tmp_path / "parts.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_a_table_without_rows_has_its_columns(tmp_path):
    with artifacts.appending(tmp_path / "none.parquet", TABLE.schema, 0, 100):
        pass
    assert artifacts.read_table(tmp_path / "none.parquet").schema.names == TABLE.schema.names
    with artifacts.appending_csv(tmp_path / "none.csv") as rows:
        rows(TABLE.slice(0, 0))
    assert (tmp_path / "none.csv").read_text() == "k,seed,start,values,lost\n"


def test_other_than_the_promised_rows_are_no_file(tmp_path):
    with (
        pytest.raises(ValueError, match="999 rows where there should be 1000"),
        artifacts.appending(tmp_path / "short.parquet", TABLE.schema, ROWS, 100) as rows,
    ):
        rows.append(TABLE.slice(1))
    assert list(tmp_path.iterdir()) == []


@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(wanted=st.lists(st.tuples(st.integers(0, 12), st.integers(-1, 101)), max_size=5))
def test_the_rows_asked_for_are_those_of_the_whole(wanted, stored):
    keys = pd.DataFrame(wanted, columns=["k", "seed"]).astype(int)
    found = artifacts.StoredTable(stored).rows(keys)
    whole = TABLE.to_pandas()
    expected = whole[[pair in wanted for pair in zip(whole["k"], whole["seed"], strict=True)]]
    pd.testing.assert_frame_equal(found, expected.reset_index(drop=True))


def test_few_row_groups_are_read_for_few_rows(stored, monkeypatch):
    table = artifacts.StoredTable(stored)
    groups = []
    read = table._file.read_row_group
    monkeypatch.setattr(
        table,
        "_file",
        type("Seen", (), {
            "num_row_groups": table._file.num_row_groups,
            "metadata": table._file.metadata,
            "schema_arrow": table._file.schema_arrow,
            "read_row_group": staticmethod(lambda i, **o: groups.append(i) or read(i, **o)),
        }),
    )  # fmt: skip
    assert len(table.rows(pd.DataFrame({"k": [4], "seed": [1], "start": ["kmeans"]}))) == 1
    assert table._file.num_row_groups == 8
    assert set(groups) <= {2, 3}
    parts = list(table.parts(["k"]))
    assert [len(part) for part in parts] == [128] * 7 + [104]


def test_a_damaged_table_is_named(stored):
    content = bytearray(stored.read_bytes())
    content[200] ^= 1
    stored.write_bytes(content)
    with pytest.raises(InputError, match=r"table\.parquet: damaged"):
        artifacts.StoredTable(stored)
    Path(stored.with_name(".table.parquet.sha256")).unlink()
    with pytest.raises(InputError, match=r"table\.parquet: damaged"):
        list(artifacts.StoredTable(stored).parts(TABLE.schema.names))


def test_scratch_is_gone_afterwards_and_also_after_a_kill(tmp_path):
    with artifacts.scratch(tmp_path) as folder:
        artifacts.write_batches(f"{folder}/0.rows", TABLE.to_batches(max_chunksize=300))
        assert artifacts.read_batch(f"{folder}/0.rows", 3).num_rows == 100
        remove_stale(tmp_path)  # of others that are no more
        assert Path(folder).is_dir()
    assert list(tmp_path.iterdir()) == []
    code = (
        "import os, sys; from gmmpipe.store import artifacts\n"
        "with artifacts.scratch(sys.argv[1]) as f: open(f + '/rows', 'w'); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, env=os.environ)
    assert done.returncode == -9
    assert len(list(tmp_path.rglob("rows"))) == 1
    remove_stale(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_writer_whose_end_nobody_has_noticed_has_ended(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as writer:
        stale = tmp_path / f".x.npz.{writer.pid}.gmmpipe.tmp"
        stale.touch()
        os.waitid(os.P_PID, writer.pid, os.WEXITED | os.WNOWAIT)  # from now on it is a zombie
        remove_stale(tmp_path)
        assert not stale.exists()


@pytest.mark.parametrize("folder", [False, True])
def test_what_a_person_named_like_a_temporary_file_stays(folder, tmp_path):
    mine = tmp_path / ".notes.999999.tmp"
    mine.mkdir() if folder else mine.write_text("")
    (tmp_path / ".x.npz.999999.gmmpipe.tmp").write_bytes(b"half")
    remove_stale(tmp_path)
    assert list(tmp_path.iterdir()) == [mine]


def test_a_table_is_read_from_the_file_that_was_looked_at(stored, monkeypatch):
    """Under its name there may be a pipe by now, which would be waited for."""
    monkeypatch.setattr(parquet, "refuse_damaged", lambda path, _: Path(path).unlink())
    assert len(next(artifacts.StoredTable(stored).parts(TABLE.schema.names))) == 128


@pytest.mark.parametrize("error", [MemoryError, pa.ArrowMemoryError])
def test_a_lack_of_memory_is_no_damage(error, stored, monkeypatch):
    def refuse(*_, **__):
        raise error("malloc of size 8 failed")

    monkeypatch.setattr(parquet, "_open", refuse)
    for read in (artifacts.StoredTable, artifacts.read_table):
        with pytest.raises(MemoryError):
            read(stored)

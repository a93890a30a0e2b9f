"""Data is read, never run, and cannot fill the memory from a few bytes."""

import gzip
import io
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gmmpipe.errors import InputError
from gmmpipe.store import artifacts, free_memory, spreadsheet


def npy(descr, shape, rest):
    header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + rest


@pytest.mark.usefixtures("no_job_starts")
def test_no_pickle_in_a_data_file(pickled, project, refused):
    (project / "x.npy").write_bytes(npy("|O", (1, 1), pickled))
    refused("x.npy real numbers", "run", "--data", "x.npy")
    (project / "y.npy").write_bytes(pickled)
    refused("y.npy", "run", "--data", "y.npy")


def test_no_pickle_in_the_store(pickled, project, refused):
    import zipfile

    with zipfile.ZipFile(project / "n.npz", "w") as archive:
        archive.writestr("x.npy", npy("|O", (1,), pickled))
    refused("n.npz damaged", "normalise", "n.npz", "-o", "o", "--config", '{"method": "none"}')


@pytest.mark.usefixtures("no_job_starts")
def test_a_header_of_numpy_is_no_program(python, project, refused):
    header = f"{{'descr': {python}, 'fortran_order': False, 'shape': (1, 1)}}\n".encode()
    text = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(8)
    (project / "x.npy").write_bytes(text)
    refused("x.npy valid", "run", "--data", "x.npy")


def test_metadata_of_parquet_is_no_program(pickled, project, gmmpipe):
    table = pa.table({"a": [1.0, 2.0, 4.0], "b": [1.0, 3.0, 2.0]})
    marked = table.replace_schema_metadata({b"pandas": pickled, b"ARROW:schema": pickled})
    pq.write_table(marked, project / "x.parquet")
    assert gmmpipe(
        "generate", "x.parquet", "-o", "o.npz", "--config", '{"kind": "file", "path": "x"}'
    )


BOMBS = {
    "x.csv.gz": gzip.compress(bytes(2**28), 9),
    "y.csv.gz": gzip.compress(gzip.compress(bytes(2**28), 9)),
    "x.npy": npy("<f8", (2**40, 2**20), bytes(16)),
    "y.npy": npy("<f8", (10**30, 1), bytes(16)),
}
# not getrusage, where a process begins with what its parent had
MEMORY = "import sys; from gmmpipe.cli.main import main; code = main(sys.argv[1:]); "
MEMORY += "print(code, open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"


@pytest.mark.parametrize("name", BOMBS)
def test_a_few_bytes_do_not_fill_the_memory(name, project):
    (project / name).write_bytes(BOMBS[name])
    config = '{"kind": "file", "path": "x"}'
    arguments = ["generate", name, "-o", "o.npz", "--config", config]
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, *arguments], capture_output=True, text=True, check=True
    )
    code, kilobytes = map(int, done.stdout.split())
    assert code == 2
    assert kilobytes < 600_000


def run_length(rows):
    file = io.BytesIO()
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int8)), pa.array([1.0]))
    pq.write_table(pa.table({f"c{i}": column for i in range(40)}), file)
    return file.getvalue()


@pytest.mark.usefixtures("no_job_starts")
def test_run_length_code_is_bounded(project, refused, monkeypatch):
    monkeypatch.setattr(free_memory, "available", lambda: 2**24)
    (project / "x.parquet").write_bytes(run_length(10**5))
    refused("x.parquet 100,000 rows of 40 columns memory free", "run", "--data", "x.parquet")


FORMULAS = [
    "=1+1",
    "=cmd|'/c calc'!A1",
    "+1+cmd",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\uff1d1+1",
    "-",
    "=",
    "--1",
]
PLAIN = ["-1.5", "+3", "-1e-9", "setosa", "a=b", "1-2", "", "x@y", ".5"]


def test_a_spreadsheet_finds_no_formula(tmp_path):
    frame = pd.DataFrame({"label": FORMULAS + PLAIN, "=name": range(len(FORMULAS + PLAIN))})
    frame["number"] = -1.5
    frame["mixed"] = pd.Series([-1.5, "=x", None, *[3] * (len(frame) - 3)], dtype=object)
    frame["class"] = frame["label"].astype("category")
    artifacts.write_frame(tmp_path / "t.csv", frame)
    again = pd.read_csv(tmp_path / "t.csv", dtype=str, keep_default_na=False)
    assert list(again.columns) == ["label", "'=name", "number", "mixed", "class"]
    seen = [text.replace("\t", "\\t").replace("\r", "\\r") for text in FORMULAS]
    assert again["label"].tolist() == [f"'{text}" for text in seen] + PLAIN
    assert again["class"].tolist() == again["label"].tolist()
    assert set(again["number"]) == {"-1.5"}
    assert again["mixed"].tolist()[:4] == ["-1.5", "'=x", "", "3"]
    frame = frame[["label"]]
    artifacts.write_frame(tmp_path / "t.parquet", frame)  # no spreadsheet reads this: as it is
    assert artifacts.read_frame(tmp_path / "t.parquet")["label"].tolist() == FORMULAS + PLAIN


def test_a_spreadsheet_that_parts_by_semicolons_finds_no_formula_either():
    frame = pd.DataFrame({"label": ["x;=1+1", "x | @SUM(A1)", "a; b", "1|2"]})
    assert spreadsheet.csv(frame, header=False).splitlines() == [
        "x;'=1+1",
        "x | '@SUM(A1)",
        "a; b",
        "1|2",
    ]


ESCAPE = "\x1b]0;owned\x07\x1b[2J"


@pytest.mark.parametrize(
    "text",
    [
        f"a,{ESCAPE}\n1,2\n3,x\n5,6\n",
        f"a,b\n1,2\n3,{ESCAPE}\n4,4\n",
        f"a,{ESCAPE},{ESCAPE}\n1,2,3\n2,3,4\n",
    ],
)
def test_a_message_does_not_steer_the_terminal(text, project, gmmpipe):
    (project / "x.csv").write_text(text)
    answer = gmmpipe("run", "--data", "x.csv", "--label", f"no{ESCAPE}" if "x" not in text else "a")
    assert answer.code == 2
    assert answer.err.strip().isprintable()


@pytest.mark.usefixtures("project")
def test_words_of_the_command_line_do_not_steer_the_terminal(gmmpipe):
    for arguments in (["run", f"x{ESCAPE}=1"], ["run", f"--{ESCAPE}"], ["run", "--data", ESCAPE]):
        answer = gmmpipe(*arguments)
        assert (answer.code, answer.err.strip().isprintable()) == (2, True)


def test_arrays_that_were_swapped_are_found(tmp_path):
    artifacts.write_arrays(tmp_path / "a.npz", {"x": np.arange(3.0)})
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[100] ^= 1
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        artifacts.read_arrays(tmp_path / "a.npz")

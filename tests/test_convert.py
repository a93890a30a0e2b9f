"""Text to a .npy file, block by block: the numbers of the reader, whatever the blocks."""

import gzip

import numpy as np
import pytest

from gmmpipe.convert import convert
from gmmpipe.errors import InputError
from gmmpipe.reader import lines as source_lines
from gmmpipe.stores import Npy

FORMS = {
    "header": ("# made by hand\nu,v,w\n", ","),
    "bare": ("", ","),
    "tabs": ("u\tv\tw\n", "\t"),
    "blanks": ("", " "),
}


@pytest.fixture(params=FORMS)
def text(request, tmp_path):
    head, delimiter = FORMS[request.param]
    x = np.random.default_rng(0).normal(size=(500, 3))
    lines = "".join(delimiter.join(map(repr, row)) + "\n" for row in x.tolist())
    path = tmp_path / "x.csv"
    path.write_text(head + lines)
    return path, x


@pytest.mark.parametrize("block", [64, 1000, 10**6])
def test_the_file_holds_the_numbers(tmp_path, monkeypatch, capsys, text, block):
    monkeypatch.setattr(source_lines, "BLOCK", block)
    path, x = text
    assert convert(str(path), str(tmp_path / "x.npy")) == 500
    np.testing.assert_array_equal(Npy(str(tmp_path / "x.npy")).array, x)
    assert "500 rows in" in capsys.readouterr().err
    with gzip.open(tmp_path / "x.csv.gz", "wb") as out:
        out.write(path.read_bytes())
    convert(str(tmp_path / "x.csv.gz"), str(tmp_path / "y.npy"), columns=(3, 1))
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), x[:, [2, 0]])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.csv", "x.csv.gz", "x.npy", "y.npy"]


@pytest.mark.parametrize(("lines", "words"), [
    ("1,2\n3,word\n", r"x\.csv: line 403, column 'vvv': 'word'"),
    ("1,2\n3\n", "line 403 has 1 cells"),
    ("1,2\n,4\n", "line 403, column 'uuu': '' is a missing value"),
])  # fmt: skip
def test_what_is_no_number_is_named_and_nothing_is_left(tmp_path, monkeypatch, lines, words):
    monkeypatch.setattr(source_lines, "BLOCK", 8 * 200)
    path = tmp_path / "x.csv"
    path.write_text("uuu,vvv\n" + "1.1,2.2\n" * 400 + lines)
    with pytest.raises(InputError, match=words):
        convert(str(path), str(tmp_path / "x.npy"))
    assert [p.name for p in tmp_path.iterdir()] == ["x.csv"]


def test_files_that_cannot_be_converted(tmp_path, gmmpipe):
    path = tmp_path / "x.csv"
    path.write_text("")
    answer = gmmpipe("convert", str(path), "-o", str(tmp_path / "x.npy"))
    assert answer.code == 2
    assert "the file is empty" in answer.err
    assert gmmpipe("convert", str(tmp_path / "no.csv"), "-o", str(tmp_path / "x.npy")).code == 2
    assert "ends in .npy" in gmmpipe("convert", str(path), "-o", "x.csv").err
    path.write_text("u,v\n1,2\n3,4\n")
    assert gmmpipe("convert", str(path), "-o", str(tmp_path / "x.npy"), "--columns", "v").code == 0
    assert np.load(tmp_path / "x.npy").tolist() == [[2.0], [4.0]]

"""`gmmpipe note`: names of versions, and what a person remembers of them."""

import fcntl
import json
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from versions import a_version

from gmmpipe.store import notes
from gmmpipe.store.layout import NOTE
from gmmpipe.store.manifest import version_folder
from gmmpipe.store.notes import Note, read_note
from gmmpipe.workflow import remove


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results/store").mkdir(parents=True)
    return a_version(tmp_path).folder


def test_a_version_is_found_by_its_name_until_the_name_is_removed(folder, gmmpipe):
    answer = gmmpipe("note", str(folder), "before the outliers went", "--name", "baseline")
    assert answer == (0, "smoke/0123456789ab: baseline, before the outliers went\n", "")
    assert version_folder("results/smoke/baseline") == folder
    assert gmmpipe("note", "results/smoke/baseline", "").out == "smoke/0123456789ab: baseline\n"
    assert read_note(folder) == Note("baseline", "")
    assert gmmpipe("note", "results/smoke/baseline", "--name", "").out.endswith(": no note\n")
    assert not (folder / NOTE).exists()


def test_options_may_stand_before_the_text(folder, gmmpipe, refused):
    for arguments in (("--name", "one", "more of it"), ("more of it", "--name", "one")):
        assert gmmpipe("note", str(folder), *arguments).out.endswith(": one, more of it\n")
        assert gmmpipe("note", str(folder), "", "--name", "").out.endswith(": no note\n")
    refused("unrecognized arguments: two", "note", str(folder), "one", "--name", "x", "two")
    refused("unrecognized arguments: --nane", "note", str(folder), "--nane=x")


def test_a_note_is_nothing_extra_and_may_be_edited(folder, gmmpipe):
    for path in ("data/gmm.data", "/home/me/my flowers.csv"):
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["inputs"].pop(path)
        (folder / "manifest.json").write_text(json.dumps(manifest))
        (folder / ".manifest.json.sha256").unlink(missing_ok=True)
    gmmpipe("note", str(folder), "one")
    (folder / NOTE).write_text('{"text": "another"}')
    answer = gmmpipe("verify", str(folder))
    assert (answer.code, answer.err) == (0, "")
    assert gmmpipe("note", str(folder)).out == "smoke/0123456789ab: another\n"


@pytest.mark.parametrize(
    "content",
    ["{", "[]", '{"name": "../x"}', '{"name": 1}', '{"text": 1}', '{"name": "ba9876543210"}',
     '{"name": "mine", "author": "me"}', f'{{"text": "{"x" * 2**16}"}}'],
)  # fmt: skip
def test_what_is_no_note_is_refused_and_stays(content, folder, refused):
    (folder / NOTE).write_text(content)
    refused("note.json", "note", str(folder), "text", "--name", "baseline")
    assert (folder / NOTE).read_text() == content


def test_what_is_no_file_is_no_note(folder, refused):
    os.mkfifo(folder / NOTE)
    refused("note.json not a note", "note", str(folder), "text")
    (folder / NOTE).unlink()
    (folder / NOTE).symlink_to("/dev/null")
    refused("note.json not a note", "note", str(folder), "text")


@pytest.mark.parametrize("text", ["caf\udce9", "x" * 2**16])
def test_a_text_that_could_not_be_read_again_is_not_written(text, folder, refused):
    refused("TEXT", "note", str(folder), text)
    assert not (folder / NOTE).exists()


def test_a_copy_with_the_same_name_is_not_taken_for_the_version(folder, gmmpipe, refused):
    gmmpipe("note", str(folder), "--name", "baseline")
    shutil.copytree(folder, folder.with_name("backup"))
    refused("baseline is the name of backup 0123456789ab", "verify", "results/smoke/baseline")
    refused("baseline is the name of", "remove", "results/smoke/baseline", "--yes")
    assert gmmpipe("note", str(folder.with_name("backup")), "--name", "").code == 0
    assert version_folder("results/smoke/baseline") == folder


def test_a_name_names_one_version(folder, gmmpipe, refused):
    other = folder.with_name("ba9876543210")
    other.mkdir()
    for name in ("manifest.json", "run.json"):
        (other / name).write_bytes((folder / name).read_bytes())
    gmmpipe("note", str(folder), "--name", "mine")
    assert gmmpipe("note", str(folder), "again", "--name", "mine").code == 0
    for name in ("mine", "latest", other.name):
        refused(f"--name is {name!r}", "note", str(other), "--name", name)
    for name in ("a b", "../x", "-x", "ab9876543210"):
        refused("expected letters", "note", str(other), f"--name={name}")
    (folder / NOTE).write_text("{")
    refused("no finished experiment gmmpipe runs", "verify", str(Path("results/smoke/mine")))


def is_locked():
    with Path("results/.notes.lock").open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_one_note_is_changed_at_a_time_and_none_while_versions_are_removed(
    folder, gmmpipe, monkeypatch
):
    """Of a name and a text given at the same moment one was lost."""
    locked = []
    for module, name in ((notes, "write_note"), (remove, "_remove")):
        monkeypatch.setattr(module, name, lambda *_: locked.append(is_locked()))
    assert gmmpipe("note", str(folder), "--name", "one").code == 0
    assert gmmpipe("remove", str(folder), "--yes").code == 0
    assert locked == [True, True]
    assert not is_locked()


def test_a_note_on_what_was_removed_meanwhile_is_refused(folder, monkeypatch, gmmpipe):
    wait = notes.waiting

    @contextmanager
    def waiting(path):
        with wait(path):
            shutil.rmtree(folder)
            yield

    monkeypatch.setattr(notes, "waiting", waiting)
    answer = gmmpipe("note", str(folder), "x")
    assert (answer.code, "was removed just now" in answer.err) == (2, True)
    assert not folder.exists()

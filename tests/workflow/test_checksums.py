"""What a manifest vouches for stays, although the hidden files beside it are lost."""

import json
import os
from pathlib import Path

import pytest

from gmmpipe.errors import CannotRead
from gmmpipe.results.tables import table_paths
from gmmpipe.store import artifacts, open_files
from gmmpipe.store.integrity import MADE_BY, checksum_of, checksum_path, checksummed, made_by
from gmmpipe.workflow import run
from gmmpipe.workflow.checksums import restore_checksums
from gmmpipe.workflow.repair import recover

TINY = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=1", "sweep.iteration=1")


def contents():
    return {path: path.read_bytes() for path in Path("results").rglob("[!.]*") if path.is_file()}


@pytest.fixture
def done(study):
    return study(*TINY)


def test_a_copy_without_hidden_files_is_gone_on_with(done, capsys):
    artifacts.link("results/smoke/latest", done.version)
    before, maker = contents(), made_by(done.fits[0])
    for path in Path("results").rglob(".*.sha256"):
        path.unlink()
    run._lock().close()
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "SHA-256 files" in said
    assert recover(done) == []
    assert contents() == before
    listed = set(checksummed("results"))
    assert {Path(path) for path in [done.path, *done.store, *table_paths(done)]} <= listed
    assert made_by(done.fits[0]) == maker != {}
    assert restore_checksums(Path()) == 0


def test_a_manifest_vouches_for_the_bytes_it_tells_alone(done):
    changed, spoilt, forged = map(Path, (done.fits[0], done.data[0], table_paths(done)[0]))
    changed.write_bytes(changed.read_bytes()[:-1])
    checksum_path(changed).unlink()
    checksum_path(spoilt).write_bytes(b"?")
    checksum_path(forged).write_text(f"{'0' * 64}  {forged.name}\n")  # as a kill leaves it
    assert restore_checksums(Path()) == 2
    for path in (spoilt, forged):
        assert checksum_of(path) == artifacts.describe(path)["sha256"]
    assert recover(done) == [str(changed)]
    assert spoilt.exists()
    assert forged.exists()
    (there,) = Path("results/.replaced").rglob(changed.name)
    assert there.relative_to("results/.replaced").parts[1:] == changed.parts[1:]


def test_what_nobody_vouches_for_is_not_taken_into_a_new_manifest(done):
    """The manifest tells of other bytes, and the records that told of the edits are lost."""
    captions, figure = (Path(done.figures, name) for name in ("captions.json", "bic-gmm.svg"))
    config = Path(done.folder, "config.yaml")
    artifacts.write_json(captions, {figure.stem: "BIC"})
    artifacts.write(figure, "<svg/>")
    manifest = artifacts.read_json(f"{done.folder}/manifest.json")
    manifest["artifacts"] |= {str(path): artifacts.describe(path) for path in (captions, figure)}
    artifacts.write_json(f"{done.folder}/manifest.json", manifest)
    figure.write_text("<svg>edited</svg>")
    config.write_text("# my remark")
    for path in Path("results").rglob(".*.sha256"):
        path.unlink()
    restore_checksums(Path())
    assert recover(done) == [str(config), str(figure)]
    for path, text in ((config, "# my remark"), (figure, "<svg>edited</svg>")):
        assert not path.exists()
        (aside,) = Path("results/.replaced").rglob(path.name)
        assert aside.read_text() == text


def test_a_manifest_vouches_for_nothing_beside_its_own_folder_and_the_store(done):
    """Such as a page of a person's, whose bytes others know."""
    Path("results/index.html").write_text("our group")
    told = {path: artifacts.describe(path) for path in ("results/index.html", done.fits[0])}
    for path in ("results/index.html", done.fits[0]):
        checksum_path(Path(path)).unlink(missing_ok=True)
    Path(done.folder, "manifest.json").unlink()
    artifacts.write_json("results/received/aaaaaaaaaaaa/manifest.json", {"artifacts": told})
    assert restore_checksums(Path()) == 1
    assert checksum_of("results/index.html") is None


def test_no_record_is_written_through_a_link(done, tmp_path):
    (tmp_path / "precious").write_text("everybody has it")
    Path("results/evil").symlink_to(tmp_path)
    path = "results/evil/precious"
    artifacts.write_json(
        f"{done.folder}/manifest.json", {"artifacts": {path: artifacts.describe(path)}}
    )
    restore_checksums(Path())
    assert [each.name for each in tmp_path.glob("*precious*")] == ["precious"]


def test_what_cannot_be_read_stops_a_run_and_stays(done, monkeypatch):
    """It may be whole: of another user, on a disk that is away for a moment."""
    before = contents()

    def refuse(path, flags):
        if str(path) == done.fits[0]:
            raise PermissionError(13, "Permission denied", path)
        return os.open(path, flags)

    monkeypatch.setattr(open_files, "_without_waiting", refuse)
    with pytest.raises(CannotRead, match=rf"{done.fits[0]}: cannot be read \(Permission denied\)"):
        recover(done)
    assert contents() == before


def test_a_table_altered_together_with_its_record_is_made_again(done, monkeypatch):
    table = Path(table_paths(done)[0])
    maker, changed = made_by(table), table.read_text().replace("kmeans", "kmeanz")
    for elsewhere in ({"environment": {}}, {"code": "another"}):  # other bytes prove nothing there
        monkeypatch.setenv(MADE_BY, json.dumps({**maker, **elsewhere}))
        artifacts.write(table, changed)
        assert recover(done) == []
    for here in (json.dumps(maker), ""):  # by a job of the same, or by hand
        monkeypatch.setenv(MADE_BY, here)
        artifacts.write(table, changed)
        assert recover(done) == [str(table)]
        assert not table.exists()


@pytest.mark.parametrize("path", ["../precious.npz", "/precious.npz", "conf/config.yaml"])
def test_a_manifest_of_others_seals_nothing_outside_of_results(path, project):
    place = project / path.lstrip("/")
    place.parent.mkdir(exist_ok=True)
    place.touch()
    told = {str(place) if path[0] == "/" else path: artifacts.describe(place)}
    artifacts.write_json("results/smoke/0123/manifest.json", {"artifacts": told})
    assert restore_checksums(Path()) == 0
    assert not checksum_path(place).exists()


@pytest.mark.parametrize("odd", [None, [], {"a": None}, {"a": {}}])
def test_a_manifest_that_lists_nothing_vouches_for_nothing(odd, done):
    manifest = Path(done.folder, "manifest.json")
    artifacts.write_json(manifest, {**artifacts.read_json(manifest), "artifacts": odd})
    os.utime(table_paths(done)[0], (2**32, 2**32))  # of the future
    assert recover(done) == []


def test_the_environment_does_not_say_what_made_an_output(done, gmmpipe, monkeypatch):
    path = Path("results/best.csv")
    monkeypatch.setenv(MADE_BY, "another")
    assert gmmpipe("table", "best", done.folder, "-o", str(path)).code == 0
    assert checksum_of(path) == artifacts.describe(path)["sha256"]
    assert made_by(path) == {}

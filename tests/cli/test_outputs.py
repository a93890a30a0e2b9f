"""What -o names and what is there already: devices, pipes and links stay what they are."""

import os
import stat
import threading
from pathlib import Path

import pytest

from gmmpipe.store import arrays, files, integrity

BLOBS = ("generate", "--config", '{"kind": "blobs"}', "-o")


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    pipe, read = tmp_path / "pipe.npz", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    arrays.write_arrays(pipe, {"x": [1.0, 2.0]})
    reader.join(240)
    arrays.write_arrays(tmp_path / "file.npz", {"x": [1.0, 2.0]})
    assert read == [(tmp_path / "file.npz").read_bytes()]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert not integrity.checksum_path(pipe).exists()


def test_a_device_stays_a_device(tmp_path):
    device = tmp_path / "null"
    try:
        os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        device.write_bytes(b"")
    except PermissionError:
        pytest.skip("only root makes devices")
    files.write(device, "text")
    assert stat.S_ISCHR(device.stat().st_mode)
    assert [path.name for path in tmp_path.iterdir()] == ["null"]


def test_an_open_file_of_the_process_goes_on_where_it_is(tmp_path):
    with (tmp_path / "log").open("w+b", buffering=0) as log:
        log.write(b"before ")
        link = tmp_path / "out"
        link.symlink_to(f"/proc/self/fd/{log.fileno()}")
        files.write(link, "after")
        assert (tmp_path / "log").read_bytes() == b"before after"
        assert link.is_symlink()


def test_a_command_follows_a_link_and_keeps_the_mode(tmp_path, gmmpipe):
    target, link = tmp_path / "target.npz", tmp_path / "link.npz"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to("target.npz")
    answer = gmmpipe(*BLOBS, str(link))
    assert answer.code == 0, answer.err
    assert (link.is_symlink(), stat.S_IMODE(target.stat().st_mode)) == (True, 0o640)
    assert arrays.read_arrays(target)["x"].ndim == 2


def test_an_artifact_does_not_go_where_a_link_leads(tmp_path):
    """Only a person's own -o follows links: those of a received folder lead anywhere."""
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "artifact").symlink_to("mine")
    files.write(tmp_path / "artifact", "new")
    assert (tmp_path / "mine").read_text() == "mine"


def test_links_in_a_ring_end_in_one_line(tmp_path, refused):
    (tmp_path / "a.npz").symlink_to("b.npz")
    (tmp_path / "b.npz").symlink_to("a.npz")
    refused("a.npz ring", *BLOBS, str(tmp_path / "a.npz"))


def test_a_pipe_in_place_of_an_artifact_or_its_seal_is_damage_and_nobody_waits(tmp_path):
    path = tmp_path / "results/store/a"
    files.write(path, "x")
    integrity.checksum_path(path).unlink()
    os.mkfifo(integrity.checksum_path(path))
    assert (integrity.checksum_of(path), integrity.is_intact(path)) == ("", False)
    path.unlink()
    os.mkfifo(path)
    assert not integrity.is_intact(path)


def test_what_a_person_names_gets_no_record_outside_of_results(study, gmmpipe, tmp_path):
    done = study("experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=1", "sweep.iteration=1")
    best, after = tmp_path / "best.csv", "results/smoke/more.csv"
    best.write_text("old")
    integrity.write_checksum(best, integrity.sha256(b"old"), {})  # as an older gmmpipe left one
    for path in (best, after):
        assert gmmpipe("table", "best", done.folder, "--format", "csv", "-o", str(path)).code == 0
    folder = str(tmp_path / "drawn")
    link = Path(folder, "clusters-gmm.svg")
    link.parent.mkdir()
    link.symlink_to(tmp_path / "elsewhere.svg")
    assert gmmpipe("figure", "clusters", done.folder, "-o", folder).code == 0
    assert link.is_symlink()
    assert (tmp_path / "elsewhere.svg").is_file()
    assert gmmpipe("replay", done.folder, "-o", str(tmp_path / "replay.parquet")).code == 0
    assert gmmpipe("compare", done.folder, done.folder, "-o", str(tmp_path / "c.html")).code == 0
    source, output = done.data[0], str(tmp_path / "n.npz")
    config = '{"method": "standard"}'
    assert gmmpipe("normalise", source, "-o", output, "--config", config).code == 0
    assert list(tmp_path.rglob(".*.sha256")) == [*Path("results").absolute().rglob(".*.sha256")]
    assert integrity.checksum_of(after) == integrity.describe(after)["sha256"]
    best.write_text(best.read_text().replace("kmeans", "mine"))
    assert "mine" in files.read(best).decode()


def test_latest_itself_is_moved_from_version_to_version(study, gmmpipe):
    done = study("experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=1", "sweep.iteration=1")
    latest = Path("results/smoke/latest")
    latest.unlink()
    Path("results/smoke/earlier").mkdir()
    latest.symlink_to("earlier")
    assert gmmpipe("publish", done.path, "-o", str(latest)).code == 0
    assert str(latest.readlink()) == done.version


FIGURE = ("figure", "clusters", "results/smoke/latest", "--dataset", "gmm")
TABLE = ("table", "best", "results/smoke/latest", "--format", "csv")


def test_no_output_lies_among_finished_results(study, gmmpipe, refused, tmp_path, monkeypatch):
    done = study("experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=1", "sweep.iteration=1")
    version = Path(done.folder).absolute()
    monkeypatch.setattr("gmmpipe.cli.figure.redraw", lambda *_: [])
    (tmp_path / "link.csv").symlink_to(version / "tables/best.csv")
    places = (version, version / "tables", version / "figures/new.png", done.fits[0])
    for place in (*places, "results/.lock", "results/smoke/latest/a.png", tmp_path / "link.csv"):
        refused("lies among the results", *TABLE, "-o", str(place))
        refused("lies among the results", *FIGURE, "-o", str(place))
    assert gmmpipe(*TABLE, "-o", "results/mine.csv").code == 0
    assert gmmpipe("verify", done.folder).code == 0
    monkeypatch.chdir(version)
    refused("lies among the results", "figure", "clusters", ".")
    moved = str(version.rename(tmp_path / "moved"))
    refused("lies among the results", *TABLE[:2], moved, "-o", f"{moved}/a")


RING = [
    "table best ring",
    "table best ring/x -o y",
    "figure clusters ring",
    "show --data ring/x.csv",
]
RING += ["export ring --to ro-crate -o y", "show dataset.gmm={kind:file,path:ring/x.csv}"]


@pytest.mark.parametrize("command", RING)
def test_links_in_a_ring_are_no_traceback(command, project, gmmpipe):
    (project / "ring").symlink_to("ring")
    answer = gmmpipe(*command.split())
    assert answer.err.count("\n") == (answer.code == 2)
    assert answer.code == 2 or "# ring/x.csv: Too many" in answer.out


def test_a_protected_file_and_a_person_s_record_stay(tmp_path, refused, monkeypatch):
    path, record = tmp_path / "x.npz", tmp_path / ".x.npz.sha256"
    path.write_text("mine")
    record.write_text("mine")
    files.write(path, "new")
    assert record.read_text() == "mine"
    monkeypatch.setattr(
        os, "access", lambda place, mode: (str(place), mode) != (str(path), os.W_OK)
    )
    refused("x.npz is protected from writing", *BLOBS, str(path))
    assert path.read_text() == "new"

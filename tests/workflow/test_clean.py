import errno
import fcntl
import json
import os
from pathlib import Path
from shutil import move, rmtree

import pytest

from gmmpipe.config import compose
from gmmpipe.store import artifacts, layout, names, replaced
from gmmpipe.store.layout import engine
from gmmpipe.workflow import run as workflow_run

TINY = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=1", "sweep.iteration=1")


def store():
    files = Path("results/store").rglob("[!.]*")
    return {str(path) for path in files if path.is_file()}


def listed(answer):
    return {line.split()[-1] for line in answer.out.splitlines() if "results/store" in line}


def test_what_no_version_needs_is_listed_then_removed_and_nothing_else(study, gmmpipe):
    first = study(*TINY, "sweep.covariance=[full]")
    second = study(*TINY, "sweep.covariance=[full]", "fit.tol=1")
    assert "every entry of the store belongs" in gmmpipe("clean", "--unused").out
    rmtree(first.folder)
    theirs = ("notes.txt", "fits/notes.txt", ".hidden", "data/my-notes.json", "fits/backup.npz")
    theirs = [f"results/store/{name}" for name in theirs]
    for path in theirs:
        Path(path).write_text("not ours")
    before = store()

    answer = gmmpipe("clean", "--unused")
    assert (answer.code, answer.err) == (0, "")
    gone = {first.path, first.origins, str(engine(first.path)), *first.fits}
    assert listed(answer) == gone
    assert "nothing was moved" in answer.out
    assert store() == before
    contents = {path: Path(path).read_bytes() for path in gone}

    answer = gmmpipe("clean", "--unused", "--yes")
    assert listed(answer) == gone
    assert store() == before - gone
    (aside,) = Path("results/.replaced").iterdir()
    for path, content in contents.items():
        assert (aside / Path(path).relative_to("results")).read_bytes() == content
    assert f"moved to {aside}; `gmmpipe clean --replaced --yes` frees the space" in answer.out
    assert all(Path(path).exists() for path in theirs)
    assert gmmpipe("verify", second.folder).code == 0
    assert "every entry" in gmmpipe("clean", "--unused", "--yes").out


def test_an_interrupted_version_keeps_what_is_done(study, gmmpipe):
    done = study(*TINY)
    for path in Path(done.folder).iterdir():
        rmtree(path) if path.is_dir() else path.unlink()
    assert listed(gmmpipe("clean", "--unused")) == set()
    Path(done.folder).rmdir()
    assert listed(gmmpipe("clean", "--unused")) == store()


def test_a_run_that_has_begun_needs_what_it_has_fitted(study, gmmpipe):
    """Even if it was interrupted before any table; to plan alone is not to begin."""
    done = study(*TINY)
    rmtree(done.folder)
    assert done.fits[0] in listed(gmmpipe("clean", "--unused"))
    workflow_run._recover(done)
    assert listed(gmmpipe("clean", "--unused")) == set()


def test_a_version_whose_plan_is_lost_keeps_what_its_manifest_names(study, gmmpipe):
    done = study(*TINY)
    Path(done.path).unlink()
    assert listed(gmmpipe("clean", "--unused")) == set()


@pytest.mark.parametrize("place", ["smoke/old", "archive/2025", "old/smoke"])
def test_a_version_that_was_moved_keeps_what_it_needs(place, study, gmmpipe):
    """Whether others are left where it was, or none."""
    done, other = study(*TINY, "fit.tol=1"), study(*TINY)
    for version in (done, other):
        Path("results", place).mkdir(parents=True, exist_ok=True)
        move(version.folder, Path("results", place))
        before = store()
        assert listed(gmmpipe("clean", "--unused", "--yes")) == set()
        assert store() == before
        assert gmmpipe("verify", f"results/{place}/{done.version}").code == 0
    rmtree(f"results/{place}/{other.version}")
    assert set(other.fits) <= listed(gmmpipe("clean", "--unused"))


def test_a_version_that_was_moved_keeps_what_it_shares_with_one_that_goes(study, gmmpipe):
    done, other = study(*TINY, "fit.tol=1"), study(*TINY)
    Path("results/smoke/old").mkdir()
    move(done.folder, Path("results/smoke/old"))
    assert gmmpipe("remove", other.folder, "--yes").code == 0
    assert gmmpipe("verify", f"results/smoke/old/{done.version}").code == 0


@pytest.mark.parametrize("content", [None, "{", "[]"])
def test_nothing_is_removed_while_a_version_cannot_be_read(content, study, refused):
    done = study(*TINY)
    other = Path("results/smoke/0123456789ab")
    other.mkdir()
    if content:
        (other / "manifest.json").write_text(content)
    before = store()
    rmtree(done.folder)
    refused("results/smoke/0123456789ab", "clean", "--unused", "--yes")
    assert store() == before


def test_a_version_that_a_link_stands_for_keeps_what_it_needs(study, gmmpipe, tmp_path):
    done = study(*TINY)
    move(done.folder, tmp_path / "larger disk")
    Path(done.folder).symlink_to(tmp_path / "larger disk")
    assert listed(gmmpipe("clean", "--unused", "--yes")) == set()
    assert Path(done.fits[0]).exists()


def test_nothing_is_removed_while_the_disk_of_a_version_is_away(study, refused, tmp_path):
    done = study(*TINY)
    rmtree(done.folder)
    Path(done.folder).symlink_to(tmp_path / "not mounted")
    before = store()
    refused(f"{done.folder} {tmp_path} mount it", "clean", "--unused", "--yes")
    assert store() == before


def test_nothing_is_removed_while_the_disk_of_an_experiment_is_away(study, refused, tmp_path):
    done = study(*TINY)
    move("results/smoke", tmp_path / "smoke")
    Path("results/smoke").symlink_to(tmp_path / "not mounted")
    before = store()
    refused(f"results/smoke {tmp_path} mount it", "clean", "--unused", "--yes")
    assert store() == before >= {*done.fits}


def test_nothing_is_removed_while_an_experiment_is_not_ours_to_read(study, gmmpipe, monkeypatch):
    """Of a colleague, in a store that two people write to."""
    study(*TINY)
    before = store()

    def private(read):
        def refusing(path="."):
            if str(path).endswith("results/smoke"):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return read(path)

        return refusing

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", private(os.scandir))
        patch.setattr(os, "listdir", private(os.listdir))
        answer = gmmpipe("clean", "--unused", "--yes")
    assert answer.code == 1
    assert "results/smoke: Permission denied; change its permissions" in answer.err
    assert store() == before


def test_a_hidden_version_keeps_what_it_needs(study, gmmpipe):
    done = study(*TINY)
    Path(done.path).unlink()
    Path(done.folder).rename("results/smoke/.kept")
    Path(done.folder).symlink_to(".kept")
    assert listed(gmmpipe("clean", "--unused")).isdisjoint(done.store)


@pytest.mark.parametrize("part", ["results", "results/store", "results/store/fits"])
def test_the_store_of_another_project_is_left_alone(part, study, refused, tmp_path):
    done = study(*TINY)
    rmtree(done.folder)  # of this project no version needs it
    move(part, tmp_path / "theirs")
    Path(part).symlink_to(tmp_path / "theirs")
    before = store()
    refused(f"{part} symbolic link", "clean", "--unused", "--yes")
    assert store() == before


@pytest.mark.parametrize(
    "command", [("clean", "--unused", "--yes"), ("remove", "{}", "--yes"), ("run", *TINY)]
)
def test_what_was_replaced_is_not_looked_for_through_a_link(command, study, refused, tmp_path):
    done = study(*TINY)
    mine = tmp_path / "documents/thesis.tex"
    mine.parent.mkdir()
    mine.write_text("mine")
    Path(layout.REPLACED).symlink_to(mine.parent)
    Path(done.fits[0]).write_bytes(b"damaged")
    before = store()
    refused(f"{layout.REPLACED} symbolic link", *(each.format(done.folder) for each in command))
    assert [path.name for path in mine.parent.iterdir()] == [mine.name]
    assert store() == before


def test_latest_of_a_removed_version_keeps_nothing(study, gmmpipe):
    done = study(*TINY)
    rmtree(done.folder)
    assert Path("results/smoke/latest").is_symlink()
    assert listed(gmmpipe("clean", "--unused")) == store()


@pytest.mark.parametrize("name", names.RESERVED)
def test_a_version_of_an_experiment_called_like_a_folder_of_ours(name, study, gmmpipe, monkeypatch):
    """Earlier releases made such versions; what they need stays, and no more are made."""
    Path(f"conf/experiment/{name}.yaml").write_bytes(
        Path("conf/experiment/smoke.yaml").read_bytes()
    )
    with monkeypatch.context() as earlier:
        earlier.setattr(compose, "RESERVED", ())
        done = study(f"experiment={name}", *TINY[1:])
    assert listed(gmmpipe("clean", "--unused", "--yes")) == set()
    Path(done.path).unlink()  # the manifest alone is as good
    assert listed(gmmpipe("clean", "--unused", "--yes")) == set()
    assert Path(done.fits[0]).exists()


@pytest.mark.parametrize("name", [*names.RESERVED, "Store"])
@pytest.mark.usefixtures("project")
def test_no_experiment_is_called_like_a_folder_of_ours(name, refused):
    smoke = Path("conf/experiment/smoke.yaml").read_bytes()
    Path(f"conf/experiment/{name}.yaml").write_bytes(smoke)
    refused(f"results/{name.lower()} conf/experiment/{name}.yaml", "run", f"experiment={name}")


def test_nothing_is_removed_while_an_experiment_runs(study, refused):
    done = study(*TINY)
    rmtree(done.folder)
    before = store()
    with Path("results/.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused("is running in this folder", "clean", "--unused", "--yes")
    assert store() == before


def test_what_to_clean_is_said(refused):
    refused("--unused", "clean")


def test_links_are_not_followed(study, gmmpipe, tmp_path):
    done = study(*TINY)
    rmtree(done.folder)
    precious = tmp_path / "precious.npz"
    artifacts.write(precious, "mine")
    Path("results/store/fits/link.npz").symlink_to(precious)
    gmmpipe("clean", "--unused", "--yes")
    assert precious.read_text() == "mine"


@pytest.mark.parametrize("lost", ["manifest.json", "plan"])
def test_a_person_s_data_in_the_store_stay(lost, study, gmmpipe):
    mine = Path("results/store/data/mine.json")
    mine.parent.mkdir(parents=True)
    mine.write_text(json.dumps([{"a": i, "b": i**2} for i in range(20)]))
    done = study(*TINY, f"dataset.gmm={{kind:file,path:{mine}}}")
    Path(done.path if lost == "plan" else f"{done.folder}/{lost}").unlink()
    gmmpipe("clean", "--unused", "--yes")
    assert mine.exists()


@pytest.mark.parametrize("left", [[], ["."], [".not_mounted"], ["my-analysis"]])
def test_nothing_is_removed_while_the_mount_of_an_experiment_is_away(
    left, study, gmmpipe, refused, tmp_path
):
    """Of a place on another disk a folder is left, none, or one with what marks it."""
    done = study(*TINY)
    move("results/smoke", tmp_path / "smoke")
    for name in left:
        Path("results/smoke", name).mkdir(parents=True)
    before = store()
    plans = "results/store/plans/smoke-????????????.json"
    refused(f"results/smoke mount it {plans}", "clean", "--unused", "--yes")
    assert store() == before >= {*done.fits}
    for path in Path().glob(plans):  # as it says
        path.unlink()
    assert listed(gmmpipe("clean", "--unused")) == store()


def test_a_person_s_folder_among_versions_needs_nothing(study, gmmpipe):
    study(*TINY)
    notes = Path("results/smoke/my-analysis/notes.txt")
    notes.parent.mkdir()
    notes.touch()
    assert listed(gmmpipe("clean", "--unused", "--yes")) == set()
    assert notes.exists()


def test_a_hidden_folder_beside_the_experiments_is_none(study, gmmpipe):
    study(*TINY)
    Path("results/.git/branches").mkdir(parents=True)
    assert gmmpipe("clean", "--unused", "--yes").code == 0
    assert Path("results/.git/branches").exists()


def test_a_store_that_is_mounted_is_not_cleaned(study, refused, monkeypatch, tmp_path):
    """Another project may have mounted the same folder."""
    study(*TINY)
    before, place = store(), Path("results/store/fits").absolute()
    mounts = tmp_path / "mountinfo"
    line = "36 35 98:0 /mnt {} rw,noatime master:1 - ext4 /dev/root rw\n"
    mounts.write_text(line.format("/a\\040b") + line.format(str(place).replace(" ", "\\040")))
    monkeypatch.setattr(replaced, "MOUNTS", mounts)
    refused("results/store/fits is mounted other projects", "clean", "--unused", "--yes")
    assert store() == before


def test_what_was_replaced_is_removed_alone_and_no_link_followed(study, gmmpipe, refused, tmp_path):
    done = study(*TINY)
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/thesis.tex").touch()
    for name in ("folder", "file"):
        Path(layout.REPLACED, "20260101T000000", name).mkdir(parents=True)
    Path(layout.REPLACED, "20260101T000000/link").symlink_to(tmp_path / "precious")
    Path(layout.REPLACED, "beside").symlink_to(tmp_path / "precious")
    before = store()
    assert "20260101T000000" in gmmpipe("clean", "--replaced").out
    assert len(list(Path(layout.REPLACED).iterdir())) == 2
    with Path("results/.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused("is running in this folder", "clean", "--replaced", "--yes")
    assert gmmpipe("clean", "--replaced", "--yes").code == 0
    assert not list(Path(layout.REPLACED).iterdir())
    assert (tmp_path / "precious/thesis.tex").exists()
    assert store() == before >= {*done.store}


def test_what_is_on_another_disk_stays_and_is_named(study, gmmpipe, monkeypatch):
    done = study(*TINY)
    before, rename = store(), Path.rename

    def refuse(path, target):
        if path.name == done.version:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    answer = gmmpipe("remove", done.folder, "--yes")
    assert (answer.code, store()) == (1, before)
    assert f"{done.folder}: stays, as it is not on the disk of results/.replaced" in answer.err

import fcntl
from pathlib import Path
from shutil import rmtree

import pytest

from gmmpipe import artifacts, launch
from gmmpipe.study import engine_of

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
    theirs = ("results/store/notes.txt", "results/store/fits/notes.txt", "results/store/.hidden")
    for path in theirs:
        Path(path).write_text("not ours")
    before = store()

    answer = gmmpipe("clean", "--unused")
    assert (answer.code, answer.err) == (0, "")
    gone = {first.path, first.origins, str(engine_of(first.path)), *first.fits}
    assert listed(answer) == gone
    assert "nothing was removed" in answer.out
    assert store() == before

    answer = gmmpipe("clean", "--unused", "--yes")
    assert listed(answer) == gone
    assert store() == before - gone
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
    launch._recover(done)
    assert listed(gmmpipe("clean", "--unused")) == set()


def test_a_version_whose_plan_is_lost_keeps_what_its_manifest_names(study, gmmpipe):
    done = study(*TINY)
    Path(done.path).unlink()
    assert listed(gmmpipe("clean", "--unused")) == set()


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

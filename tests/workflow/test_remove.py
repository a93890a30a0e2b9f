"""`gmmpipe remove` and `gmmpipe clean --keep`: what goes, and what stays for other versions."""

import fcntl
import shutil
from pathlib import Path

import pytest

from gmmpipe.store import artifacts
from gmmpipe.workflow import remove

TINY = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=1", "sweep.iteration=1")
TINY += ("sweep.covariance=[full]", "sweep.seed=0")


def files():
    every = {str(path) for path in Path("results").glob("[!.]*/**/*") if path.is_file()}
    return every - {"results/store/.lock"}


def dated(done, day):
    path = f"{done.folder}/run.json"
    moment = f"2026-01-{day:02}T00:00:00+00:00"
    artifacts.write_json(path, {**artifacts.read_json(path), "published": moment})
    return done


@pytest.fixture
def three(study):
    """Three versions that share their data, of the first to the third of a month."""
    tols = ("0", "1", "2")
    return [dated(study(*TINY, f"fit.tol={tol}"), day) for day, tol in enumerate(tols, 1)]


def test_a_version_goes_with_what_only_it_needs(three, gmmpipe):
    first, second, third = three
    before = files()
    answer = gmmpipe("remove", first.folder)
    assert (answer.code, files()) == (0, before)
    assert "nothing was moved: the same command with --yes" in answer.out
    listed = {line.split()[-1] for line in answer.out.splitlines()[:-1]}
    assert listed >= {first.folder, *first.fits, first.path}
    assert listed.isdisjoint([*first.data, *first.normalisations])

    assert gmmpipe("remove", first.folder, "--yes").code == 0
    assert not Path(first.folder).exists()
    assert not Path(first.fits[0]).exists()
    for done in (second, third):
        assert gmmpipe("verify", done.folder).code == 0
    assert "every entry of the store belongs" in gmmpipe("clean", "--unused").out


def test_latest_leads_to_the_newest_that_is_left(three, gmmpipe):
    first, second, third = three
    gmmpipe("note", second.folder, "--name", "mine")
    answer = gmmpipe("remove", "results/smoke/latest", "results/smoke/mine", "--yes")
    assert f"results/smoke/latest is now {first.version}" in answer.out
    assert artifacts.linked("results/smoke/latest") == first.version
    assert {second.folder, third.folder}.isdisjoint(map(str, Path("results/smoke").iterdir()))
    gmmpipe("remove", first.folder, "--yes")
    assert not Path("results/smoke/latest").is_symlink()
    assert "results/store" not in " ".join(files())


def test_the_newest_those_with_a_name_and_latest_are_kept(three, gmmpipe):
    first, second, third = three
    artifacts.link("results/smoke/latest", second.version)
    fourth = third.folder.replace(third.version, "unfinished")
    Path(fourth).mkdir()
    Path(f"{fourth}/manifest.json").write_bytes(Path(third.folder, "manifest.json").read_bytes())
    Path(f"{fourth}/run.json").write_text("{}")
    before = files()
    assert first.folder in gmmpipe("clean", "--keep", "2").out
    assert files() == before
    for note in (["--name", "paper"], ["figures of the paper", "--name", ""]):
        gmmpipe("note", first.folder, *note)
        assert "nothing to move" in gmmpipe("clean", "--keep", "1", "--yes").out
    gmmpipe("note", first.folder, "")
    answer = gmmpipe("clean", "--keep", "1", "--yes")
    assert "1 version and" in answer.out
    assert not Path(first.folder).exists()
    assert all(Path(done.folder).exists() for done in (second, third))


@pytest.mark.parametrize("command", [("remove", "{}", "--yes"), ("clean", "--keep", "1", "--yes")])
def test_what_a_person_wrote_or_edited_is_moved_with_a_version(command, three, gmmpipe):
    first = Path(three[0].folder)
    (first / "lab-book.txt").write_text("Monday")
    (first / "config.yaml").write_text("# seeds as in the paper")
    before = {path.name: path.read_bytes() for path in first.rglob("*") if path.is_file()}
    answer = gmmpipe(*(each.format(first) for each in command))
    (aside,) = Path("results/.replaced").iterdir()
    assert answer.out.endswith(
        f"moved to {aside}; `gmmpipe clean --replaced --yes` frees the space\n"
    )
    moved = aside / first.relative_to("results")
    assert {each.name: each.read_bytes() for each in moved.rglob("*") if each.is_file()} == before
    assert (aside / Path(three[0].fits[0]).relative_to("results")).exists()
    assert not first.exists()


def test_a_version_that_says_it_is_of_the_future_takes_no_place(three, gmmpipe):
    first, second, third = three
    path = f"{first.folder}/run.json"
    artifacts.write_json(path, {**artifacts.read_json(path), "published": "9999"})
    assert gmmpipe("clean", "--keep", "2", "--yes").out.endswith("nothing to move\n")
    assert second.folder in gmmpipe("clean", "--keep", "1").out
    assert all(Path(done.folder).exists() for done in (first, second, third))


def test_what_is_not_to_be_removed_is_refused(three, refused, tmp_path):
    before = files()
    for named in ("results/smoke", "results/store", "results/smoke/nothing", "conf", ".", "/"):
        refused(f"{named}: no version in gmmpipe runs", "remove", named, "--yes")
    refused("--keep is 0; give 1 or more", "clean", "--keep", "0", "--yes")
    refused("--unused --keep", "clean")
    refused("not allowed with", "clean", "--unused", "--keep", "1")
    with Path("results/.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused("is running in this folder", "remove", three[0].folder, "--yes")
    assert files() == before
    shutil.move(three[0].folder, tmp_path / "disk")
    Path(three[0].folder).symlink_to(tmp_path / "disk")
    refused(f"is a link to {tmp_path / 'disk'}", "remove", three[0].folder, "--yes")


def test_nothing_goes_while_a_version_cannot_be_read(three, refused):
    Path("results/smoke/0123456789ab").mkdir()
    before = files()
    refused("0123456789ab neither plan nor manifest", "remove", three[0].folder, "--yes")
    assert files() == before


def test_an_interrupted_removal_leaves_no_half_version(three, gmmpipe, monkeypatch):
    first = three[0]

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(remove, "_settle_latest", stop)
        assert gmmpipe("remove", first.folder, "--yes").code == 1
    assert not Path(first.folder).exists()
    assert first.version not in gmmpipe("runs").out
    for done in three[1:]:
        assert gmmpipe("verify", done.folder).code == 0


def test_an_unfinished_version_can_be_removed(three, gmmpipe):
    Path(three[0].folder, "manifest.json").unlink()
    assert gmmpipe("remove", three[0].folder, "--yes").code == 0
    assert not Path(three[0].folder).exists()

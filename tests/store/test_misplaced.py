"""A link or a pipe in results/, or a folder where a file belongs: one line, nothing is removed."""

import contextlib
import errno
import json
import os
import shutil
import socket
import sys
from pathlib import Path

import pytest

from gmmpipe.errors import InputError
from gmmpipe.results.tables import table_paths
from gmmpipe.store import artifacts
from gmmpipe.store.integrity import MADE_BY, checksum_path, is_intact, made_by
from gmmpipe.workflow import code_digest, make_plan
from gmmpipe.workflow import run as workflow_run
from gmmpipe.workflow.clean import clean
from gmmpipe.workflow.repair import recover, restoring_on_failure
from gmmpipe.workflow.stages import evaluate

TINY = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=1", "sweep.iteration=1")


@pytest.mark.parametrize("place", ["logs/fit", "benchmarks/fit/x.tsv", "store/fits/x.npz"])
def test_no_log_or_artifact_goes_through_a_link(place, project, tmp_path):
    path = project / "results" / place
    path.parent.mkdir(parents=True)
    path.symlink_to(tmp_path)
    with pytest.raises(InputError, match="is a symbolic link"):
        workflow_run._lock()


@pytest.mark.parametrize("place", ["results", "results/store", "results/logs", ".snakemake"])
def test_a_file_where_a_folder_belongs_stays(place, project):
    path = project / place
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    with pytest.raises(InputError, match="is a file where a folder belongs; rename it"):
        workflow_run._lock()
    assert path.read_text() == "mine"


def test_what_is_out_of_place_in_a_version_stays(study, tmp_path):
    done = study(*TINY)
    latest, table, fit = (
        Path("results/smoke/latest"),
        Path(table_paths(done)[0]),
        Path(done.fits[0]),
    )
    latest.unlink()
    latest.write_text("mine")
    with pytest.raises(InputError, match="latest: is not a link to a version"):
        recover(done)
    assert latest.read_text() == "mine"
    latest.unlink()
    table.rename(tmp_path / "table")
    table.symlink_to(tmp_path / "table")
    with pytest.raises(InputError, match="is a symbolic link"):
        recover(done)
    (tmp_path / "table").replace(table)
    records = ("run.json", "manifest.json", ".manifest.json.sha256", "config.yaml", "report.html")
    for path in (fit, *(Path(done.folder, name) for name in records)):
        kept = path.read_bytes() if path.exists() else b""
        path.unlink(missing_ok=True)
        path.mkdir()
        (path / "mine").touch()
        with pytest.raises(InputError, match=f"{path.name}: is a folder where a file belongs"):
            recover(done)
        (path / "mine").unlink()  # it is there
        path.rmdir()
        path.write_bytes(kept)


def test_a_backup_by_hard_links_stays_as_it_is(study, tmp_path):
    done = study(*TINY)
    names = ("results/logs/fit/x.log", "results/benchmarks/fit/x.tsv", ".snakemake/metadata/x")
    for place, name in enumerate(names):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("{}")
        (tmp_path / str(place)).hardlink_to(name)
    recover(done)
    for place, name in enumerate(names):
        Path(name).write_text("new")  # as a shell and Snakemake do
        assert (tmp_path / str(place)).read_text() == "{}"


def test_a_folder_in_place_of_a_log_is_named_before_any_job(project):
    for place in ("logs/fit/x.log", "benchmarks/fit/x.tsv"):
        path = project / "results" / place
        path.mkdir(parents=True)
        with pytest.raises(InputError, match=f"{path.name}: is a folder where a file belongs"):
            workflow_run._lock()
        path.rmdir()


def test_a_job_refuses_other_code_than_its_run_began_with(study, gmmpipe):
    done = study(*TINY)
    answer = gmmpipe("evaluate", done.path, "-o", "elsewhere", "--code", "0123456789ab")
    assert answer.code == 1
    assert answer.err.startswith("gmmpipe stopped: gmmpipe's code changed during this run")
    assert not Path("elsewhere").exists()


def test_a_job_refuses_code_that_changed_before_it_imported_the_rest(study, gmmpipe, monkeypatch):
    done = study(*TINY)
    digest = code_digest.source_digest(evaluate.__name__)
    monkeypatch.setattr(code_digest, "source_digest", lambda _: "0123456789ab")  # at the end
    monkeypatch.setattr(
        evaluate, "run", lambda *_, **__: monkeypatch.setitem(sys.modules, "gmmpipe.late", evaluate)
    )
    answer = gmmpipe("evaluate", done.path, "-o", "elsewhere", "--code", digest)
    assert answer.code == 1
    assert "gmmpipe's code changed during this run" in answer.err


@pytest.mark.parametrize("kind", ["a pipe", "a socket"])
@pytest.mark.parametrize(
    "place",
    [
        "results/logs/fit/x.log",
        "results/logs/run/smoke-x.log",
        "results/benchmarks/fit/x.tsv",
        "results/store/plans/x.json",
        ".snakemake/metadata/x",
    ],
)
def test_nobody_waits_for_what_is_no_file(place, kind, project):
    make_special(project / place, kind)
    with pytest.raises(InputError, match=f"{Path(place).name}: is {kind} where files belong"):
        workflow_run._lock()


@pytest.mark.parametrize("name", [".lock", ".lock.jobs"])
def test_a_lock_is_a_file(name, project):
    make_special(project / "results" / name, "a pipe")
    with pytest.raises(InputError, match=f"{name}: is no file that can be locked; remove it"):
        workflow_run._lock()


@pytest.mark.parametrize("name", [".lock", ".lock.jobs"])
def test_a_lock_is_no_link(name, project, tmp_path):
    """As in received results: a file of the person's would be cut off."""
    precious = tmp_path / "precious"
    precious.write_text("mine")
    Path("results").mkdir(exist_ok=True)
    Path("results", name).symlink_to(precious)
    for lock in (workflow_run._lock, lambda: clean(project, confirmed=True)):
        with pytest.raises(InputError, match=f"{name}: is a symbolic link; remove it"):
            lock()
    assert precious.read_text() == "mine"


def test_numba_has_no_settings_of_the_project(project):
    """They decide last bits, or name a cache of code, and no manifest tells them."""
    (project / ".numba_config.yaml").write_text("disable_jit: 1\n")
    with pytest.raises(InputError, match="would read unrecorded settings from it; remove it"):
        workflow_run._lock()


@pytest.mark.parametrize("command", ["replay x", "figure clusters x", "show"])
def test_no_command_imports_numba_where_it_would_find_settings(command, project, refused):
    """As of whoever made the data: a cache that they name is code."""
    (project / ".numba_config.yaml").write_text(f"cache_dir: {project}\n")
    refused(".numba_config.yaml: numba would read unrecorded settings from it", *command.split())


def test_nobody_waits_for_settings_of_matplotlib(project, refused):
    os.mkfifo(project / "matplotlibrc")
    refused("matplotlibrc: it is no file; remove it", "figure", "clusters", "x")


@pytest.mark.parametrize(
    "name",
    ["notes.txt", "clusters-gmm-edited.svg", "poster/p.svg", "clusters-gmm.ai",
     "clusters-gmm/p.svg", ".notes.txt"],
)  # fmt: skip
def test_what_a_person_put_among_the_figures_stays(name, study):
    done = study(*TINY)
    folder = Path(done.figures)
    artifacts.write_json(folder / "captions.json", {"clusters-gmm": "a caption"})
    for path in (folder / "clusters-gmm.svg", folder / "clusters-gmm.png"):
        artifacts.write(path, "drawn")
    assert recover(done) == []
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    assert recover(done) == []
    assert path not in done.figure_files()
    (folder / "clusters-gmm.svg").write_text("spoilt")  # so all are drawn again
    assert len(recover(done)) == 1
    assert path.read_text() == "mine"


def test_a_record_of_no_file_is_passed_over(study):
    done = study(*TINY)
    for name in ("..sha256", "...sha256", "....sha256"):  # of what is called "", "." and ".."
        Path(done.folder, name).touch()
    assert recover(done) == []


def test_nobody_waits_for_a_record_of_a_version(study, gmmpipe):
    done = study(*TINY)
    for name in ("run.json", "manifest.json", "report.html", "tables/fits.parquet"):
        path = Path(done.folder) / name
        kept = path.read_bytes() if path.exists() else b""
        path.unlink(missing_ok=True)
        make_special(path, "a pipe")
        with pytest.raises(InputError, match=rf"{path.name}: is a pipe where files belong"):
            recover(done)
        for command in (("verify",), ("table", "fits"), ("replay",)):
            answer = gmmpipe(*command, done.folder)
            assert answer.code in (0, 1, 2)
            assert answer.err.count("\n") <= 2, answer.err
        path.unlink()
        path.write_bytes(kept)


def make_special(path, kind):
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "a pipe":
        os.mkfifo(path)
        return
    with contextlib.chdir(path.parent), socket.socket(socket.AF_UNIX) as end:  # a short path
        end.bind(path.name)


@pytest.mark.parametrize("killed", [False, True])
def test_what_a_failed_run_removed_of_a_finished_version_is_put_back(killed, study):
    done = study(*TINY)
    figures, fit = Path(done.figures), Path(done.fits[0])
    artifacts.write_json(figures / "captions.json", {})
    places = (figures / "captions.json", fit)
    before = [(path.read_bytes(), path.stat().st_mtime) for path in places]
    keeping = restoring_on_failure(done)
    keeping.__enter__()
    shutil.rmtree(figures)
    fit.unlink()
    clean(Path())  # which it does not hinder
    artifacts.write(fit, "of new code, whose job fails then")
    fit.unlink()  # by Snakemake, which leaves the record
    if killed:
        assert recover(done) == []
    else:
        keeping.__exit__(None, None, None)
    assert [(path.read_bytes(), path.stat().st_mtime) for path in places] == before
    assert all(map(is_intact, places))
    assert not Path("results/store/.kept").exists()


def test_tables_of_an_interrupted_job_do_not_stand_among_those_before(study):
    done = study(*TINY)
    tables = [Path(path) for path in table_paths(done)]
    before = [path.read_bytes() for path in tables]
    with restoring_on_failure(done):
        for path in tables:
            path.unlink()
        artifacts.write(tables[0], "of new code")
    assert [path.read_bytes() for path in tables] == before
    assert all(map(is_intact, tables))
    (aside,) = Path("results/.replaced").rglob(tables[0].name)
    assert aside.read_text() == "of new code"


@pytest.mark.parametrize("killed", [True, False])
def test_what_a_job_made_anew_before_its_run_failed_is_not_gone(killed, study, monkeypatch):
    """Its bytes before; as of a run that ends well."""
    done = study(*TINY)
    data, fit = Path(done.data[0]), Path(done.fits[0])
    before = data.read_bytes()
    maker = {**made_by(data), "code": "another"}
    keeping = restoring_on_failure(done)
    keeping.__enter__()
    data.unlink()
    monkeypatch.setenv(MADE_BY, json.dumps(maker))
    artifacts.write(data, "of new code")
    fit.unlink()
    if killed:
        recover(done)
    else:
        keeping.__exit__(None, None, None)
    assert data.read_text() == "of new code"
    (aside,) = Path("results/.replaced").rglob(data.name)
    assert aside.read_bytes() == before
    assert fit.exists()
    assert not Path("results/store/.kept").exists()
    shutil.rmtree("results/.replaced")
    manifest = Path(done.folder, "manifest.json")
    told = manifest.read_bytes()
    with restoring_on_failure(done):
        data.unlink()
        artifacts.write(data, "of new code")
    assert not Path("results/.replaced").exists()
    with restoring_on_failure(done):
        artifacts.write_json(manifest, {"artifacts": {}})
    (aside,) = Path("results/.replaced").rglob(manifest.name)
    assert aside.read_bytes() == told


def test_a_plan_that_is_made_otherwise_is_moved_first(study):
    done = study(*TINY)
    before = Path(done.path).read_bytes()
    make_plan.make_plan(Path(), TINY, profile={"target_seconds": 1})
    assert Path(done.path).read_bytes() != before
    (aside,) = Path("results/.replaced").rglob(Path(done.path).name)
    assert aside.read_bytes() == before


def test_nothing_is_made_for_what_is_damaged_where_nothing_is(study):
    done = study(*TINY)
    for path in (done.report, done.fits[0]):
        Path(path).unlink(missing_ok=True)
        checksum_path(Path(path)).unlink(missing_ok=True)
    assert recover(done) == []
    assert not Path("results/.replaced").exists()


def test_what_others_left_to_be_put_back_stays_where_it_is(study, capsys):
    done = study(*TINY)
    evil = Path("results/store/.kept/.venv/lib/site-packages/evil.pth")
    beside = Path(f"results/store/.kept/{done.label}/.venv/lib/site-packages/evil.pth")
    for path in (evil, beside, Path(".venv/lib/site-packages/numpy.py")):
        path.parent.mkdir(parents=True)
        path.touch()
    recover(done)
    assert not list(Path(".venv").rglob("*.pth"))
    assert evil.exists()
    assert list(Path("results/.replaced").rglob("evil.pth"))
    assert "results/store/.kept/.venv: left by a run that was killed" in capsys.readouterr().err


def test_a_copy_of_tables_or_figures_in_a_version_is_a_person_s(study):
    done = study(*TINY)
    copy = Path(done.folder, "my-tables")
    shutil.copytree(f"{done.folder}/tables", copy)
    edited = copy / "fits.csv"
    edited.write_text("edited")
    assert recover(done) == []
    assert edited.read_text() == "edited"


def test_what_is_damaged_is_moved_not_removed(study, gmmpipe):
    done = study(*TINY)
    figures, table = Path(done.figures), Path(table_paths(done)[0])
    artifacts.write_json(figures / "captions.json", {"clusters-gmm": "a caption"})
    artifacts.write(figures / "clusters-gmm.svg", "drawn")
    for path in (figures / "clusters-gmm.svg", table):
        path.write_text("edited")
    assert len(recover(done)) == 2
    assert not table.exists()
    assert not list(figures.glob("[!.]*"))
    found = {path.name: path.read_text() for path in Path("results/.replaced").rglob("*.[sc]*v*")}
    assert {found["clusters-gmm.svg"], found[table.name]} == {"edited"}
    assert recover(done) == []
    assert "every entry" in gmmpipe("clean", "--unused", "--yes").out
    assert "nothing was removed" in gmmpipe("clean", "--replaced").out
    assert list(Path("results/.replaced").iterdir())
    assert gmmpipe("clean", "--replaced", "--yes").code == 0
    assert not list(Path("results/.replaced").iterdir())
    assert "nothing is in" in gmmpipe("clean", "--replaced", "--yes").out


def test_a_full_disk_ends_a_run_before_anything_is_removed(study, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    done = study(*TINY)
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    with pytest.raises(OSError, match="No space"), restoring_on_failure(done):
        raise AssertionError("Snakemake was run")


def test_what_a_run_made_anew_is_not_put_back(study):
    done = study(*TINY)
    figures, table = Path(done.figures), Path(table_paths(done)[0])
    for name in ("captions.json", "clusters-gmm.svg"):
        artifacts.write(figures / name, "{}")
    with restoring_on_failure(done):
        (figures / "clusters-gmm.svg").unlink()  # new code draws it no more
        artifacts.write(table, "new")
    assert table.read_text() == "new"
    assert not (figures / "clusters-gmm.svg").exists()


def test_that_nothing_can_be_put_back_is_said(study, monkeypatch, capsys):
    def refuse(*_):
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    done = study(*TINY)
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    with restoring_on_failure(done):
        pass
    assert capsys.readouterr().err == (
        "gmmpipe: results/store/.kept: Operation not supported;"
        " files that a failing run removes are not restored\n"
    )

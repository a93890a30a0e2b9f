"""A project of one's own for each test, and the command line to use it with."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from projects import Answer, carry_out, finish_once, make_project, run

from gmmpipe.cli import main
from gmmpipe.store.integrity import MADE_BY
from gmmpipe.store.plan import Plan
from gmmpipe.workflow import run as workflow_run

# A machine may be as slow as it likes.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a fresh project, which is the working folder too."""
    folder = make_project(tmp_path / "project")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("GMMPIPE_RUN", raising=False)
    return folder


@pytest.fixture(autouse=True)
def no_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files of this process not be flushed to disk: no test outlives a power cut."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(autouse=True)
def no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test be a job because an earlier one was."""
    monkeypatch.setenv(MADE_BY, "")


@pytest.fixture
def gmmpipe(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Return the command line, called in this process."""

    def call(*arguments: str) -> Answer:
        capsys.readouterr()
        try:
            code = main.main(arguments)
        except SystemExit as end:  # --help
            code = int(end.code or 0)
        return Answer(code, *capsys.readouterr())

    return call


@pytest.fixture
def refused(gmmpipe: Callable[..., Answer]) -> Callable[..., None]:
    """Return a check: exit code 2, and one line on stderr that has all the words."""

    def check(words: str, *arguments: str) -> None:
        answer = gmmpipe(*arguments)
        assert (answer.code, answer.out) == (2, ""), answer
        assert answer.err.startswith("gmmpipe: ")
        assert answer.err.endswith("\n")
        assert answer.err.count("\n") == 1
        assert [word for word in words.split() if word not in answer.err] == [], answer.err

    return check


@pytest.fixture
def no_job_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it an error to start Snakemake."""

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError(f"a process was started: {arguments} {options}")

    monkeypatch.setattr(workflow_run.subprocess, "Popen", refuse)
    monkeypatch.setattr(workflow_run.subprocess, "run", refuse)


@pytest.fixture
def study(project: Path) -> Callable[..., Plan]:
    """Return a function that carries out a study in the project."""
    assert Path.cwd() == project
    return carry_out


@pytest.fixture(scope="session")
def finished_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Answer]:
    """Return a project in which projects.TINY is done, and what was said; it is for reading."""
    own = tmp_path_factory.getbasetemp()
    return finish_once(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)


@pytest.fixture
def finished(project: Path, finished_once: tuple[Path, Answer]) -> Answer:
    """Let projects.TINY be done in the project, files and their times; return what was said."""
    folder, answer = finished_once
    assert answer.code == 0, answer
    for part in ("results", ".snakemake"):
        shutil.copytree(folder / part, project / part, symlinks=True)
    return answer


@pytest.fixture
def command(project: Path) -> Callable[..., Answer]:
    """Return a runner of `python -m ...` in the project, in a process of its own."""
    return lambda *arguments: run(project, *arguments)

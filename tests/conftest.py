"""A project of one's own for each test, and the command line to use it with."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from gmmpipe import cli, launch, plan
from gmmpipe.stages import bootstrap, combine, evaluate, fit, generate, normalise, publish
from gmmpipe.study import STORE, Study

HOME = Path(__file__).parents[1]


class Answer(NamedTuple):
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


def make_project(folder: Path) -> Path:
    """Copy what makes a folder a project: the workflow, its settings and the data."""
    folder.mkdir()
    shutil.copy(HOME / "Snakefile", folder)
    for part in ("profiles", "conf", "data", "docs"):
        shutil.copytree(HOME / part, folder / part)
    return folder


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a fresh project, which is the working folder too."""
    folder = make_project(tmp_path / "project")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("GMMPIPE_LOCK", raising=False)
    return folder


@pytest.fixture
def gmmpipe(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Return the command line, called in this process."""

    def call(*arguments: str) -> Answer:
        capsys.readouterr()
        try:
            code = cli.main(arguments)
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

    monkeypatch.setattr(launch.subprocess, "Popen", refuse)
    monkeypatch.setattr(launch.subprocess, "run", refuse)


def carry_out(*overrides: str) -> Study:
    """Plan a study in the working folder and run its stages in this process, no figures."""
    study = Study(plan.freeze(Path(), overrides))
    for name in study.plan["data"]:
        config = json.loads(study.section("data", name))
        generate.run(study.source(name), study.stored(name), config)
    for name in study.plan["normalised"]:
        config = json.loads(study.section("normalised", name))
        normalise.run([study.raw(name)], f"{STORE}/normalised/{name}.npz", config)
    for name in study.plan["fits"]:
        config = json.loads(study.section("fits", name))
        fit.run(study.fitted(name), study.fit(name), config)
    evaluate.run([study.path], f"{study.folder}/tables", {})
    for name, path in zip(study.plan["bootstrap"], study.bootstraps, strict=True):
        bootstrap.run(study.replicated(name), path, json.loads(study.section("bootstrap", name)))
    if study.summaries:
        combine.run([study.path], f"{study.folder}/tables", {})
    publish.run([study.path], f"results/{study.experiment}/latest", {})
    return study


@pytest.fixture
def study(project: Path) -> Callable[..., Study]:
    """Return a function that carries out a study in the project."""
    assert Path.cwd() == project
    return carry_out


@pytest.fixture
def command(project: Path) -> Callable[..., Answer]:
    """Return a runner of `python -m ...` in the project, in a process of its own."""
    return lambda *arguments: run(project, *arguments)


def run(
    folder: Path,
    *arguments: str,
    umask: int = -1,
    prefix: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Answer:
    """Run `python -m ARGUMENTS` in a folder; environment is set on top of this one."""
    kept = {k: v for k, v in os.environ.items() if k != "GMMPIPE_LOCK"}
    done = subprocess.run(
        [*prefix, sys.executable, "-m", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**kept, **(environment or {})},
        umask=umask,
        timeout=240,
    )
    return Answer(done.returncode, done.stdout, done.stderr)

"""Projects for tests: one made, run as a user would, or carried out in this process."""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple
from unittest import mock

from gmmpipe.store.integrity import MADE_BY
from gmmpipe.store.jobs import from_json
from gmmpipe.store.plan import Plan
from gmmpipe.workflow import make_plan
from gmmpipe.workflow.environment import maker
from gmmpipe.workflow.pipeline import STAGES, Stage
from gmmpipe.workflow.stages import figures
from gmmpipe.workflow.threads import VARIABLES

HOME = Path(__file__).parents[2]

# a whole study that is soon done: four fits, one figure
TINY = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.covariance=[full]", "sweep.k=1..2")
TINY += ("sweep.seed=0..1", "sweep.iteration=[1,5]")
TINY += ("figures.names=[clusters]", "figures.formats=[png,svg]")


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


@cache
def made_here(stage: str) -> str:
    """Return what a job of a stage records."""
    with mock.patch.dict(os.environ, dict.fromkeys(VARIABLES, "1")):
        return maker(stage)


def job(stage: ModuleType, *arguments: Any) -> None:
    """Run a stage in this process as a job does, which records what makes its artifacts."""
    with mock.patch.dict(os.environ, {MADE_BY: made_here(stage.__name__)}):
        stage.run(*arguments)


def finish_once(shared: Path) -> tuple[Path, Answer]:
    """Return a project in which TINY is done, and what was said; made by who asks first.

    shared is a folder of all processes of a test run.
    """
    folder, said = shared / "finished", shared / "finished.json"
    with (shared / "finished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            answer = run(make_project(folder), "gmmpipe", "run", *TINY)
            said.write_text(json.dumps(answer))
    return folder, Answer(*json.loads(said.read_text()))


def carry_out(*overrides: str, drawing: bool = False) -> Plan:
    """Plan a study in the working folder and run its stages in this process, figures if asked."""
    study = make_plan.make_plan(Path(), overrides)
    for stage in STAGES.values():
        if drawing or stage.name not in ("figures", "report"):
            for name in stage.jobs(study):
                do(stage, study, name)
    return study


def do(stage: Stage, study: Plan, name: str) -> None:
    """Do a job in this process."""
    module = import_module(f"gmmpipe.workflow.stages.{stage.name}")
    config = json.loads(stage.parameters(study, name))
    parameters = [from_json(stage.job, config, "--config")] if stage.job else []
    job(module, stage.arguments(study, name), stage.destination(study, name), *parameters)


def carry_out_and_draw(folder: Path, *overrides: str) -> tuple[Path, Plan]:
    """Carry out a study, figures too, in a project made there; return its results and itself."""
    with contextlib.chdir(make_project(folder)):
        study = carry_out(*overrides)
        figures.run([study.path], f"{study.folder}/figures")
    return folder / "results", study


def run(
    folder: Path,
    *arguments: str,
    umask: int = -1,
    prefix: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Answer:
    """Run `python -m ARGUMENTS` in a folder; environment is set on top of this one."""
    kept = {k: v for k, v in os.environ.items() if k != "GMMPIPE_RUN"}
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


def has_ended(pid: int) -> bool:
    """Return whether a process is no more, or only waits for its parent to ask how it ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return text.rpartition(")")[2].split()[0] == "Z"

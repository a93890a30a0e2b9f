"""A tiny study whose stages run in this process, one after the other, as Snakemake would."""

import shutil
from pathlib import Path

from failing_disk import MOST, failing_at, temporaries
from projects import do

from gmmpipe.store import artifacts
from gmmpipe.store.integrity import is_intact
from gmmpipe.store.plan import Plan
from gmmpipe.workflow import make_plan
from gmmpipe.workflow.pipeline import STAGES
from gmmpipe.workflow.stages import figures

TINY = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.covariance=[full]", "sweep.k=1..2")
TINY += ("sweep.seed=0", "sweep.iteration=1", "figures.names=[clusters]")


def go_on(*, drawn: bool = False) -> Plan:
    """Do what is not done of the study in the working folder; figures and a report if drawn."""
    study = make_plan.make_plan(Path(), TINY)
    for stage in STAGES.values():
        for name in stage.jobs(study):
            if stage.name in ("figures", "report"):
                continue
            if stage.name == "publish" or not all(map(is_intact, stage.outputs(study, name))):
                do(stage, study, name)
            if stage.name == "evaluate" and drawn:
                figures.run([study.path], study.figures)
                artifacts.write(study.report, "<!doctype html>")
    return study


def contents(folder: Path) -> dict[str, bytes]:
    """Return {path: bytes} of the files in a folder that tell no times."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in found
        if not {"run.json", "index.html"} & {path.name.strip(".").removesuffix(".sha256")}
    }


def fail_everywhere(step: int = 1) -> tuple[int, list[str]]:
    """Let every step-th operation on the disk fail, each time from nothing, and go on from there.

    Returns how many failures were tried, and what was lost.
    """
    study, results, lost = go_on(), Path("results"), []
    wanted = contents(results)
    for n in range(1, MOST, step):
        shutil.rmtree(results)
        with failing_at(n) as disk:
            try:
                go_on()
            except OSError:
                assert disk.failed
            if not disk.failed:
                break
        left = temporaries(results)
        go_on()
        latest = Path("results/smoke/latest").readlink().name
        if left or latest != study.version or contents(results) != wanted:
            lost.append(f"operation {n}: {left or 'different results'}")
    assert not disk.failed
    return (n - 1) // step, lost

"""Runs that are killed and artifacts that are damaged: the short form of `make test-faults`."""

import os
import shutil
import signal
from pathlib import Path

import pytest
from damage import SORTS, damages
from interrupted import ended, on_terminal, read_until
from killed_runs import MISSED, contents, flip, recovered, strike
from places import lacking, wait_for
from projects import TINY
from tiny_study import go_on

from gmmpipe.errors import DamagedArtifact
from gmmpipe.store.artifacts import read
from gmmpipe.store.plan import Plan
from gmmpipe.workflow.repair import recover


@pytest.mark.usefixtures("project")
def test_damage_to_every_sort_of_artifact_is_found():
    study = go_on(drawn=True)
    assert recover(study) == []
    tried, lost = damages(study)
    assert set(tried) == set(SORTS)
    assert min(tried.values()) > 5
    assert lost == []


@pytest.mark.usefixtures("finished")
def test_one_command_goes_on_after_kills_damage_and_loss(project, command, tmp_path):
    wanted = contents(project / "results")
    shutil.move(project / "results", tmp_path / "kept")
    for blow in ("kill -9 of the launcher", "kill -9 of plain Snakemake"):
        assert strike(project, blow, 4) in ("", MISSED)
    shutil.rmtree(project / ".snakemake")
    assert recovered(project, wanted) == ""

    plans = (project / "results/store/plans").glob("*.json")
    study = Plan.read(next(path for path in plans if "." not in path.stem))  # not its notes
    hit = [study.fits[0], f"{study.folder}/tables/fits.csv", f"{study.folder}/config.yaml"]
    hit += [f"{study.folder}/figures/clusters-gmm.png"]
    for path in hit:
        flip(project / path, 0.5, 3)
        with pytest.raises(DamagedArtifact, match=f"{Path(path).name}: damaged"):
            read(project / path)
    (project / study.normalisations[0]).unlink()
    (project / "results/smoke/latest").unlink()
    again = command("gmmpipe", "run", *TINY)
    assert again.code == 0, again
    said = {line.split()[1] for line in again.err.splitlines() if "is damaged" in line}
    assert said == set(hit)
    assert contents(project / "results") == wanted
    assert (project / "results/smoke/latest").readlink().name == study.version


def test_a_run_goes_on_where_much_is_lacking_after_a_stop_and_without_its_terminal(
    project, command, gmmpipe
):
    """No links, no flushing of folders, no semaphores, no home; one run, as each takes long."""
    changes = lacking(
        project, "symbolic links (EPERM)", "flushing of folders", "semaphores", pausing=True
    )
    (project / "home").touch()
    changes |= {"XDG_CACHE_HOME": "", "HOME": str(project / "home")}
    with on_terminal(project, ignored=True, **changes) as (going, master):
        wait_for(project / "planned")
        os.kill(going.pid, signal.SIGSTOP)
        second = command("gmmpipe", "run", *TINY)
        os.kill(going.pid, signal.SIGCONT)
        (project / "go").touch()
        said = read_until(master, b" jobs, ")
        os.close(master)
        assert ended(going) == 0
    assert (second.code, second.err.count("\n")) == (2, 1)
    assert f"process {going.pid} is running in this folder" in second.err
    assert b".snakemake/cache is used instead" in said
    latest = project / "results/smoke/latest"
    assert latest.read_text().startswith("link: ")
    assert gmmpipe("verify", str(latest)).code == 0
    assert not list(project.rglob(".*.tmp"))

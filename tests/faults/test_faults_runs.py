"""Runs that are killed and artifacts that are damaged: the short form of `make test-faults`."""

import shutil
from pathlib import Path

import pytest
from damage import SORTS, damages
from killed_runs import MISSED, contents, flip, members, recovered, started, strike
from projects import TINY
from tiny_study import go_on

from gmmpipe.artifacts import read
from gmmpipe.errors import DamagedArtifact
from gmmpipe.recovery import recover
from gmmpipe.study import Study


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
    study = Study(next(path for path in plans if "." not in path.stem))  # not its notes
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
    said = {line.split()[1] for line in again.err.splitlines() if "is made again" in line}
    assert said == set(hit)
    assert contents(project / "results") == wanted
    assert (project / "results/smoke/latest").readlink().name == study.version


def test_a_second_run_is_refused_while_one_is_going(project, command):
    with started(project, plain=True) as going:
        while not members(project):
            assert going.poll() is None
        second = command("gmmpipe", "run", *TINY)
        going.kill()
    assert second.code == 2
    assert f"process {going.pid} is running in this folder" in second.err

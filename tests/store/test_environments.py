"""What made each artifact is recorded beside it, listed in the manifest, and taken into account."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from projects import job

from gmmpipe.results.compare.comparison import compare
from gmmpipe.store import artifacts
from gmmpipe.store.environments import Environments
from gmmpipe.store.integrity import checksum_of, checksum_path, made_by, write_checksum
from gmmpipe.store.jobs import PublishJob
from gmmpipe.workflow import rerun
from gmmpipe.workflow.code_digest import source_digest
from gmmpipe.workflow.environment import environment
from gmmpipe.workflow.rerun import rerun as make_again
from gmmpipe.workflow.stages import publish
from gmmpipe.workflow.verify import Version

TINY = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.covariance=[full,diag]", "sweep.k=1..2")
TINY += ("sweep.seed=0", "sweep.iteration=2", "block.target_seconds=0.01")


@pytest.fixture
def done(study):
    return study(*TINY)


def remade(done, path, **changed):
    """Let an artifact be made by something else, and publish the version again."""
    write_checksum(Path(path), checksum_of(path), {**made_by(path), **changed})
    stages = {"fit": made_by(done.fits[1])["code"]}
    job(publish, [done.path], f"results/{done.experiment}/latest", PublishJob(stages=stages))
    return artifacts.read_json(f"{done.folder}/manifest.json")


def elsewhere(here):
    return {**here, "libraries": {**here["libraries"], "numpy": "0.1"}}


def test_a_job_records_what_made_its_artifacts(project, gmmpipe):
    output = "results/store/data/blobs.npz"
    config = json.dumps({"kind": "blobs", "n": 9, "seed": 1})
    code = source_digest("gmmpipe.workflow.stages.generate")
    assert gmmpipe("generate", "--code", code, "-o", output, "--config", config).code == 0
    assert made_by(output) == {"stage": "generate", "code": code, "environment": environment()}
    folder = project / "results/store/data"
    command = ["sha256sum", "--check", "--strict", "--warn", ".blobs.npz.sha256"]
    checked = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert (checked.stdout, checked.stderr) == ("blobs.npz: OK\n", "")


@pytest.mark.parametrize("odd", ["# x\n", "# 000000000000 {}\n", "#", "# 44136fa355b3 {}\n"])
def test_a_damaged_record_of_what_made_an_artifact_is_damage(odd, done):
    record = checksum_path(Path(done.fits[0]))
    first, _ = record.read_text().splitlines()
    record.write_text(f"{first}\n")
    assert (bool(checksum_of(done.fits[0])), made_by(done.fits[0])) == (True, {})  # an older one
    record.write_text(f"{first}\n{odd}")
    assert (checksum_of(done.fits[0]), made_by(done.fits[0])) == ("", {})


def test_the_manifest_lists_every_environment_once(done, gmmpipe):
    manifest = artifacts.read_json(f"{done.folder}/manifest.json")
    (environment,) = manifest["environments"].values()
    assert environment == made_by(done.fits[0])["environment"]
    assert {told.get("stage") for told in manifest["artifacts"].values()} == {
        *("generate", "normalise", "fit", "evaluate", None),
    }
    texts = {done.path, done.origins, f"{done.folder}/config.yaml", f"{done.folder}/Snakefile"}
    assert {path for path, told in manifest["artifacts"].items() if "stage" not in told} == texts
    assert list(Environments(manifest).notes()) == []
    shutil.copytree(done.folder, "results/smoke/before")
    manifest = remade(done, done.fits[0], environment=elsewhere(environment))
    assert list(manifest["environments"].values()) == [environment, elsewhere(environment)]
    keys = list(manifest["environments"])
    assert [manifest["artifacts"][path]["environment"] for path in done.fits[:2]] == keys[::-1]
    here, there = environment["libraries"]["numpy"], "0.1"
    note = f"in several environments: {len(manifest['artifacts']) - 5} in {keys[0]}, 1 in {keys[1]}"
    note += f", which differ in libraries.numpy ({here}, {there})"
    found = compare("results/smoke/before", done.folder)
    assert [line for line in found.summary() if "environments" in line] == [
        f"After: its artifacts were made {note}."
    ]
    told = found.settings.set_index("key").loc["libraries.numpy"]
    assert told.tolist() == ["environment", here, f"{here} and {there}"]
    answer = gmmpipe("verify", done.folder)
    assert answer.code == 0
    assert answer.out.endswith(f"its artifacts were made {note}\n")


def test_artifacts_of_other_code_are_counted(done, gmmpipe):
    manifest = remade(done, done.fits[0], code="another")
    assert manifest["artifacts"][done.fits[0]]["code"] == "another"
    assert f"1 of its artifacts, as {done.fits[0]}, were made by other code" in (
        gmmpipe("verify", done.folder).out
    )


def test_only_what_was_made_here_is_to_have_the_same_bytes(done, monkeypatch, capsys):
    here = made_by(done.fits[0])["environment"]
    remade(done, done.fits[0], environment=elsewhere(here))
    monkeypatch.setattr(rerun, "environment", lambda: here)
    factors = dict.fromkeys(done.fits[:2], 1.0)

    def run(_study, place, _cores):
        for path in Version(done.folder).manifest["artifacts"]:
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place / path)
        for path, factor in factors.items():
            arrays = artifacts.read_arrays(place / path)
            artifacts.write_arrays(place / path, {**arrays, "mean": arrays["mean"] * factor})
        return True

    monkeypatch.setattr(rerun, "_run", run)
    factors[done.fits[0]] = 1 + 1e-12
    assert make_again(Version(done.folder))
    said = capsys.readouterr().out
    assert "1 artifacts were made with another libraries.numpy: last bits may differ" in said
    assert "1 files of numbers equal to 1e-9" in said
    factors[done.fits[1]] = 1 + 1e-12
    assert not make_again(Version(done.folder))
    said = capsys.readouterr().err
    assert said.startswith(f"gmmpipe: {done.fits[1]}: has other bytes when made again\n")
    shutil.rmtree(said.split()[-1])


@pytest.mark.parametrize("odd", [5, {"a": 5}, {"a": {"environment": [1], "stage": {}, "code": 1}}])
def test_what_a_manifest_of_others_says_is_no_traceback(odd):
    found = Environments({"artifacts": odd, "environments": odd, "stages": odd})
    assert [note for note in found.notes() if "\n" in note] == []
    assert found.maker("a") == {}

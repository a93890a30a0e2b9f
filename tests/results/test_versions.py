"""`gmmpipe runs`: which versions there are, what differs, and what each selected."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from gmmpipe import load
from gmmpipe.errors import InputError
from gmmpipe.results.versions import differences, recorded_of, summaries
from gmmpipe.store import artifacts
from gmmpipe.store.files import remove_artifact

TINY = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.iteration=1", "sweep.seed=0")
OLD = Path(__file__).parent / "format-1.zip"


def dated(done, moment):
    path = f"{done.folder}/run.json"
    artifacts.write_json(path, {**artifacts.read_json(path), "published": moment})


def test_versions_are_listed_with_what_differs_and_what_was_selected(study, gmmpipe):
    first = study(*TINY, "sweep.k=1", "sweep.covariance=[full]")
    second = study(*TINY, "sweep.k=1..3", "sweep.covariance=[full,diag]", "fit.tol=1e-3")
    dated(first, "2026-01-02T03:04:05+00:00")
    dated(second, "2026-02-03T04:05:06+00:00")
    gmmpipe("note", first.folder, "of the paper", "--name", "paper")
    new, old = json.loads(gmmpipe("runs", "--json").out)
    assert (new["version"], old["version"]) == (second.version, first.version)
    assert (old["name"], old["note"], old["state"]) == ("paper", "of the paper", "finished")
    assert old["differs"].keys() == {"fit.tol", "sweep.k", "sweep.covariance"}
    assert (old["differs"]["sweep.k"], new["differs"]["sweep.k"]) == ("[1]", "1..3")
    assert new["samples"] == {"gmm": [272]}
    best = artifacts.read_frame(f"{second.folder}/tables/best.parquet").iloc[0]
    keys = ("dataset", "normaliser", "covariance", "k", "bic")
    expected = {key: best[key] for key in keys}
    assert new["selected"] == [expected]
    told = artifacts.read_json(f"{first.folder}/manifest.json")["artifacts"].values()
    records = [Path(first.folder, name).stat().st_size for name in ("manifest.json", "run.json")]
    assert old["bytes"] == sum(entry["size"] for entry in told) + sum(records)

    lines = gmmpipe("runs", "smoke").out.splitlines()
    assert [line[:16] for line in lines[2:]] == ["2026-02-03 04:05", "2026-01-02 03:04"]
    assert "paper" in lines[3]
    assert f"{best['covariance']}, K = {best['k']}" in lines[2]


def test_every_outer_point_has_its_selected_model(study):
    study(*TINY, "sweep.k=1..2", "sweep.covariance=[full]", "+sweep.fit.tol=[0,1e-3]")
    (found,) = summaries(Path())
    assert [model["fit.tol"] for model in found.selected] == ["0.0", "0.001"]


def test_what_cannot_be_read_is_named_and_the_rest_is_listed(study, gmmpipe):
    done = study(*TINY, "sweep.k=1", "sweep.covariance=[full]")
    broken = Path("results/smoke/0123456789ab")
    broken.mkdir()
    assert json.loads(gmmpipe("runs", "--json").out)[1]["state"] == "unfinished"
    (broken / "manifest.json").write_text("{")
    answer = gmmpipe("runs", "--json")
    assert [each["state"] for each in json.loads(answer.out)] == ["finished", "damaged"]
    assert answer.err.startswith(f"gmmpipe: {broken.resolve()}/manifest.json: not JSON")
    told = artifacts.read_json(f"{done.folder}/manifest.json")
    for config in (5, {"sweep": 5}, {"dataset": {"gmm": 5}, "sweep": {"dataset": ["gmm"]}}):
        (broken / "manifest.json").write_text(json.dumps({**told, "config": config}))
        answer = gmmpipe("runs", "--json")
        assert [each["state"] for each in json.loads(answer.out)] == ["finished", "damaged"]
        assert answer.err.startswith(f"gmmpipe: {broken.resolve()}: its records are incomplete")
    shutil.rmtree(broken)
    remove_artifact(done.path)
    artifacts.write(f"{done.folder}/tables/best.csv", "rank\n1\n")
    answer = gmmpipe("runs", "--json")
    assert json.loads(answer.out)[0]["state"] == "damaged"
    assert [word in answer.err for word in (done.path, "best.csv")] == [True, True]
    assert answer.err.count("\n") == 2


def test_numbers_of_other_bytes_than_the_manifest_tells_are_not_shown(study, gmmpipe):
    done = study(*TINY, "sweep.k=1", "sweep.covariance=[full]")
    path = Path(done.folder, "tables/best.csv")
    path.write_text(path.read_text().replace("gmm", "gmn"))
    path.with_name(".best.csv.sha256").unlink()  # as uploads lose hidden files
    answer = gmmpipe("runs", "--json")
    (found,) = json.loads(answer.out)
    assert (found["state"], found["selected"]) == ("damaged", [])
    assert "best.csv: not of this version" in answer.err
    assert "gmn" not in Path(gmmpipe("runs", "--html").out.strip()).read_text()


def test_a_plan_of_other_bytes_than_the_manifest_tells_is_not_read(study, gmmpipe):
    """Its fits would be those of other data, or in other units."""
    done = study(*TINY, "sweep.k=1", "sweep.covariance=[full]")
    path = Path(done.path)
    path.write_text(path.read_text().replace('"n": 272', '"n": 100000'))
    path.with_name(f".{path.name}.sha256").unlink()
    with pytest.raises(InputError, match=f"{path.name}: not of this version"):
        _ = load(done.folder).study
    (found,) = json.loads(gmmpipe("runs", "--json").out)
    assert (found["state"], found["samples"]) == ("damaged", {})


def test_results_of_an_older_format_are_listed(project, gmmpipe):
    with zipfile.ZipFile(OLD) as file:
        file.extractall(project)
    assert json.loads(gmmpipe("runs", "--json").out)[0]["selected"][0]["k"] == 2


@pytest.mark.usefixtures("project")
def test_without_versions_it_says_so(gmmpipe, refused):
    assert "no version yet" in gmmpipe("runs").out
    assert gmmpipe("runs", "--json").out == "[]\n"
    refused("experiment with results is 'smoke'", "runs", "smoke")


def test_the_entries_of_one_version_alone_are_no_difference_in_themselves():
    def manifest(sha256, **dataset):
        config = {"dataset": dataset, "fit": {"tol": 0}}
        return recorded_of({"config": config, "inputs": {"a": {"sha256": sha256}}, "artifacts": {}})

    one = manifest("ab", gmm={"n": 1}, iris={"n": 2})
    two = manifest("cd", gmm={"n": 3})
    assert differences([one, two]) == [
        {"dataset.gmm.n": "1", "a": "SHA-256 ab"},
        {"dataset.gmm.n": "3", "a": "SHA-256 cd"},
    ]

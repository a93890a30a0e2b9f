"""The crate against the musts of its profiles, and against roc-validator where that is there."""

import json
import shutil
from pathlib import Path

import pytest

from gmmpipe import artifacts
from gmmpipe.crate import NAME, PROFILES, crate

FILES = ("config.yaml", "Snakefile", "report.html", "manifest.json", "run.json")
FILES += ("tables/fits.csv", "tables/best.parquet", "figures/bic-gmm.svg", "figures/captions.json")


@pytest.fixture
def folder(tmp_path):
    """A version's folder with its crate; what the files hold is of no account."""
    for name in FILES:
        artifacts.write(tmp_path / name, name)
    inputs = {"data/gmm.data": "ab" * 32, "/home/me/my flowers.csv": "cd" * 32}
    manifest = {
        "experiment": "smoke",
        "version": "0123456789ab",
        "inputs": {path: {"size": 3, "sha256": digest} for path, digest in inputs.items()},
        "package": {"name": "gmmpipe", "version": "1.2", "sha256": "ef" * 32},
        "tools": {"snakemake": "9.27"},
    }
    run = {"started": "2026-01-02T03:04:05+00:00", "published": "2026-01-02T03:05:00+00:00"}
    files = {name: artifacts.describe(tmp_path / name) for name in FILES}
    artifacts.write_json(tmp_path / NAME, crate(manifest, run, files))
    return tmp_path


@pytest.fixture
def entities(folder):
    graph = json.loads((folder / NAME).read_text(encoding="utf-8"))["@graph"]
    found = {entity["@id"]: entity for entity in graph}
    assert len(found) == len(graph)  # each is told once
    return found


def references(value):
    if isinstance(value, list):
        return [name for one in value for name in references(one)]
    return [value["@id"]] if isinstance(value, dict) else []


def test_root_and_descriptor(entities):
    assert entities[NAME]["about"] == {"@id": "./"}
    assert "https://w3id.org/ro/crate/1.1" in references(entities[NAME]["conformsTo"])
    root = entities["./"]
    assert references(root["conformsTo"]) == list(PROFILES)
    assert all(root.get(key) for key in ("name", "description", "datePublished", "license"))


def test_every_reference_leads_somewhere(entities):
    for entity in entities.values():
        for key, value in entity.items():
            for name in references(value):
                assert name in entities or name.startswith("https://"), (key, name)


def test_every_file_is_there_and_part_of_the_crate(entities, folder):
    parts = {name for e in entities.values() for name in references(e.get("hasPart", []))}
    told = {key for key, entity in entities.items() if "File" in entity["@type"]}
    assert told <= parts
    inside = {name for name in told if not name.startswith("ni:")}
    assert inside == {str(p.relative_to(folder)) for p in folder.rglob("[!.]*.*")} - {NAME} | {
        "Snakefile"
    }
    for name in inside:
        content = (folder / name).read_bytes()
        assert entities[name]["sha256"] == artifacts.sha256(content)
        assert entities[name]["contentSize"] == str(len(content))


def test_the_run_is_of_the_workflow_from_inputs_to_results(entities):
    workflow = entities[entities["./"]["mainEntity"]["@id"]]
    assert workflow["@type"] == ["File", "SoftwareSourceCode", "ComputationalWorkflow"]
    assert references(workflow["programmingLanguage"])[0].endswith("#snakemake")
    (action,) = (e for e in entities.values() if e["@type"] == "CreateAction")
    assert action["instrument"] == {"@id": workflow["@id"]}
    given = [entities[name]["name"] for name in references(action["object"])]
    assert given == ["config.yaml", "gmm.data", "my flowers.csv"]
    assert set(references(action["result"])) >= {"report.html", "tables/", "figures/"}
    for parameter in references(workflow["input"]) + references(workflow["output"]):
        example = entities[entities[parameter]["workExample"]["@id"]]
        assert example["exampleOfWork"] == {"@id": parameter}
        assert entities[parameter]["additionalType"] in example["@type"]


def test_no_machine_path_is_in_it(folder):
    assert "/home/me" not in (folder / NAME).read_text(encoding="utf-8")


def test_roc_validator_finds_nothing(folder):
    """`pip install roc-validator`; it reads the JSON-LD contexts from w3id.org."""
    services = pytest.importorskip("rocrate_validator.services", reason="no roc-validator here")
    settings = services.ValidationSettings(
        rocrate_uri=str(folder), profile_identifier="workflow-run-crate-0.5"
    )
    issues = [issue.message for issue in services.validate(settings).get_issues()]
    if any("context" in message for message in issues):
        pytest.skip(f"the contexts are out of reach: {issues[0]}")
    assert issues == []


@pytest.mark.parametrize("lost", ["report.html", "figures/bic-gmm.svg", "run.json"])
def test_what_there_is_not_is_not_told(lost, folder):
    files = {name: artifacts.describe(folder / name) for name in FILES if name != lost}
    shutil.copy(folder / NAME, folder / "before")
    manifest = {"experiment": "e", "version": "v", "inputs": {}, "tools": {"snakemake": "9"}}
    manifest["package"] = {"version": "1", "sha256": "ef" * 32}
    text = json.dumps(crate(manifest, {"published": "2026-01-02T03:05:00+00:00"}, files))
    assert f'"{Path(lost)}"' not in text

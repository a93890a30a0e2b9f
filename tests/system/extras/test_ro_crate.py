"""A version as an RO-Crate, against the musts of its profiles; roc-validator if it is there."""

import json
import zipfile

import pytest
from libraries import library
from versions import FILES, a_version

from gmmpipe.errors import InputError
from gmmpipe.store import artifacts
from gmmpipe.workflow.ro_crate import PROFILES, export

NAME = "ro-crate-metadata.json"


@pytest.fixture
def folder(tmp_path):
    """Return a version as a crate, in a folder."""
    library("rocrate")
    assert export(a_version(tmp_path), str(tmp_path / "crate")) == len(FILES)
    return tmp_path / "crate"


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
    assert inside == set(FILES)
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == {*FILES, NAME}
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
    assert set(references(action["result"])) >= {"report.html", "tables/fits.csv", "manifest.json"}
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


def test_a_zip_file_has_the_same_and_the_same_bytes_each_time(folder, tmp_path):
    version = a_version(tmp_path)
    for name in ("one.zip", "two.zip", "one.zip"):
        export(version, str(tmp_path / name))
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        for name in archive.namelist():
            assert archive.read(name) == (folder / name).read_bytes()
        assert len(archive.namelist()) == len(FILES) + 1
    assert not list(tmp_path.glob(".*"))


def test_what_is_there_stays(folder, tmp_path):
    with pytest.raises(InputError, match="crate: exists; give a new folder"):
        export(a_version(tmp_path), str(folder))

"""A finished version as a Workflow Run RO-Crate, for archives such as Zenodo and WorkflowHub.

Profile: https://w3id.org/ro/wfrun/workflow/0.5. Leo et al. 2024, "Recording provenance of workflow
runs with RO-Crate", PLOS ONE 19(9), e0309210. The library ``rocrate`` writes it.
"""

import base64
from collections.abc import Mapping
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from gmmpipe.errors import InputError, missing
from gmmpipe.store import artifacts, zipped
from gmmpipe.store.layout import CONFIG, MANIFEST, RECORDS, REPORT, RUN, WORKFLOW
from gmmpipe.workflow.verify import Version

VERSION = "1.1"  # of RO-Crate, which the profiles are made for
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
LICENCE = "https://spdx.org/licenses/BSD-3-Clause"
NOT_STATED = "#licence"
LICENCES = {
    BIOSCHEMAS: ("ComputationalWorkflow", "1.0"),
    LICENCE: ("BSD 3-Clause licence",),
    NOT_STATED: ("Data and results: for those to say who own them. The workflow: BSD 3-Clause.",),
}
FORMATS = {  # what mimetypes does not know everywhere
    ".data": "text/plain",
    ".parquet": "application/vnd.apache.parquet",
    ".yaml": "application/yaml",
}
PURPOSES = {
    CONFIG: "Every setting of the experiment",
    MANIFEST: "SHA-256 and size of every input and artifact, and what made them",
    RUN: "When and where the version was made, and how long each job took",
    REPORT: "Figures and tables with captions",
    WORKFLOW: "The rules that make the results",
}


def export(version: Version, output: str) -> int:
    """Write the crate of a version as a new folder, or as a file whose name ends in .zip.

    The files are those of the version's folder; inputs are named by their SHA-256. The same bytes
    each time. Returns the number of files. Raises InputError where the folder is there already, the
    library is not, or a file is not as the manifest says.
    """
    zipped.refuse_existing(output)
    files = _files(version)
    try:
        crate = _crate(version, files)
    except InputError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{version.folder}: its records are incomplete ({error!r})") from None
    with artifacts.scratch(Path(output).parent) as scratch:
        folder = Path(scratch) / "crate"
        crate.write(folder)
        made = [path for path in folder.rglob("*") if path.is_file()]
        zipped.export({path.relative_to(folder).as_posix(): path for path in made}, output)
    return len(files)


def _files(version: Version) -> dict[str, dict[str, Any]]:
    """Return {path in the folder: size and digest} of what the manifest names, and of the records.

    Raises InputError for a file that is lost or changed, and where there is no workflow.
    """
    told = version.manifest["artifacts"]
    paths = [path for path in told if version.find(path).is_relative_to(version.folder)]
    places = version.intact(paths)
    inside = {places[path]: told[path] for path in paths}
    records = (version.folder / name for name in RECORDS)
    inside |= {path: artifacts.describe(path) for path in records}
    files = {path.relative_to(version.folder).as_posix(): entry for path, entry in inside.items()}
    if WORKFLOW not in files:
        raise InputError(f"{version.folder}: has no {WORKFLOW}, which the crate describes")
    return files


def _crate(version: Version, files: Mapping[str, Mapping[str, Any]]) -> Any:
    """Return the crate, nothing of it written yet."""
    manifest, folder = version.manifest, version.folder
    run_record = artifacts.read_json(folder / RUN)
    title = f"{manifest['experiment']} {manifest['version']}"
    crate = _empty(title, run_record["published"])
    workflow = crate.add_workflow(
        folder / WORKFLOW,
        WORKFLOW,
        main=True,
        lang="snakemake",
        lang_version=(manifest.get("tools") or manifest["libraries"])["snakemake"],
        properties={
            **_properties(WORKFLOW, files[WORKFLOW]),
            "name": "gmmpipe",
            "version": manifest["package"]["version"],
            "conformsTo": {"@id": BIOSCHEMAS},
            "license": {"@id": LICENCE},
        },
    )
    inside = {
        name: crate.add_file(folder / name, name, properties=_properties(name, entry))
        for name, entry in files.items()
        if name != WORKFLOW
    }
    input_files = [inside.pop(CONFIG)]
    for path, entry in manifest["inputs"].items():
        properties = {**_properties(Path(path).name, entry), "description": "Input data"}
        input_files.append(crate.add_file(_uri_of(entry["sha256"]), properties=properties))
    results = list(inside.values())
    for key, entities in {"input": input_files, "output": results}.items():
        for entity in entities:
            parameter = crate.add_formal_parameter(
                entity["name"], "File", f"#parameter-{entity.id}"
            )
            parameter["workExample"], entity["exampleOfWork"] = entity, parameter
            workflow.append_to(key, parameter)
    run = {"name": f"Run of {title}", "endTime": run_record["published"]}
    run |= {"startTime": run_record["started"]} if run_record.get("started") else {}
    crate.root_dataset["mentions"] = crate.add_action(workflow, "#run", input_files, results, run)
    return crate


def _empty(title: str, published: str) -> Any:
    """Return a crate without files. Raises InputError where the library is missing."""
    try:
        from rocrate.rocrate import ROCrate
    except ModuleNotFoundError as error:
        raise InputError(missing(str(error.name), "ro-crate")) from None
    crate = ROCrate(version=VERSION)
    crate.metadata.extra_contexts.append(TERMS)
    for key, (name, *version) in {**PROFILES, **LICENCES}.items():
        properties = {"version": version[0]} if version else {}
        crate.add_jsonld({"@id": key, "@type": "CreativeWork", "name": name, **properties})
    crate.name = f"gmmpipe experiment {title}"
    crate.description = "Gaussian mixtures fitted by EM: tables, figures, and how they were made."
    crate.datePublished = published
    crate.license = crate.get(NOT_STATED)
    crate.root_dataset["conformsTo"] = [crate.get(key) for key in PROFILES]
    return crate


def _properties(name: str, entry: Mapping[str, Any]) -> dict[str, str]:
    """Return the properties of a file."""
    properties = {"name": name, "contentSize": str(entry["size"]), "sha256": entry["sha256"]}
    if form := FORMATS.get(Path(name).suffix) or guess_type(name)[0]:
        properties["encodingFormat"] = form
    if name in PURPOSES:
        properties["description"] = PURPOSES[name]
    return properties


def _uri_of(sha256: str) -> str:
    """Return the URI of content with this SHA-256 (RFC 6920)."""
    code = base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")
    return f"ni:///sha-256;{code}"

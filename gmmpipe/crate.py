"""A version as a Workflow Run RO-Crate: the run described in schema.org's words, as JSON-LD.

Profile: https://w3id.org/ro/wfrun/workflow/0.5, RO-Crate 1.1. Leo et al. 2024, "Recording
provenance of workflow runs with RO-Crate", PLOS ONE 19(9), e0309210.
"""

import base64
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

Entity = dict[str, Any]

NAME = "ro-crate-metadata.json"
WORKFLOW = "Snakefile"
CONTEXT = [
    "https://w3id.org/ro/crate/1.1/context",
    "https://w3id.org/ro/terms/workflow-run/context",
]
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
SNAKEMAKE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
LICENCE = "https://spdx.org/licenses/BSD-3-Clause"
NO_LICENCE = "Data and results: for those to say who own them. The workflow: BSD 3-Clause."
FORMATS = {
    ".csv": "text/csv", ".data": "text/plain", ".gif": "image/gif", ".html": "text/html",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet", ".pdf": "application/pdf", ".png": "image/png",
    ".svg": "image/svg+xml", ".yaml": "application/yaml",
}  # fmt: skip
PARTS = {"tables/": "Tables", "figures/": "Figures"}
PURPOSES = {
    "config.yaml": "Every setting of the experiment",
    "manifest.json": "SHA-256 and size of every input and artifact, and what made them",
    "run.json": "When and where the version was made, and how long each job took",
    "report.html": "Figures and tables with captions",
    WORKFLOW: "The rules that make the results",
}


def crate(
    manifest: Mapping[str, Any], run: Mapping[str, Any], files: Mapping[str, Mapping[str, Any]]
) -> Entity:
    """Return the JSON-LD of a version.

    files: {path in the version's folder: size and sha256}, among them the workflow. Inputs lie
    outside of the folder, so they are named by their content (RFC 6920), not by their place.
    """
    title = f"{manifest['experiment']} {manifest['version']}"
    inputs = {_named(told["sha256"]): (path, told) for path, told in manifest["inputs"].items()}
    folders = [part for part in PARTS if any(name.startswith(part) for name in files)]
    top = [name for name in files if not name.startswith(tuple(PARTS))]
    results = [name for name in ("report.html", "manifest.json") if name in files] + folders
    given = ["config.yaml", *inputs]
    root: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"gmmpipe experiment {title}",
        "description": "Gaussian mixtures fitted by EM: tables, figures, and how they were made.",
        "datePublished": run["published"],
        "license": {"@id": "#licence"},
        "conformsTo": _references(PROFILES),
        "hasPart": _references([*top, *folders, *inputs]),
        "mainEntity": {"@id": WORKFLOW},
        "mentions": {"@id": "#run"},
    }
    action: Entity = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"Run of {title}",
        "description": f"gmmpipe run experiment={manifest['experiment']}",
        "instrument": {"@id": WORKFLOW},
        "object": _references(given),
        "result": _references(results),
        "endTime": run["published"],
    }
    if run.get("started"):
        action["startTime"] = run["started"]
    parameters = [_parameter(name, name.startswith(tuple(PARTS))) for name in [*given, *results]]
    graph = [_descriptor(), root, _workflow(manifest, files[WORKFLOW], given, results), action]
    graph += [_file(name, told) for name, told in files.items() if name != WORKFLOW]
    graph += [_input(*named) for named in inputs.items()]
    for part in folders:
        inside = _references(name for name in files if name.startswith(part))
        graph.append({"@id": part, "@type": "Dataset", "name": PARTS[part], "hasPart": inside})
    for entity in graph:
        if entity["@id"] in (*given, *results):
            entity["exampleOfWork"] = {"@id": _parameter_id(entity["@id"])}
    return {"@context": CONTEXT, "@graph": [*graph, *parameters, *_context(manifest)]}


def _descriptor() -> Entity:
    return {
        "@id": NAME,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": _references(
            ["https://w3id.org/ro/crate/1.1", "https://w3id.org/workflowhub/workflow-ro-crate/1.0"]
        ),
    }


def _workflow(
    manifest: Mapping[str, Any],
    told: Mapping[str, Any],
    given: Iterable[str],
    results: Iterable[str],
) -> Entity:
    package = manifest["package"]
    return {
        **_file(WORKFLOW, told),
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": "gmmpipe",
        "version": package["version"],
        "programmingLanguage": {"@id": SNAKEMAKE},
        "conformsTo": {"@id": BIOSCHEMAS},
        "license": {"@id": LICENCE},
        "softwareRequirements": {"@id": "#gmmpipe"},
        "input": [{"@id": _parameter_id(name)} for name in given],
        "output": [{"@id": _parameter_id(name)} for name in results],
    }


def _context(manifest: Mapping[str, Any]) -> list[Entity]:
    """Return the entities that are no data: profiles, languages, software."""
    package, snakemake = manifest["package"], manifest["tools"]["snakemake"]
    works = [
        {"@id": key, "@type": "CreativeWork", "name": name, "version": number}
        for key, (name, number) in PROFILES.items()
    ]
    return [
        *works,
        {"@id": BIOSCHEMAS, "@type": "CreativeWork", "name": "ComputationalWorkflow 1.0"},
        {"@id": LICENCE, "@type": "CreativeWork", "name": "BSD 3-Clause licence"},
        {
            "@id": "#licence",
            "@type": "CreativeWork",
            "name": "Not stated",
            "description": NO_LICENCE,
        },
        {
            "@id": SNAKEMAKE,
            "@type": "ComputerLanguage",
            "name": "Snakemake",
            "identifier": {"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
            "url": {"@id": "https://snakemake.readthedocs.io"},
            "version": snakemake,
        },
        {
            "@id": "#gmmpipe",
            "@type": "SoftwareApplication",
            "name": "gmmpipe",
            "softwareVersion": package["version"],
            "identifier": _named(package["sha256"]),
        },
    ]


def _file(name: str, told: Mapping[str, Any]) -> Entity:
    entity: Entity = {"@id": name, "@type": "File", "name": name}
    entity |= {"contentSize": str(told["size"]), "sha256": told["sha256"]}
    if name in PURPOSES:
        entity["description"] = PURPOSES[name]
    if encoding := "text/plain" if name == WORKFLOW else FORMATS.get(PurePosixPath(name).suffix):
        entity["encodingFormat"] = encoding
    return entity


def _input(identifier: str, named: tuple[str, Mapping[str, Any]]) -> Entity:
    path, told = named
    entity = {**_file(path, told), "@id": identifier, "description": "Input data"}
    return {**entity, "name": PurePosixPath(path).name}


def _parameter(name: str, folder: bool) -> Entity:
    return {
        "@id": _parameter_id(name),
        "@type": "FormalParameter",
        "name": name,
        "additionalType": "Dataset" if folder else "File",
        "workExample": {"@id": name},
    }


def _parameter_id(name: str) -> str:
    return f"#parameter-{name.rstrip('/').rpartition(';')[2]}"


def _named(sha256: str) -> str:
    """Return the URI of content with this SHA-256 (RFC 6920)."""
    code = base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")
    return f"ni:///sha-256;{code}"


def _references(names: Iterable[str]) -> list[Entity]:
    return [{"@id": name} for name in names]

"""Write what a version was made of, and point `latest` at it."""

import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gmmpipe import artifacts
from gmmpipe.study import Study

LIBRARIES = ("gmmpipe", "numpy", "scipy", "numba", "pandas", "pyarrow", "matplotlib", "snakemake")


def run(inputs: Sequence[str], output: str, config: Mapping[str, Any], threads: int = 1) -> None:
    """Write config.yaml and manifest.json of the plan ``inputs[0]``, then move the link ``output``.

    The manifest has the size and SHA-256 of every input, stored artifact, table and figure (the
    report apart, which holds times), and the versions of Python and the libraries.
    """
    import yaml

    del config, threads
    study = Study(inputs[0])
    settings = yaml.safe_dump(study.plan["config"], sort_keys=False, allow_unicode=True)
    artifacts.write(f"{study.folder}/config.yaml", settings)
    figures = sorted(map(str, Path(f"{study.folder}/figures").glob("[!.]*")))
    sources = {name: data["source"] for name, data in study.plan["data"].items() if data["source"]}
    stored = [*study.data, *study.normalisations, *study.fits, *study.bootstraps]
    manifest = {
        "experiment": study.experiment,
        "version": study.version,
        "inputs": {s["path"]: {"sha256": s["sha256"]} for s in sources.values()},
        "dropped_rows": {name: data["dropped"] for name, data in study.plan["data"].items()},
        "artifacts": {
            p: _described(p) for p in [*stored, *study.tables, *study.summaries, *figures]
        },
        "python": sys.version.split()[0],
        "libraries": {name: version(name) for name in LIBRARIES},
    }
    artifacts.write_json(f"{study.folder}/manifest.json", manifest)
    artifacts.link(output, study.version)


def _described(path: str) -> dict[str, Any]:
    content = artifacts.read(path)
    return {"size": len(content), "sha256": artifacts.sha256(content)}

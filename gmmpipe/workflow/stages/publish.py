"""Write what a version was made of, and point `latest` at it."""

import os
import platform
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gmmpipe.results.index.page import update_index
from gmmpipe.results.tables import table_paths
from gmmpipe.store import artifacts, packaged
from gmmpipe.store.environments import Environments
from gmmpipe.store.integrity import made_by, refuse_damaged
from gmmpipe.store.jobs import PublishJob
from gmmpipe.store.layout import (
    CONFIG,
    LOCK,
    MANIFEST,
    RECORDS,
    REPORT,
    RUN,
    WORKFLOW,
    benchmark,
)
from gmmpipe.store.manifest import FORMAT
from gmmpipe.store.plan import Plan
from gmmpipe.workflow.environment import code
from gmmpipe.workflow.pipeline import STAGES


def run(inputs: Sequence[str], output: str, job: PublishJob, threads: int = 1) -> None:
    """Write the records of the plan ``inputs[0]``, then move the link ``output``.

    config.yaml has every setting; manifest.json all that determines the results, and their size
    and SHA-256; run.json times, host and durations. Where these are all there and tell of the
    same bytes they stay as they are: they say what made those bytes, not who looked last. Then
    the page of all versions is written again.
    """
    del threads
    plan = Plan.read(inputs[0])
    folder = Path(plan.folder)
    _write_settings(plan)
    contents = _contents(plan) | {"stages": job.stages}
    for note in Environments(contents).notes():
        print(f"{folder}: {note}")
    if not _is_recorded(folder, contents):
        artifacts.write_json(folder / MANIFEST, contents | code(Path()))
        artifacts.write_json(folder / RUN, _run(plan))
    artifacts.link(output, plan.version)
    update_index(Path())


def _write_settings(plan: Plan) -> None:
    """Write config.yaml and a copy of the workflow, unless they are there already."""
    import yaml

    settings = yaml.safe_dump(plan.config, sort_keys=False, allow_unicode=True)
    workflow = artifacts.read(packaged.find(Path(), WORKFLOW))
    contents = {CONFIG: settings.encode(), WORKFLOW: workflow}
    for name, content in contents.items():
        path = Path(plan.folder) / name
        if not path.is_file() or path.read_bytes() != content:
            artifacts.write(path, content)


def _contents(plan: Plan) -> dict[str, Any]:
    """Return what the manifest has that any run of this version shares."""
    folder = Path(plan.folder)
    sources: dict[str, dict[str, Any]] = {}
    for data in plan.data_sets.values():
        if source := data.source:
            whole = {"size": data.bytes, "sha256": source.sha256}
            inside = {f"{source.path}/{name}": each for name, each in data.files.items()}
            sources |= inside or {source.path: whole}
    for block in plan.fit_blocks.values():
        if start := block.source:
            sources[start.path] = {"size": start.bytes, "sha256": start.sha256}
    figures = map(str, plan.figure_files())
    others = [str(folder / name) for name in (CONFIG, WORKFLOW, REPORT)]
    paths = [plan.path, plan.origins, *plan.store, *table_paths(plan), *figures]
    paths += [path for path in others if Path(path).exists()]
    return {
        "format": FORMAT,
        "experiment": plan.experiment,
        "version": plan.version,
        "config": plan.config,
        "block": plan.block,
        "inputs": dict(sorted(sources.items())),
        "dropped_rows": {name: data.dropped for name, data in plan.data_sets.items()},
        **_made(paths),
    }


def _made(paths: Sequence[str]) -> dict[str, Any]:
    """Return what the artifacts are and what made each, as far as that is recorded.

    artifacts: {path: size, sha256, stage, code, environment}. environments: {key: environment}.
    Raises DamagedArtifact for one that is not as it was written.
    """
    described, environments = {}, {}
    for path in paths:
        described[path] = artifacts.describe(path)
        refuse_damaged(path, described[path]["sha256"])
        maker = made_by(path)
        if maker and maker["stage"] != "publish":  # whose texts are copies
            key = artifacts.digest(maker["environment"])
            environments[key] = maker["environment"]
            described[path] |= {**maker, "environment": key}
    return {"artifacts": described, "environments": environments}


def _is_recorded(folder: Path, contents: Mapping[str, Any]) -> bool:
    """Return whether the records exist and have these contents."""
    if not all((folder / name).is_file() for name in RECORDS):
        return False
    try:
        manifest = artifacts.read_json(folder / MANIFEST)
    except ValueError:  # damaged
        return False
    return isinstance(manifest, dict) and all(manifest.get(k) == v for k, v in contents.items())


def _run(plan: Plan) -> dict[str, Any]:
    """Return times, host and durations of this run: all that may differ in the next."""
    return {
        "started": _iso_time(Path(LOCK).stat().st_mtime) if Path(LOCK).exists() else None,
        "published": _iso_time(time.time()),
        "host": platform.node(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "seconds": {
            name: _seconds(name, stage.jobs(plan))
            for name, stage in STAGES.items()
            if name != "publish"
        },
    }


def _iso_time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")


def _seconds(stage: str, names: Sequence[str]) -> dict[str, float]:
    """Return the seconds that the jobs of a stage took, whenever that was; none where unknown."""
    result: dict[str, float] = {}
    for name in names:
        path = Path(benchmark(stage, name))
        with suppress(OSError, IndexError, ValueError):  # it is lost or damaged, or says NA
            heading_then_seconds = path.read_text(encoding="utf-8").splitlines()
            result[name] = float(heading_then_seconds[1].split("\t")[0])
    return result

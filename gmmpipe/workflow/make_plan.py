"""From a configuration to a plan: what is made of what, in which blocks, under what name.

Every artifact's name ends in a digest of all that determines its content, so a changed setting
or input makes new files and an unchanged one finds the old. The format is part of it: what an
older gmmpipe made stays as it is.
"""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

from gmmpipe.config import load
from gmmpipe.config.combinations import is_kept
from gmmpipe.config.origins import call_of
from gmmpipe.config.schema import BLOCK
from gmmpipe.data.user_file import OPTIONS, file_options, paths
from gmmpipe.errors import InputError, missing, suggest
from gmmpipe.mixture.em.options import FitOptions, RestartOptions, from_section
from gmmpipe.mixture.engines.choose import EXECUTORS
from gmmpipe.mixture.engines.partitioned import Partitioned
from gmmpipe.store import artifacts, layout
from gmmpipe.store.entries import DataSet, FitBlock, NormalisedData, StartFile
from gmmpipe.store.integrity import is_intact
from gmmpipe.store.jobs import FitJob, Section, to_json
from gmmpipe.store.layout import stored
from gmmpipe.store.manifest import FORMAT
from gmmpipe.store.names import check_folders, file_name
from gmmpipe.store.plan import Plan
from gmmpipe.store.replaced import replaced_now, set_aside
from gmmpipe.workflow import bootstrap_blocks, memory
from gmmpipe.workflow.cost import cost
from gmmpipe.workflow.grid import tiles, width_of, windows
from gmmpipe.workflow.inputs import data_set, keep_input, start_file

BEYOND = {"prior": "fit.regularisation=map", "weights": "weights"}  # features not named as a key


def make_plan(
    root: Path,
    overrides: Sequence[str],
    user_files: Mapping[str, Any] | None = None,
    profile: Mapping[str, Any] | None = None,
    scratch: Path | None = None,
) -> Plan:
    """Compose and check the configuration in ``root``/conf; return its plan, which is written.

    user_files: the user's own files and their options (``file_options``), or None. profile:
    settings of `block` in a profile, which override conf/ and are overridden by ``overrides``. The
    call is stored beside the plan and is no part of the version. scratch: a folder for what the
    store lacks, for a question that must write nothing there: a run may be going on.

    Raises InputError for whatever is wrong with configuration or data; no job has run then.
    """
    machine = [f"block.{key}={str(value).lower()}" for key, value in (profile or {}).items()]
    config = load.load(root / "conf", [*machine, *overrides], user_files)
    check_folders(root, config["experiment"])
    _refuse_unnamed(config["engine"], overrides)
    plan = plan_of(root, config, paths(user_files), scratch)
    path = Path(plan.path)
    if scratch and scratch not in path.parents:
        return plan
    _write_changed(layout.engine(path), config["engine"])
    studied = _studied_config(config)
    (typed, options), sources = call_of(root / "conf", overrides, user_files, studied)
    recorded = {"overrides": typed, "own": options, "origins": sources}
    _write_changed(layout.origins(path), recorded)
    return plan


def plan_of(
    root: Path, config: Section, user_paths: Collection[str] = (), scratch: Path | None = None
) -> Plan:
    """Plan a configuration that is composed and checked already; else as ``make_plan``.

    user_paths: of the user's own files, which may lie outside of the project.
    """
    plan = Plan(config["experiment"], _studied_config(config), config["block"], {}, {}, {})
    for outer, point in load.points(config):
        for name in point["dataset"]:
            kept = list(_kept(point, name, outer))
            if not kept:
                continue
            data = data_set(root, name, point, user_paths, scratch)
            if data.source and scratch is None:
                keep_input(root, data, config.get("store", {}).get("keep_input_mb", 0))
            _refuse_beyond(config.get("engine", {}), data, point["fit"])
            plan.data_sets[data.name] = data
            for coordinates, ks in kept:
                normaliser, start = coordinates["normaliser"], coordinates["start"]
                normalised = _normalised(data, normaliser, point["normaliser"][normaliser])
                plan.normalised_data[normalised.name] = normalised
                source = start_file(root, data, point["start"][start], ks, scratch)
                some = {**point, "sweep": {**point["sweep"], "k": ks}}
                for block in blocks(normalised.name, data, coordinates, some, source):
                    plan.fit_blocks[block.name] = block
    if not plan.fit_blocks:
        raise InputError("sweep.zip and sweep.exclude leave nothing to fit; leave out less")
    for replicated in bootstrap_blocks.blocks(plan):
        plan.bootstrap_blocks[replicated.name] = replicated
    return _write(root, replace(plan, version=_version(plan)), scratch)


def _kept(point: Section, dataset: str, outer: Section) -> Iterator[tuple[Section, list[int]]]:
    """Yield (coordinates, values of k) of what is fitted of a data set at an outer point."""
    for names in product(*(point[axis] for axis in load.NAMED[1:])):
        coordinates = dict(zip(load.NAMED, (dataset, *names), strict=True)) | outer
        sweep = point["sweep"]
        if ks := [k for k in sweep["k"] if is_kept(sweep, {**coordinates, "k": k})]:
            yield coordinates, ks


def _version(plan: Plan) -> str:
    """Return the digest of all that the results of a plan depend on."""
    contents = [data.digested for data in plan.data_sets.values()]
    starts = {  # which is the start of what
        artifacts.digest([block.config.coordinates, block.source.sha256])
        for block in plan.fit_blocks.values()
        if block.source
    }
    described = {k: v for k, v in plan.config.items() if k != "dataset"}
    if not plan.bootstrap_blocks:  # nothing of it is in the results
        del described["bootstrap"]
    return artifacts.digest([FORMAT, described, [*contents, *sorted(starts)]])


def _write(root: Path, plan: Plan, scratch: Path | None) -> Plan:
    """Write a plan unless its file holds the same; return it with the path."""
    name, content = layout.plan(plan.experiment, plan.version), plan.to_json()
    path = root / name
    if scratch and not _holds(path, content):
        path = scratch / path.name
    _write_changed(path, content)
    return replace(plan, path=str(path))


def _studied_config(config: Mapping[str, Any]) -> Section:
    """Return what results depend on: all but how work is cut, who does it, and what is kept."""
    return {key: value for key, value in config.items() if key not in ("block", "engine", "store")}


def _refuse_unnamed(engine: Mapping[str, Any], overrides: Sequence[str]) -> None:
    """Raise InputError for a scheduler that the user did not name: it can run code here."""
    if engine["address"] and f"engine.address={engine['address']}" not in overrides:
        raise InputError(
            f"engine.address is {engine['address']}: a scheduler can run code here, so it must be"
            f" given on the command line: engine.address={engine['address']}"
        )


def _refuse_beyond(engine: Mapping[str, Any], data: DataSet, fit: Section) -> None:
    """Raise InputError for what a cluster's engine cannot do, or where it is not installed."""
    if (kind := engine.get("kind", "local")) == "local":
        return
    for package in EXECUTORS[kind].packages:
        if find_spec(package) is None:
            raise InputError(f"engine.kind is {kind}: {missing(package, kind)}")
    asked = from_section(FitOptions, fit).features() | (
        {"weights"} if data.total is not None else set()
    )
    for feature in sorted(asked - Partitioned.supports):
        raise InputError(
            f"engine.kind is {kind}, which does not take {BEYOND.get(feature, f'fit.{feature}')}"
            f" (data set {data.dataset}); set engine.kind=local"
        )


def _write_changed(path: Path, value: Section) -> None:
    """Write JSON unless the file holds the same: untouched, it triggers no rerun.

    What it held goes to ``REPLACED``.
    """
    if not _holds(path, value):
        if os.path.lexists(path):
            project = path.parents[3]  # above results/store/plans
            set_aside(project, path, replaced_now(project))
        artifacts.write_json(path, value)


def _holds(path: Path, value: Section) -> bool:
    return is_intact(path) and artifacts.read_json(path) == value


def blocks(
    normalised: str,
    data: DataSet,
    coordinates: Section,
    point: Mapping[str, Any],
    source: StartFile | None = None,
) -> Iterator[FitBlock]:
    """Yield the blocks of one (data set, normaliser, family, start, outer point).

    source: the file that the start is in, if any.

    A block is the part of the sweep inside one tile of an aligned (K, seed) grid. The tile's size
    depends on the cost of its fits and on the values of K they share, never on how many seeds
    there are, so a sweep that grows leaves its full blocks as they are.
    """
    sweep, family = point["sweep"], point["covariance"][coordinates["covariance"]]
    _refuse_more(sweep["k"][-1], data)
    each = partial(cost, data, family["family"], point["fit"], sweep["iteration"][-1])
    prefix = ".".join(str(coordinates[axis]) for axis in load.NAMED)
    restarts = from_section(RestartOptions, point["fit"])
    auto = restarts.restarts == "auto"  # then one job sees all seeds of a k
    most = max(restarts.most_seeds, len(sweep["seed"])) if auto else 1
    fit = {key: value for key, value in point["fit"].items() if key not in restarts.idle}
    target = point["block"]["target_seconds"]
    for (low, high), ks in tiles(sweep["k"], lambda k: each(k) * most, target):
        whole = sum(map(each, ks))
        takes = partial(memory.of_fit, data, fit, ks, iteration=sweep["iteration"])
        bytes_needed = [takes(seeds) for seeds in (0, 1)]
        width = width_of(len(ks), whole, target, bytes_needed[1] - bytes_needed[0])
        if auto:
            width = sweep["seed"][-1] + most
        for (first, last), seeds in windows(sweep["seed"], width):
            job = FitJob(
                coordinates=coordinates,
                covariance=family,
                start=point["start"][coordinates["start"]],
                fit=fit,
                k=ks,
                seed=seeds,
                iteration=sweep["iteration"],
            )
            tile = f"k{low}-{high}.s{first}-{last}"
            made_of = [normalised, to_json(job), *([source.sha256] if source else [])]
            yield FitBlock(
                name=file_name(f"{prefix}.{tile}-{artifacts.digest(made_of)}"),
                normalised=normalised,
                source=source,
                config=job,
                seconds=whole * (most if auto else len(seeds)),
                memory=takes(len(seeds)),
            )


def _refuse_more(k: int, data: DataSet) -> None:
    """Raise InputError where there are fewer rows than components."""
    if k > data.usable:
        kind = "rows" if data.usable == data.n else "rows of positive weight"
        raise InputError(
            f"sweep.k holds {k}, but data set {data.dataset} has {data.usable} {kind};"
            f" give sweep.k={f'1..{data.usable}' if data.usable > 1 else 1}"
        )


def _normalised(data: DataSet, name: str, options: Section) -> NormalisedData:
    identity = f"{data.dataset}.{name}-{artifacts.digest([data.name, options])}"
    return NormalisedData(name=identity, data=data.name, config=options)


def from_snakemake(
    settings: Mapping[str, Any],
    main: bool,
    profile: Mapping[str, Any] | None = None,
    scratch: Path | None = None,
) -> Plan:
    """Return the plan for --config settings: experiment, overrides, data and its options.

    Those of `block` may be among them, or else in ``profile``; it and scratch as for ``make_plan``.
    Snakemake reads the Snakefile again in some of its subprocesses: only the main process plans,
    the others look up what it planned. Raises InputError for unknown or wrong settings.
    """
    keys = ("experiment", "overrides", *OPTIONS, *BLOCK)
    for key in settings:
        if key not in keys:
            raise InputError(suggest("--config key", key, list(keys)))
    call = Path(stored("plans", f".call-{artifacts.digest(dict(settings))}", ".json"))
    if not main:
        return Plan.read(artifacts.read_json(call))
    overrides = settings.get("overrides", [])
    if not isinstance(overrides, list) or not all(isinstance(o, str) for o in overrides):
        raise InputError(f"overrides is {overrides!r}; give a list such as '[\"fit.tol=1e-6\"]'")
    if "experiment" in settings:
        overrides = [f"experiment={settings['experiment']}", *overrides]
    block = {**(profile or {}), **{key: settings[key] for key in BLOCK if key in settings}}
    plan = make_plan(Path(), overrides, file_options(Path(), settings), block, scratch)
    artifacts.write_json(call if scratch is None else scratch / call.name, plan.path)
    return plan

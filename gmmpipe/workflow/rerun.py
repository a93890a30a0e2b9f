"""Make a version again from its manifest, in another folder, and compare."""

import contextlib
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gmmpipe.config import schema
from gmmpipe.errors import REMOVED, InputError, one_line
from gmmpipe.store import artifacts
from gmmpipe.store.dotted import flat
from gmmpipe.store.environments import Environments
from gmmpipe.store.layout import CONFIG, LOCK, RESULTS
from gmmpipe.store.lock import Lock
from gmmpipe.store.manifest import FORMAT
from gmmpipe.store.names import located
from gmmpipe.store.packaged import PROJECT, RULES
from gmmpipe.store.plan import Plan
from gmmpipe.store.validate import check
from gmmpipe.workflow.environment import environment, package
from gmmpipe.workflow.make_plan import plan_of
from gmmpipe.workflow.pipeline import STAGES
from gmmpipe.workflow.process_groups import group
from gmmpipe.workflow.snakemake_options import PROFILE
from gmmpipe.workflow.verify import Version

EXPECTED = "last bits may differ, so numbers are compared instead of bytes"
TOLERANCE = 1e-9  # of the largest value of an array or a column
BY_FEATURE = re.compile(r"x|(\w+_)?(mean|covariance|covariance_matrix)")  # arrays and columns


def rerun(version: Version, cores: str = "all") -> bool:
    """Make the version again with the present code; print what differs; return if nothing does.

    Code and rules are those of this installation. The version's folder and the project around it
    are read as data, and no program that they name is run.

    What was made with this interpreter, libraries, BLAS, processor and threads, of what was made
    so, must have the same bytes. Of the rest the numbers of arrays and tables must agree to 1e-9 of
    the largest of their array or column, and figures and the report are not compared. The folder is
    kept where something differs. Raises InputError if the configuration or an input differs from
    the manifest, or its tables have another format.
    """
    if version.format != FORMAT:
        raise InputError(
            f"{version.folder}: its tables have format {version.format}, and this gmmpipe makes"
            f" {FORMAT}; make it again with the gmmpipe of the manifest"
        )
    if package() != version.manifest.get("package"):
        print("gmmpipe's code is not that of the manifest")
    workflow = version.manifest.get("workflow") or {}
    if artifacts.describe(RULES)["sha256"] != workflow.get("sha256"):
        print("gmmpipe's Snakefile is not that of the manifest")
    place = Path(tempfile.mkdtemp(prefix="gmmpipe-rerun-"))
    try:
        plan = _plan(version, place)
        if not _run(plan, place, cores):
            return False
        same = {plan.path, plan.origins, f"{plan.folder}/{CONFIG}"}  # on whatever machine
        wrong, compared = _compare(version, place, same | _made_here(version, plan))
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    for line in wrong:
        print(one_line(f"gmmpipe: {line}"), file=sys.stderr)
    if wrong:
        print(
            f"gmmpipe: {len(wrong)} files differ; those made again are in {place}", file=sys.stderr
        )
        return False
    shutil.rmtree(place, ignore_errors=True)
    counts = ", ".join(f"{count} {what}" for what, count in compared.items())
    print(f"made again: {counts}")
    return True


def _plan(version: Version, place: Path) -> Plan:
    """Lay out a project in ``place`` with the version's inputs, and plan the version there."""
    wrong = f"{version.folder}/manifest.json: its config is incomplete"
    config = version.manifest.get("config")
    if not isinstance(config, dict) or not _are_mappings(config.get("dataset", {})):
        raise InputError(wrong)
    shutil.copyfile(RULES, place / RULES.name)  # to be kept with the results
    user_paths = [path for path in _data_paths(config) if Path(path).is_absolute()]  # from outside
    for path, copy in version.changed_inputs().items():
        if Path(path).is_absolute():
            raise InputError(
                f"{path}: has changed since, and lies outside of the project, where --rerun writes"
                f" nothing; put {copy} in its place for the time being"
            )
    for path in version.manifest["inputs"]:
        if not Path(path).is_absolute():
            target = located(place, path)
            if target.exists() or any(p[0] == "." or p == RESULTS for p in Path(path).parts):
                raise InputError(
                    f"{version.folder}/manifest.json: {path!r} is not a valid path for an input"
                )
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(version.input(path), target)
    if config.get("experiment") != version.manifest["experiment"]:
        raise InputError(f"{version.folder}/manifest.json: its config is of another experiment")
    _refuse_removed(version)
    config = dict(config)
    config["block"] = check(schema.Block, version.manifest.get("block", {}), "block")
    try:
        plan = plan_of(place, config, user_paths)
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{wrong} ({error!r})") from None
    plan = replace(plan, path=str(Path(plan.path).relative_to(place)))
    if plan.version != version.manifest["version"]:
        raise InputError(
            f"{version.folder}: this gmmpipe makes version {plan.version} of its configuration"
            " and inputs; use the gmmpipe of the manifest"
        )
    origins = artifacts.read(version.project / plan.origins)  # no device, which has no end
    artifacts.write(place / plan.origins, origins)  # the report shows it
    return plan


def _refuse_removed(version: Version) -> None:
    """Raise InputError for a version of an older gmmpipe that could do what this one cannot."""
    for key, value in flat(version.manifest["config"]):
        if {key, f"{key}={value}"} & REMOVED.keys():
            raise InputError(
                f"{version.folder}: this gmmpipe no longer has {key}={value}; use the gmmpipe of"
                " the manifest"
            )


def _are_mappings(entries: Any) -> bool:
    return isinstance(entries, dict) and all(isinstance(each, dict) for each in entries.values())


def _data_paths(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths of the data sets that are files."""
    for options in config.get("dataset", {}).values():
        if "path" in options:
            yield str(options["path"])


def _run(plan: Plan, place: Path, cores: str) -> bool:
    command = [sys.executable, "-P", "-m", "snakemake", "--snakefile", str(RULES)]
    command += ["--workflow-profile", str(PROJECT / PROFILE)]
    command += ["--cores", cores, "--config", f"plan={plan.path}"]
    print(f"in {place}: {shlex.join(command)}", flush=True)
    with (
        contextlib.closing(Lock(place / LOCK)) as lock,  # none of its jobs outlives us
        group(command, {**os.environ, **lock.environment}, place) as snakemake,
    ):
        out, _ = snakemake.communicate()
    if snakemake.returncode:
        lines = [line for line in out.splitlines() if line.strip()]
        print(
            f"gmmpipe: the version cannot be made again: {' '.join(lines[-2:])} ({place})",
            file=sys.stderr,
        )
    return snakemake.returncode == 0


def _made_here(version: Version, plan: Plan) -> set[str]:
    """Return the artifacts whose bytes are to be the same; print a line on the others.

    Those that this environment made, of artifacts that it made.
    """
    recorded, current = Environments(version.manifest), environment()
    key = artifacts.digest(current)
    for other, count in Counter(recorded.of.values()).items():
        if other is None:
            print(f"{count} artifacts do not say what made them: {EXPECTED}")
        elif other != key:
            both = Environments(
                {"environments": {"": current, other: recorded.known[other]}}
            ).values()
            differ = [name for name, texts in both.items() if len(texts) > 1]
            what = one_line(f"{count} artifacts were made with another {', '.join(differ)}")
            print(f"{what}: {EXPECTED}")
    if all(each == key for each in recorded.of.values()):
        return set(version.manifest["artifacts"])
    result: set[str] = set()
    for path, sources in _stored(plan):
        if recorded.of.get(path) == key and result.issuperset(sources):
            result.add(path)
    return result


def _stored(plan: Plan) -> Iterator[tuple[str, list[str]]]:
    """Yield the artifacts in the store, and of which others each is made, all yielded before."""
    store = set(plan.store)
    for stage in STAGES.values():
        for name in stage.jobs(plan) if stage.section else ():
            sources = [path for path in stage.inputs(plan, name) if path in store]
            yield stage.outputs(plan, name)[0], sources


def _compare(
    version: Version, place: Path, expected_equal: set[str]
) -> tuple[list[str], Counter[str]]:
    """Return a line on each artifact that differs, and how many were compared in which way.

    expected_equal: the paths whose bytes must be the same.
    """
    wrong, compared = [], Counter[str]()
    for path, entry in version.manifest["artifacts"].items():
        again = place / path
        if not again.is_file():
            wrong.append(f"{path}: was not made again")
        elif artifacts.describe(again)["sha256"] == entry["sha256"]:
            compared["files of the same bytes"] += 1
        elif path in expected_equal:
            wrong.append(f"{path}: has other bytes when made again")
        elif (numbers := _numbers(again)) is None:
            compared[f"not compared ({path})"] += 1
        elif difference := difference_of(_numbers(version.find(path)) or {}, numbers):
            wrong.append(f"{path}: {difference} when made again")
        else:
            compared["files of numbers equal to 1e-9"] += 1
    return wrong, compared


def _numbers(path: Path) -> dict[str, npt.NDArray[Any]] | None:
    """Return the arrays or columns of a file by name; None if it has none."""
    if path.suffix == ".npz":
        return artifacts.read_arrays(path)
    if path.suffix not in (".csv", ".parquet"):
        return None
    import pandas as pd

    try:
        frame = artifacts.read_frame(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: no table ({error})") from None
    return {str(name): _flat(column) for name, column in frame.items()}


def _flat(column: Any) -> npt.NDArray[Any]:
    """Return a column as one array; of lists a row each, or end to end after their lengths."""
    values = column.to_numpy()
    if any(isinstance(value, np.ndarray) for value in values):
        lists = [np.atleast_1d(value) for value in values]  # one that is missing is [None]
        if len({len(each) for each in lists}) == 1:
            return np.stack(lists)
        return np.concatenate([[len(each) for each in lists], *lists])
    return np.asarray(values)


def difference_of(before: dict[str, npt.NDArray[Any]], after: dict[str, npt.NDArray[Any]]) -> str:
    """Return in what two sets of arrays differ by more than 1e-9, "" if in nothing."""
    if list(before) != list(after):
        return f"{', '.join(before)} has become {', '.join(after)}"
    for name, a in before.items():
        b = after[name]
        if a.shape != b.shape:
            return f"{name} has another shape, {b.shape} instead of {a.shape}"
        if a.dtype.kind != "f" or b.dtype.kind != "f":
            if not np.array_equal(a.astype(str), b.astype(str)):
                return f"{name} differs"
            continue
        size = _size(name, a)
        if not np.allclose(b, a, rtol=0, atol=TOLERANCE * size, equal_nan=True):
            with np.errstate(invalid="ignore"):  # infinity from infinity
                gaps = np.abs(b - a)
            worst = gaps[np.isfinite(gaps)].max(initial=0.0)
            return (
                f"{name} differs by up to {worst:.1e}, its largest value being {np.max(size):.1e}"
            )
    return ""


def _size(name: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the largest of the finite values, in means and covariances of each feature by itself.

    What is much of one feature may be nothing beside another in small units.
    """
    finite = np.where(np.isfinite(values), np.abs(values), 0.0)
    apart = BY_FEATURE.fullmatch(name) is not None and values.ndim > 1
    matrices = apart and values.ndim > 2 and values.shape[-1] == values.shape[-2]
    axes = range(values.ndim - apart - matrices)
    return np.asarray(finite.max(axis=tuple(axes), initial=0.0))

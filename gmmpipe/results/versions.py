"""The versions of a project: what differs between them, and what each selected."""

import csv
import io
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from gmmpipe.errors import InputError, one_line, suggest
from gmmpipe.results import printing
from gmmpipe.results.compare.settings import entry_of, named_entries, texts
from gmmpipe.results.words.wording import elide
from gmmpipe.store import artifacts, layout
from gmmpipe.store.layout import MANIFEST, RECORDS, RUN, table
from gmmpipe.store.manifest import manifest_of
from gmmpipe.store.notes import read_note
from gmmpipe.store.plan import AXES, Plan
from gmmpipe.store.terminal import print_data, size_text
from gmmpipe.store.versions import versions

FINISHED, UNFINISHED, DAMAGED = "finished", "unfinished", "damaged"
WIDTH = 48  # characters of a cell of the list
MOST = 3  # data sets and settings in a cell


@dataclass(frozen=True)
class VersionSummary:
    """A version as a list shows it.

    published: time in ISO form, "" where it is not known; samples: the numbers of rows of each data
    set; differs: the settings in which versions of its experiment differ; selected: the model of
    lowest BIC of each data set, at each outer point; bytes: of all its files, those that it shares
    with other versions too.
    """

    folder: str
    experiment: str
    version: str
    state: str
    published: str = ""
    name: str = ""
    note: str = ""
    samples: dict[str, list[int]] = field(default_factory=dict)
    differs: dict[str, str] = field(default_factory=dict)
    selected: list[dict[str, Any]] = field(default_factory=list)
    bytes: int = 0


def show(project: Path, experiment: str | None = None, *, as_json: bool = False) -> None:
    """Print the versions of a project, or of one experiment, the newest first."""
    found = summaries(project, experiment)
    if as_json:
        print_data(json.dumps([asdict(summary) for summary in found], indent=1) + "\n")
    elif found:
        print_data(printing.typeset(_frame(found), "text"))
    else:
        print("no version yet: `gmmpipe run` makes one")


def summaries(project: Path, experiment: str | None = None) -> list[VersionSummary]:
    """Return the versions of a project, or of one experiment, the newest first, unfinished last.

    Raises InputError for an experiment without versions. What of a version cannot be read is named
    on standard error.
    """
    groups: dict[str, list[Path]] = {}
    for folder in versions(project):
        if not folder.name.startswith("."):
            groups.setdefault(folder.parent.name, []).append(folder)
    if experiment is not None:
        if experiment not in groups:
            raise InputError(suggest("experiment with results", experiment, list(groups)))
        groups = {experiment: groups[experiment]}
    found = [each for folders in groups.values() for each in _group(project, folders)]
    return sorted(found, key=lambda each: (each.published, each.folder), reverse=True)


def _group(project: Path, folders: Sequence[Path]) -> list[VersionSummary]:
    """Return the versions of one experiment."""
    manifests: dict[Path, dict[str, Any]] = {}
    for folder in folders:
        if (folder / MANIFEST).is_file():
            try:
                manifests[folder] = manifest_of(folder)
            except InputError as error:
                _complain(error)
    differing = differences(manifests.values())
    settings = dict(zip(manifests, differing, strict=True))
    return [_summary(project, each, manifests.get(each), settings.get(each)) for each in folders]


def _summary(
    project: Path,
    folder: Path,
    manifest: dict[str, Any] | None,
    differs: dict[str, str] | None,
) -> VersionSummary:
    state = DAMAGED if (folder / MANIFEST).is_file() else UNFINISHED
    where = folder.relative_to(project).as_posix()
    known: dict[str, Any] = {"differs": differs or {}}
    if manifest is not None:
        state = FINISHED
        readers: dict[str, Callable[[], Any]] = {
            "bytes": lambda: _size(folder, manifest),
            "published": lambda: _published(folder / RUN),
            "name": lambda: read_note(folder).name,
            "note": lambda: read_note(folder).text,
            "samples": lambda: _samples(project, manifest),
            "selected": lambda: selected_models(folder, manifest.get("config") or {}),
        }
        for key, read in readers.items():
            try:
                known[key] = read()
            except (InputError, FileNotFoundError) as error:
                _complain(error)
                state = DAMAGED
    return VersionSummary(where, folder.parent.name, folder.name, state, **known)


def _size(folder: Path, manifest: dict[str, Any]) -> int:
    told = sum(int(entry.get("size", 0)) for entry in manifest["artifacts"].values())
    records = [folder / name for name in RECORDS if (folder / name).is_file()]
    return told + sum(path.stat().st_size for path in records)


def _complain(error: Exception) -> None:
    print(f"gmmpipe: {one_line(str(error))}", file=sys.stderr)


def _published(run: Path) -> str:
    content = artifacts.read_json(run)
    return str(content.get("published") or "") if isinstance(content, dict) else ""


def _samples(project: Path, manifest: dict[str, Any]) -> dict[str, list[int]]:
    found: dict[str, set[int]] = {}
    plan = layout.plan(manifest["experiment"], manifest["version"])
    for data in Plan.read(project / plan).data_sets.values():
        found.setdefault(data.dataset, set()).add(data.n)
    return {name: sorted(numbers) for name, numbers in found.items()}


def differences(manifests: Iterable[dict[str, Any]]) -> list[dict[str, str]]:
    """Return of each version the settings, and digests of inputs, that others of them have not.

    What belongs to an entry, such as a data set, is compared where the version has that entry.
    """
    configs = [manifest.get("config") or {} for manifest in manifests]
    entries = [named_entries(config) for config in configs]
    every = {entry for each in entries for entry in each}
    sides = [
        texts(config)
        | {path: f"SHA-256 {entry['sha256'][:12]}" for path, entry in manifest["inputs"].items()}
        for config, manifest in zip(configs, manifests, strict=True)
    ]
    result: list[dict[str, str]] = [{} for _ in sides]
    for key in dict.fromkeys(key for side in sides for key in side):
        entry = entry_of(key)
        having = [i for i, each in enumerate(entries) if entry in each or entry not in every]
        if len({sides[i].get(key, "") for i in having}) > 1:
            for i in having:
                result[i][key] = sides[i].get(key, "")
    return result


def selected_models(folder: Path, config: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the model of lowest BIC of each data set, at each outer point."""
    outer = [axis for axis in config.get("sweep", {}) if axis not in AXES]
    rows = csv.DictReader(io.StringIO(artifacts.read(table(folder, "best", ".csv")).decode()))
    lowest: dict[tuple[str, ...], dict[str, Any]] = {}
    try:
        for row in sorted(rows, key=lambda row: int(row["rank"])):
            point = {axis: row[axis] for axis in ("dataset", *outer)}
            model = {"covariance": row["covariance"], "k": int(row["k"]), "bic": float(row["bic"])}
            lowest.setdefault(tuple(point.values()), point | model)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder}: best.csv is not gmmpipe's ({error!r})") from None
    return list(lowest.values())


def _frame(found: Sequence[VersionSummary]) -> pd.DataFrame:
    """Return the list as a person reads it."""
    rows = [
        {
            "published": each.published[:16].replace("T", " ") or each.state,
            "version": f"{each.experiment}/{each.version}",
            "name": each.name,
            "data": _cell(f"{k} ({', '.join(map(str, n))})" for k, n in each.samples.items()),
            "differs in": _cell(f"{k}={v}" for k, v in each.differs.items()),
            "lowest BIC": _cell(map(_model, each.selected)),
            "size": size_text(each.bytes) if each.bytes else "",
            "note": elide(each.note, WIDTH),
        }
        for each in found
    ]
    frame = pd.DataFrame(rows)
    return frame[[name for name in frame if frame[name].any() or name == "version"]]


def _model(selected: dict[str, Any]) -> str:
    point = ", ".join(str(v) for k, v in selected.items() if k not in ("covariance", "k", "bic"))
    return f"{point}: {selected['covariance']}, K = {selected['k']}"


def _cell(parts: Iterable[str]) -> str:
    listed = list(parts)
    rest = f"; {len(listed) - MOST} more" if len(listed) > MOST else ""
    return elide("; ".join(elide(part, WIDTH) for part in listed[:MOST]) + rest, 2 * WIDTH)

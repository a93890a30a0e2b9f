"""The versions of a project: what differs between them, and what each selected."""

import csv
import io
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from gmmpipe.errors import InputError, one_line, suggest
from gmmpipe.results import printing
from gmmpipe.results.compare.settings import PARTS, entry_of, named_entries, recorded_in
from gmmpipe.results.words.wording import elide
from gmmpipe.store import artifacts, layout
from gmmpipe.store.layout import MANIFEST, RECORDS, RUN, table
from gmmpipe.store.manifest import manifest_of, refuse_unlisted
from gmmpipe.store.notes import read_note
from gmmpipe.store.plan import Plan
from gmmpipe.store.terminal import print_data, print_json, size_text
from gmmpipe.store.versions import versions

FINISHED, UNFINISHED, DAMAGED = "finished", "unfinished", "damaged"
WIDTH = 48  # characters of a cell of the list
LONGEST = 200  # characters of an error
MOST = 3  # data sets and settings in a cell
LARGEST = 2**25  # bytes of a file that is read for the list: a received one may be of any size
UNREADABLE = (  # what records of others may lead to
    *(ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError),
    csv.Error,
)
MODEL = ("normaliser", "covariance", "k", "bic")  # of a row of ``best``; the rest says of what
Model = dict[str, Any]
Parts = tuple[dict[str, dict[str, str]], set[str]]  # {part: {key: value}}, and named entries


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
    selected: list[Model] = field(default_factory=list)
    bytes: int = 0


def show(project: Path, experiment: str | None = None, *, as_json: bool = False) -> None:
    """Print the versions of a project, or of one experiment, the newest first."""
    found = summaries(project, experiment)
    if as_json:
        print_json([asdict(summary) for summary in found])
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
    parts: dict[Path, Parts] = {}
    for folder in folders:
        if (folder / MANIFEST).is_file():
            with complaining(folder):
                manifests[folder] = manifest_of(folder)
                parts[folder] = recorded_of(manifests[folder])
    differs = dict(zip(parts, differences(list(parts.values())), strict=True))
    return [
        _summary(project, folder, manifests[folder], differs[folder])
        if folder in parts
        else VersionSummary(
            folder.relative_to(project).as_posix(),
            folder.parent.name,
            folder.name,
            DAMAGED if (folder / MANIFEST).is_file() else UNFINISHED,
        )
        for folder in folders
    ]


def _summary(
    project: Path, folder: Path, manifest: dict[str, Any], differs: dict[str, str]
) -> VersionSummary:
    readers: dict[str, Callable[[], Any]] = {
        "bytes": lambda: _size(folder, manifest),
        "published": lambda: _published(folder / RUN),
        "name": lambda: read_note(folder).name,
        "note": lambda: read_note(folder).text,
        "samples": lambda: _samples(project, manifest),
        "selected": lambda: lowest(best_models(folder, manifest)),
    }
    known: dict[str, Any] = {}
    for key, read in readers.items():
        with complaining(folder):
            known[key] = read()
    state = FINISHED if known.keys() == readers.keys() else DAMAGED
    where = folder.relative_to(project).as_posix()
    return VersionSummary(where, folder.parent.name, folder.name, state, differs=differs, **known)


@contextmanager
def complaining(folder: Path) -> Iterator[None]:
    """Say on standard error what of a version cannot be read, and go on."""
    try:
        yield
    except InputError as error:
        print(f"gmmpipe: {one_line(str(error))}", file=sys.stderr)
    except UNREADABLE as error:
        line = one_line(f"{folder}: its records are incomplete ({elide(repr(error), LONGEST)})")
        print(f"gmmpipe: {line}", file=sys.stderr)


def recorded_of(manifest: Mapping[str, Any]) -> Parts:
    """Return what made a version, as far as its manifest says."""
    config = manifest.get("config") or {}
    return dict(zip(PARTS, recorded_in(manifest, config), strict=True)), named_entries(config)


def _size(folder: Path, manifest: dict[str, Any]) -> int:
    told = sum(int(entry.get("size", 0)) for entry in manifest["artifacts"].values())
    if not 0 <= told < sys.maxsize:
        raise InputError(f"{folder / MANIFEST}: sizes of {elide(str(told), WIDTH)} bytes in all")
    records = [folder / name for name in RECORDS if (folder / name).is_file()]
    return told + sum(path.stat().st_size for path in records)


def _published(run: Path) -> str:
    content = artifacts.read_json(run, LARGEST)
    return str(content.get("published") or "") if isinstance(content, dict) else ""


def _samples(project: Path, manifest: dict[str, Any]) -> dict[str, list[int]]:
    found: dict[str, set[int]] = {}
    plan = layout.plan(manifest["experiment"], manifest["version"])
    refuse_unlisted(project / plan, manifest, plan)
    for data in Plan.read(project / plan).data_sets.values():
        found.setdefault(data.dataset, set()).add(data.n)
    return {name: sorted(numbers) for name, numbers in found.items()}


def differences(
    versions: Sequence[Parts], parts: Sequence[str] = ("config", "data")
) -> list[dict[str, str]]:
    """Return of each version what others of them have not, or have otherwise.

    What belongs to an entry, such as a data set, is compared where the version has that entry.
    parts: of PARTS; the first two make one version another.
    """
    every = {entry for _, entries in versions for entry in entries}
    result: list[dict[str, str]] = [{} for _ in versions]
    for part in parts:
        sides = [recorded[part] for recorded, _ in versions]
        for key in dict.fromkeys(key for side in sides for key in side):
            entry = entry_of(key)
            having = [
                i for i, (_, own) in enumerate(versions) if entry in own or entry not in every
            ]
            if len({sides[i].get(key, "") for i in having}) > 1:
                for i in having:
                    result[i][key] = sides[i].get(key, "")
    return result


def outer_axes(manifest: Mapping[str, Any]) -> list[str]:
    """Return the axes of the sweep that have dotted names, e.g. fit.tol."""
    sweep = (manifest.get("config") or {}).get("sweep", {})
    return [axis for axis in sweep if "." in axis]


def best_models(folder: Path, manifest: Mapping[str, Any]) -> list[Model]:
    """Return the rows of ``best`` by rank: data set, outer point, normaliser, family, K, BIC.

    Raises InputError for a table that is none, or is not that of the manifest.
    """
    path, outer = table(folder, "best", ".csv"), outer_axes(manifest)
    home = layout.version(manifest["experiment"], manifest["version"])
    refuse_unlisted(Path(path), manifest, table(home, "best", ".csv"))
    reader = csv.DictReader(io.StringIO(artifacts.read(path, LARGEST).decode()))
    words = ("dataset", *outer, "normaliser", "covariance")
    ranked = []
    try:
        for row in reader:
            numbers = {"k": int(row["k"]), "bic": float(row["bic"])}
            if not math.isfinite(numbers["bic"]):
                raise ValueError(f"bic is {row['bic']}")
            ranked.append((int(row["rank"]), {**{key: row[key] for key in words}, **numbers}))
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise InputError(f"{path}: not a table of gmmpipe ({error!r})") from None
    return [model for _, model in sorted(ranked, key=lambda each: each[0])]


def lowest(models: Iterable[Model]) -> list[Model]:
    """Return the first of models by rank at each data set and outer point."""
    found: dict[tuple[Any, ...], Model] = {}
    for model in models:
        found.setdefault(tuple(v for k, v in model.items() if k not in MODEL), model)
    return list(found.values())


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


def case_of(model: Model) -> str:
    """Return the data set of a model, with its outer point."""
    return ", ".join(str(value) for key, value in model.items() if key not in MODEL)


def _model(selected: Model) -> str:
    return f"{case_of(selected)}: {selected['covariance']}, K = {selected['k']}"


def _cell(parts: Iterable[str]) -> str:
    listed = list(parts)
    rest = f"; {len(listed) - MOST} more" if len(listed) > MOST else ""
    return elide("; ".join(elide(part, WIDTH) for part in listed[:MOST]) + rest, 2 * WIDTH)

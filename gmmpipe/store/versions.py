"""The versions in the results of a project."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from gmmpipe.errors import InputError
from gmmpipe.store import layout
from gmmpipe.store.layout import (
    BENCHMARKS,
    CONFIG,
    FIGURES,
    LOGS,
    MANIFEST,
    REPLACED,
    REPORT,
    RESERVED,
    RESULTS,
    RUN,
    STORE,
    TABLES,
    latest,
    marker,
)
from gmmpipe.store.manifest import manifest_of
from gmmpipe.store.open_files import TEMPORARY

VERSION = "[0-9a-f]{12}"  # the name of a version


def versions(project: Path) -> Iterator[Path]:
    """Yield the folders of all versions, those that a link stands for included.

    Raises InputError for a link that leads nowhere, as to a disk that is not mounted, and
    PermissionError for a folder that cannot be read.
    """
    for experiment in _folders(project / RESULTS, project):
        for folder in _folders(experiment, project):
            # Older versions allowed an experiment of a reserved name.
            hidden = "." in (experiment.name[0], folder.name[0])
            doubtful = experiment.name in RESERVED or hidden or not _looks_like_one(folder)
            records = (plan_of(project, folder), folder / MANIFEST)
            if not doubtful or any(path.is_file() for path in records):
                yield folder


def moved(project: Path) -> Iterator[Path]:
    """Yield the folders below results/ that have a manifest where no version has its place.

    Such as those that a person put into a folder of older ones, links to folders followed. What was
    replaced, and what is half removed, does not count.
    """
    results, known = project / RESULTS, {os.path.realpath(each) for each in versions(project)}
    apart = {os.path.realpath(project / path) for path in (STORE, LOGS, BENCHMARKS, REPLACED)}
    for place, folders, files in os.walk(results, followlinks=True, onerror=_raise):
        real = os.path.realpath(place)
        if real in apart or place.endswith(TEMPORARY):
            folders.clear()
        elif MANIFEST in files and real not in known:
            yield Path(place)
        apart.add(real)


def _raise(error: OSError) -> NoReturn:
    raise error


def refuse_unmounted(project: Path) -> None:
    """Raise InputError where an experiment has plans, and nothing else says that it was run here.

    Its versions were removed, or are on a disk that is not mounted: the folder is not there then,
    is empty, or has what marks such a place.
    """
    there = {folder.parent for folder in versions(project)}
    there |= {project / RESULTS / manifest_of(each)["experiment"] for each in moved(project)}
    for plan in sorted((project / STORE / "plans").glob("*.json")):
        match = re.fullmatch(f"(.+)-{VERSION}[.]json", plan.name)
        if match is None or project / RESULTS / match[1] in there:
            continue
        if not any(os.path.lexists(project / trace(match[1])) for trace in (latest, marker)):
            raise InputError(
                f"{RESULTS}/{match[1]}: has no version, but the store has plans of it, as where a"
                " disk is not mounted; mount it, or, if its versions were removed, remove"
                f" {STORE}/plans/{match[1]}-{'?' * 12}.json too"
            )


def _looks_like_one(folder: Path) -> bool:
    """Return whether a folder has the name of a version or a part of one, else is a person's."""
    parts = (TABLES, FIGURES, REPORT, CONFIG, RUN)
    is_named = re.fullmatch(VERSION, folder.name) is not None
    return is_named or any(os.path.lexists(folder / part) for part in parts)


def _folders(place: Path, project: Path) -> Iterator[Path]:
    """Yield the folders in a place, hidden ones too; links to one beside them, as `latest`, not."""
    for path in sorted(place.iterdir()) if place.exists() else ():
        if path.is_symlink():
            if path.readlink().parent == Path():
                continue
            if not path.exists():
                raise InputError(
                    f"{path.relative_to(project)}: a link to {path.readlink()}, which does not"
                    " exist, so what its versions need is unknown; mount it, or remove the link"
                )
        if path.is_dir():
            yield path


def plan_of(project: Path, folder: Path) -> Path:
    """Return the path of the plan of the version in a folder."""
    return project / layout.plan(folder.parent.name, folder.name)

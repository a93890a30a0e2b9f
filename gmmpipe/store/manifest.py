"""The format of a version's tables, stated in its manifest; older ones are read as today's.

1, before the key was there: components count from 0, also in reasons, which are sentences alone.
2: components count from 1 wherever a person reads them; ``fits`` has the column ``defects``.
"""

import os
from collections.abc import Mapping, Sequence
from os.path import realpath
from pathlib import Path
from typing import Any

from gmmpipe.errors import InputError
from gmmpipe.store import artifacts, layout
from gmmpipe.store.data_arrays import refuse_other
from gmmpipe.store.integrity import checksum_of
from gmmpipe.store.layout import BUNDLE, LATEST, MANIFEST, RECORDS, RESERVED, RESULTS, STORE
from gmmpipe.store.names import ALLOWED, is_name, is_of_results
from gmmpipe.store.notes import named

FORMAT = 2
NAMING = ("experiment", "version")
KEYS = {"experiment": str, "version": str, "inputs": dict, "artifacts": dict}


def format_of(manifest: Any, where: str | Path) -> int:
    """Return the format that a manifest states; where: its path.

    Raises InputError for one that is newer than this gmmpipe, and where there is no manifest.
    """
    if not isinstance(manifest, Mapping):
        raise InputError(f"{where}: not a manifest of gmmpipe")
    number = manifest.get("format", 1)
    if type(number) is not int or number < 1:
        raise InputError(f"{where}: format is {number!r}; expected a whole number from 1 on")
    if number > FORMAT:
        raise InputError(
            f"{where}: the results have format {number}, and this gmmpipe reads up to {FORMAT};"
            " update gmmpipe"
        )
    return number


def manifest_of(folder: Path) -> dict[str, Any]:
    """Return the manifest in the folder of a version, which may be that of others.

    Raises InputError for one that lacks what gmmpipe writes, or names what is outside of results/.
    """
    path = folder / MANIFEST
    manifest: dict[str, Any] = artifacts.read_json(path)
    format_of(manifest, path)
    for key, kind in KEYS.items():
        if not isinstance(manifest.get(key), kind):
            raise InputError(f"{path}: not a manifest of gmmpipe, it has no {key!r}")
    for name, described in {**manifest["inputs"], **manifest["artifacts"]}.items():
        if not (isinstance(described, dict) and "sha256" in described):
            raise InputError(f"{path}: not a manifest of gmmpipe, no sha256 of {name}")
    for name in manifest["artifacts"]:
        if not is_of_results(name):
            raise InputError(f"{path}: the artifact {name!r} would be outside of results/")
    experiment, version = manifest["experiment"], manifest["version"]
    if not (is_name(experiment) and is_name(version)):
        raise InputError(f"{path}: {experiment!r} or {version!r} is no name; expected {ALLOWED}")
    return manifest


def version_folder(folder: str | Path) -> Path:
    """Return the folder of a finished version, links resolved; raises InputError if it is none.

    folder may be `latest`, also where that is a file that stands for a link, or the folder above,
    or end in the name that a person gave the version, or be a bundle of a version.
    """
    version = Path(realpath(folder))
    if (version / BUNDLE).is_file() and not (version / MANIFEST).is_file():
        version = _bundled(version)
    if not (version / MANIFEST).is_file() and os.path.lexists(version / LATEST):
        return version_folder(version / LATEST)
    if not version.exists() and (by_name := named(version.parent, version.name)):
        return by_name
    if version.is_file() and (name := artifacts.linked(version)) and is_name(name):
        version = version.with_name(name)
    if not (version / MANIFEST).is_file():
        raise InputError(
            f"{folder}: no finished experiment; give results/<experiment>, or a version,"
            " as `gmmpipe runs` lists them"
        )
    return version


def bundled_files(folder: Path) -> dict[str, Any]:
    """Return {name: size and sha256} of what a bundle in a folder has besides; {} where none is."""
    if not (folder / BUNDLE).is_file():
        return {}
    told = artifacts.read_json(folder / BUNDLE)
    files = told.get("files") if isinstance(told, dict) else None
    if not isinstance(files, dict) or not all(
        is_name(name) and isinstance(entry, dict) and {"size", "sha256"} <= entry.keys()
        for name, entry in files.items()
    ):
        raise InputError(f"{folder / BUNDLE}: not the bundle of a version; export it again")
    return files


def _bundled(folder: Path) -> Path:
    """Return the folder of the version in a bundle, which may be that of others."""
    told = artifacts.read_json(folder / BUNDLE)
    if not (isinstance(told, dict) and all(is_name(told.get(key)) for key in NAMING)):
        raise InputError(f"{folder / BUNDLE}: not the bundle of a version; export it again")
    return folder / layout.version(*(str(told[key]) for key in NAMING))


def arrays_of(
    project: Path,
    manifest: Mapping[str, Any],
    path: str,
    shape: tuple[int, int] | None = None,
    needed: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the arrays of a data set in the store, the very bytes of the manifest's version.

    path as in the manifest; shape: (N, D), where it is known. Raises InputError where the store
    has lost it or holds another, and for arrays that are no data set or lack ``needed``.
    """
    place = project / path
    if not place.is_file():
        raise InputError(f"{place}: the store has lost it; {again(path)}")
    if artifacts.describe(place)["sha256"] != manifest["artifacts"].get(path, {}).get("sha256"):
        raise InputError(
            f"{place}: not the data that this version fitted (another SHA-256 than in"
            f" manifest.json); remove it, then {again(path)}"
        )
    arrays = artifacts.read_arrays(place, *needed)
    refuse_other(arrays, place, shape)
    return arrays


def refuse_unlisted(place: Path, manifest: Mapping[str, Any], path: str) -> None:
    """Raise InputError for an artifact of other bytes than a manifest tells, as of another version.

    path: as in the manifest. Where a record tells of other bytes, reading it says so.
    """
    entry = manifest["artifacts"].get(path, {})
    checksum = checksum_of(place) or artifacts.describe(place)["sha256"]
    if checksum != entry.get("sha256", checksum):
        raise InputError(
            f"{place}: not of this version (another SHA-256 than in {MANIFEST}); `gmmpipe verify`"
            " tells what else is not"
        )


def again(target: str = "") -> str:
    """Return what to type to have what the store has lost."""
    words = f" and `-- {target}` at the end" if target else ""
    return f"give its `gmmpipe run` once more, with the same settings{words}"


def refuse_output(path: str) -> None:
    """Raise InputError for an output, a file or a folder, in a version or in the store."""
    place = Path(realpath(path))
    place = place / "file" if place.is_dir() else place
    for folder in place.parents:
        below = place.relative_to(folder).parts
        shared = folder.name == RESULTS and (folder.parent / STORE).is_dir()
        reserved = below[0] in RESERVED or any(part.startswith(".") for part in below)
        inside = shared and (len(below) > 2 or reserved)
        if inside or all((folder / name).is_file() for name in RECORDS):
            raise InputError(f"{path}: lies among the results of runs; give -o a place elsewhere")

"""The format of a version's tables, which its manifest tells; older ones are read as today's.

1, before the key was there: components count from 0, also in reasons, which are sentences alone.
2: components count from 1 wherever a person reads them; ``fits`` has the column ``defects``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gmmpipe import artifacts
from gmmpipe.boundary import ALLOWED, is_name, is_of_results
from gmmpipe.errors import InputError
from gmmpipe.numerics.identity import to_numbers
from gmmpipe.numerics.mixture import FIRST

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 2
MANIFEST = "manifest.json"
KEYS = {"experiment": str, "version": str, "inputs": dict, "artifacts": dict}
COMPONENTS = ["component", "parent"]  # columns that name components


def format_of(manifest: Any, where: str | Path) -> int:
    """Return the format that a manifest tells; where: its path.

    Raises InputError for one that is newer than this gmmpipe, and where there is no manifest.
    """
    if not isinstance(manifest, Mapping):
        raise InputError(f"{where}: not a manifest of gmmpipe")
    found = manifest.get("format", 1)
    if type(found) is not int or found < 1:
        raise InputError(f"{where}: format is {found!r}; expected a whole number from 1 on")
    if found > FORMAT:
        raise InputError(
            f"{where}: the results have format {found}, and this gmmpipe reads up to {FORMAT};"
            " update gmmpipe"
        )
    return found


def manifest_of(folder: Path) -> dict[str, Any]:
    """Return the manifest in the folder of a version, which may be that of others.

    Raises InputError for one that lacks what gmmpipe writes, or names what is outside of results/.
    """
    path = folder / MANIFEST
    found: dict[str, Any] = artifacts.read_json(path)
    format_of(found, path)
    for key, kind in KEYS.items():
        if not isinstance(found.get(key), kind):
            raise InputError(f"{path}: not a manifest of gmmpipe, it has no {key!r}")
    for name, told in {**found["inputs"], **found["artifacts"]}.items():
        if not (isinstance(told, dict) and "sha256" in told):
            raise InputError(f"{path}: not a manifest of gmmpipe, no sha256 of {name}")
    for name in found["artifacts"]:
        if not is_of_results(name):
            raise InputError(f"{path}: the artifact {name!r} would be outside of results/")
    experiment, version = found["experiment"], found["version"]
    if not (is_name(experiment) and is_name(version)):
        raise InputError(f"{path}: {experiment!r} or {version!r} is no name; expected {ALLOWED}")
    return found


def version_folder(folder: str | Path) -> Path:
    """Return the folder of a finished version, links resolved; raises InputError if it is none.

    folder may be `latest`, also where that is a file that stands for a link.
    """
    found = Path(folder).resolve()
    if found.is_file() and (named := artifacts.linked(found)) and is_name(named):
        found = found.with_name(named)
    if not (found / MANIFEST).is_file():
        raise InputError(
            f"{folder}: no finished experiment; give results/<experiment>/latest or a version"
        )
    return found


class VersionTables:
    """The tables in the folder of a version, as today's, whatever their format.

    Without a manifest they are those of a run that goes on. Raises InputError for a newer format.
    """

    def __init__(self, folder: str | Path) -> None:
        self._folder, manifest = Path(folder), Path(folder) / MANIFEST
        known = manifest.is_file()
        self._old = known and format_of(artifacts.read_json(manifest), manifest) < FORMAT

    def path(self, name: str) -> Path:
        """Return where a table is."""
        return self._folder / f"tables/{name}.parquet"

    def frame(self, name: str) -> "pd.DataFrame":
        """Return a whole table."""
        found = artifacts.read_frame(self.path(name))
        return _renewed(found) if self._old else found

    def stored(self, name: str) -> artifacts.StoredTable:
        """Return a table that stays in its file."""
        return (_OldTable if self._old else artifacts.StoredTable)(self.path(name))


class _OldTable(artifacts.StoredTable):
    def rows(self, keys: "pd.DataFrame") -> "pd.DataFrame":
        return _renewed(super().rows(keys))

    def parts(self, columns: Sequence[str]) -> Iterator["pd.DataFrame"]:
        yield from map(_renewed, super().parts(columns))


def _renewed(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Return a table of format 1 with components counted from 1."""
    for name in frame.columns.intersection(COMPONENTS):
        frame[name] = to_numbers(frame[name].to_numpy())
    if "reason" in frame:
        frame["reason"] = frame["reason"].map(_counted)
    return frame


def _counted(reason: Any) -> Any:
    if not isinstance(reason, str):
        return reason
    return re.sub(r"\bcomponent (\d+)", lambda at: f"component {int(at[1]) + FIRST}", reason)

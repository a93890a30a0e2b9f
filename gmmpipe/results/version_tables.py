"""The tables of a version, older formats read as today's."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gmmpipe.mixture.diagnostics.matching import to_numbers
from gmmpipe.mixture.mixture import FIRST
from gmmpipe.store import artifacts
from gmmpipe.store.manifest import FORMAT, MANIFEST, format_of

if TYPE_CHECKING:
    import pandas as pd

COMPONENTS = ["component", "parent"]  # columns that name components


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

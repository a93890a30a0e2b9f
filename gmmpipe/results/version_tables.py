"""The tables of a version, older formats read as today's."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gmmpipe.errors import InputError
from gmmpipe.mixture.diagnostics.matching import to_numbers
from gmmpipe.mixture.mixture import FIRST
from gmmpipe.results.tables import TABLES
from gmmpipe.store import artifacts
from gmmpipe.store.layout import MANIFEST, table
from gmmpipe.store.manifest import FORMAT, format_of

if TYPE_CHECKING:
    import pandas as pd

COMPONENTS = ["component", "parent"]  # columns that name components
SMALL = 2**25


class VersionTables:
    """The tables in the folder of a version, as today's, whatever their format.

    Without a manifest they are those of a run that goes on. Raises InputError for a newer format,
    and for a table that was not asked for. small: bytes of a table in a file, up to which it is
    read whole.
    """

    def __init__(self, folder: str | Path, small: int = SMALL) -> None:
        self._small = small
        self._folder, manifest = Path(folder), Path(folder) / MANIFEST
        exists = manifest.is_file()
        self._old = exists and format_of(artifacts.read_json(manifest), manifest) < FORMAT
        self._stored: dict[str, artifacts.StoredTable] = {}

    @property
    def names(self) -> list[str]:
        """Return the names of the tables that there are."""
        stored = {path.stem for path in self._folder.glob("tables/*.parquet")}
        declared = [name for name in TABLES if name in stored]
        return [*declared, *sorted(stored - {*declared})]

    def path(self, name: str) -> Path:
        """Return where a table is."""
        path = Path(table(self._folder, name))
        asked_by = TABLES[name].asked_by if name in TABLES else ""
        if asked_by and not path.exists():
            raise InputError(f"{self._folder}: no table {name}; run with {asked_by}, say")
        return path

    def frame(self, name: str) -> "pd.DataFrame":
        """Return a whole table."""
        frame = artifacts.read_frame(self.path(name))
        return _renewed(frame) if self._old else frame

    def stored(self, name: str) -> artifacts.StoredTable:
        """Return a table that stays in its file."""
        if name not in self._stored:
            kind = _OldTable if self._old else artifacts.StoredTable
            self._stored[name] = kind(self.path(name))
        return self._stored[name]

    def rows(self, name: str, wanted: "pd.DataFrame") -> "pd.DataFrame":
        """Return the rows of a table that have the values of ``wanted`` in the columns of both."""
        stored = self.stored(name)
        return stored.rows(wanted[[column for column in stored.columns if column in wanted]])

    def is_large(self, name: str) -> bool:
        """Say whether a table takes too much memory to be read whole for some of its rows."""
        return self.path(name).stat().st_size >= self._small


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
    return re.sub(r"\bcomponent (\d+)", lambda match: f"component {int(match[1]) + FIRST}", reason)

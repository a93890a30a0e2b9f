"""The tables of a version, older formats read as today's."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gmmpipe.errors import InputError
from gmmpipe.mixture.diagnostics.matching import to_numbers
from gmmpipe.mixture.mixture import FIRST
from gmmpipe.results.table_types import refuse_gaps, refuse_other
from gmmpipe.results.tables import TABLES
from gmmpipe.store import artifacts, layout
from gmmpipe.store.layout import MANIFEST, table
from gmmpipe.store.manifest import FORMAT, format_of, refuse_unlisted

if TYPE_CHECKING:
    import pandas as pd

COMPONENTS = ["component", "parent"]  # columns that name components
SMALL = 2**25


class VersionTables:
    """The tables in the folder of a version, as today's, whatever their format.

    outer: the outer axes of the sweep. Without a manifest they are those of a run that goes on.
    Raises InputError for a newer format, for a table that was not asked for, and for one that lacks
    a column or has one of another type, as only others' files do. small: bytes of a table in a
    file, up to which it is read whole. manifest: that of the version, with whose SHA-256 tables
    are compared; while a run goes on they may be newer.
    """

    def __init__(
        self,
        folder: str | Path,
        outer: Sequence[str],
        small: int = SMALL,
        manifest: Mapping[str, Any] | None = None,
    ) -> None:
        self._small, self._manifest = small, manifest
        self._folder, path = Path(folder), Path(folder) / MANIFEST
        exists = path.is_file()
        self._old = exists and format_of(artifacts.read_json(path), path) < FORMAT
        self._outer = outer
        self._stored: dict[str, StoredVersionTable] = {}

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

    def _checked_path(self, name: str) -> Path:
        path = self.path(name)
        if self._manifest is not None:
            home = layout.version(self._manifest["experiment"], self._manifest["version"])
            refuse_unlisted(path, self._manifest, table(home, name))
        return path

    def frame(self, name: str) -> "pd.DataFrame":
        """Return a whole table."""
        path = self._checked_path(name)
        table = artifacts.read_table(path)
        if name in TABLES:
            refuse_other(TABLES[name], table.schema, table.num_rows, path, self._outer)
        return _checked(artifacts.to_frame(table), name, path, self._old)

    def stored(self, name: str) -> "StoredVersionTable":
        """Return a table that stays in its file."""
        if name not in self._stored:
            self._stored[name] = StoredVersionTable(
                name, self._checked_path(name), self._outer, self._old
            )
        return self._stored[name]

    def rows(self, name: str, wanted: "pd.DataFrame") -> "pd.DataFrame":
        """Return the rows of a table that have the values of ``wanted`` in the columns of both."""
        stored = self.stored(name)
        return stored.rows(wanted[[column for column in stored.columns if column in wanted]])

    def is_large(self, name: str) -> bool:
        """Say whether a table takes too much memory to be read whole for some of its rows."""
        return self.path(name).stat().st_size >= self._small


class StoredVersionTable(artifacts.StoredTable):
    """A table of a version that stays in its file."""

    def __init__(self, name: str, path: Path, outer: Sequence[str], old: bool) -> None:
        super().__init__(path)
        self._name, self._old = name, old
        refuse_other(TABLES[name], self.schema, self.n_rows, path, outer)

    def rows(self, keys: "pd.DataFrame") -> "pd.DataFrame":
        """Return the rows that have these values; see ``StoredTable``."""
        return _checked(super().rows(keys), self._name, Path(self.path), self._old)

    def parts(self, columns: Sequence[str]) -> Iterator["pd.DataFrame"]:
        """Yield some columns of all rows, a row group at a time."""
        for part in super().parts(columns):
            yield _checked(part, self._name, Path(self.path), self._old)


def _checked(frame: "pd.DataFrame", name: str, path: Path, old: bool) -> "pd.DataFrame":
    """Return some rows of a table, each with the values that it needs, as today's."""
    if name in TABLES:
        refuse_gaps(TABLES[name], frame, path)
    return _renewed(frame) if old else frame


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

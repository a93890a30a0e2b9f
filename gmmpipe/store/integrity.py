"""The SHA-256 of artifacts, and the record beside each of what it was and what made it."""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gmmpipe.errors import CannotRead, DamagedArtifact, InputError
from gmmpipe.store.open_files import created, flush_file, naming, open_regular, temporary_path

LONGEST_RECORD = 2**14  # bytes of what is recorded of an artifact
MADE_BY = "GMMPIPE_MADE_BY"  # variable of a job: what makes its artifacts, as JSON
MAKER = {"stage": str, "code": str, "environment": dict}


def sha256(content: bytes) -> str:
    """Return the SHA-256 of ``content`` in hex."""
    return hashlib.sha256(content).hexdigest()


def digest(value: Any) -> str:
    """Return 12 hex digits that name a value of plain JSON types, whatever the order of keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return sha256(text.encode())[:12]


def describe(path: str | Path) -> dict[str, Any]:
    """Return size and SHA-256 of a regular file; raises InputError if there is none to be read."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        return {"size": size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def checksum_path(path: Path) -> Path:
    """Return where the SHA-256 of an artifact is recorded, beside it."""
    return path.with_name(f".{path.name}.sha256")


def checksum_of(path: str | Path) -> str | None:
    """Return the SHA-256 that was recorded when an artifact was written.

    None if there is no record, "" if the record itself is damaged.
    """
    record = _record(Path(path))
    return None if record is None else record[0]


def made_by(path: str | Path) -> dict[str, Any]:
    """Return what made an artifact, see ``environment.maker``; nothing where it is not recorded."""
    record = _record(Path(path))
    return {} if record is None else record[1]


def _record(path: Path) -> tuple[str, dict[str, Any]] | None:
    if not os.path.lexists(checksum_path(path)):
        return None
    try:
        with open_regular(checksum_path(path)) as file:
            text = file.read(LONGEST_RECORD).decode(errors="replace")
    except CannotRead:
        raise
    except InputError:  # a pipe, or a folder
        return "", {}
    line, _, comment = text.partition("\n")
    maker = _maker(comment)
    return ("", {}) if line[64:] != f"  {path.name}" or maker is None else (line[:64], maker)


def _maker(comment: str) -> dict[str, Any] | None:
    """Return what the second line of a record says; None if it is damaged."""
    if not comment:
        return {}
    match = re.fullmatch(r"# ([0-9a-f]{12}) (.*)\n", comment)
    if match is None or sha256(match[2].encode())[:12] != match[1]:
        return None
    try:
        maker = json.loads(match[2])
        typed = all(isinstance(maker[key], kind) for key, kind in MAKER.items())
    except (ValueError, RecursionError, TypeError, KeyError):
        return None
    return maker if typed else None


def refuse_damaged(path: str | Path, checksum: str) -> None:
    """Raise DamagedArtifact where another SHA-256 is recorded."""
    if checksum_of(path) not in (None, checksum):
        raise DamagedArtifact(
            f"{path}: damaged, its SHA-256 is not the recorded one; `gmmpipe run` makes it again"
        )


def is_intact(path: str | Path) -> bool:
    """Return whether an artifact is there, and has the SHA-256 that was recorded.

    Raises CannotRead for one of which that is not to be found out.
    """
    try:
        return bool(checksum_of(path) == describe(path)["sha256"])
    except CannotRead:
        raise
    except InputError:
        return False


def checksummed(folder: str | Path) -> list[Path]:
    """Return the paths below a folder of all artifacts with a checksum, even if gone since."""
    files = [path for path in Path(folder).rglob(".*.sha256") if path.name.strip(".") != "sha256"]
    return sorted(file.with_name(file.name[1 : -len(".sha256")]) for file in files)


def write_checksum(path: Path, checksum: str, maker: Mapping[str, Any]) -> None:
    """Record the SHA-256 of an existing file, and what made it if that is known."""
    temporary = temporary_path(checksum_path(path))
    with naming(checksum_path(path), [temporary]):
        write_record(temporary, path, checksum, json.dumps(maker, sort_keys=True) if maker else "")
        temporary.replace(checksum_path(path))


def write_record(temporary: Path, path: Path, checksum: str, maker: str) -> None:
    """Write a record as sha256sum writes and checks it, to which a line with # is a comment."""
    comment = f"# {sha256(maker.encode())[:12]} {maker}\n" if maker else ""
    with created(temporary) as file:
        file.write(f"{checksum}  {path.name}\n{comment}".encode())
        flush_file(file)

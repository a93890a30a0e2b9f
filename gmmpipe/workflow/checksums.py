"""What manifests know of artifacts whose hidden SHA-256 file is lost, as in a copy without them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gmmpipe.errors import CannotRead, InputError
from gmmpipe.store import artifacts
from gmmpipe.store.environments import Environments
from gmmpipe.store.integrity import checksum_of, write_checksum
from gmmpipe.store.layout import LATEST, MANIFEST, RESULTS, STORE
from gmmpipe.store.names import placed


def restore_checksums(root: Path) -> int:
    """Write the records of artifacts anew that do not tell of the bytes that a manifest tells.

    Only where these are the bytes that are there; returns how many that were. Copies that leave
    out hidden files, such as uploads and backups, lose all of them; a kill leaves one of others.
    """
    count = 0
    for folder, manifest in _manifests(root):
        environments = Environments(manifest)
        for path, entry in manifest["artifacts"].items():
            place = placed(root, path)
            if not isinstance(entry, dict) or place is None or not _is_its_own(path, folder):
                continue  # foreign manifests may name files of others
            checksum = entry.get("sha256")
            doubtful = checksum_of(place) != checksum and place.is_file()
            if not doubtful or place.is_symlink():
                continue
            if artifacts.describe(place)["sha256"] == checksum:
                write_checksum(place, checksum, environments.maker(path))
                count += 1
    return count


def _is_its_own(path: str, folder: Path) -> bool:
    """Return whether a path of a manifest is in the store, or in the folder of the version."""
    return any(path.startswith(f"{home}/") for home in (folder.as_posix(), STORE))


def _manifests(root: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield folders of versions and manifests that list artifacts, of a link's version too.

    Never a damaged one.
    """
    for file in sorted((root / RESULTS).glob(f"*/[!.]*/{MANIFEST}")):
        if file.parent.name == LATEST:
            continue
        try:
            manifest = artifacts.read_json(file)
        except CannotRead:
            raise
        except InputError:
            continue
        if isinstance(manifest, dict) and isinstance(manifest.get("artifacts"), dict):
            yield file.parent.relative_to(root), manifest

"""What manifests know of artifacts whose hidden SHA-256 file is lost, as in a copy without them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gmmpipe.errors import InputError
from gmmpipe.store import artifacts
from gmmpipe.store.environments import Environments
from gmmpipe.store.integrity import checksum_of, write_checksum
from gmmpipe.store.layout import LATEST, MANIFEST, RESULTS
from gmmpipe.store.names import is_of_results


def restore_checksums(root: Path) -> int:
    """Write the missing or damaged records of artifacts that a manifest vouches for.

    Only where the bytes are those that the manifest tells; returns how many that were. Copies
    that leave out hidden files, such as uploads and backups, lose all of them.
    """
    count = 0
    for manifest in _manifests(root):
        environments = Environments(manifest)
        for path, entry in manifest["artifacts"].items():
            place = root / path
            if not is_of_results(path) or not isinstance(entry, dict):
                continue  # foreign manifests may name files of others
            if checksum_of(place) in (None, "") and place.is_file() and not place.is_symlink():
                sha256 = artifacts.describe(place)["sha256"]
                if sha256 == entry.get("sha256"):
                    write_checksum(place, sha256, environments.maker(path))
                    count += 1
    return count


def _manifests(root: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the manifests that list artifacts, of a link's version too; never a damaged one."""
    for file in sorted((root / RESULTS).glob(f"*/[!.]*/{MANIFEST}")):
        if file.parent.name == LATEST:
            continue
        try:
            manifest = artifacts.read_json(file)
        except InputError:
            continue
        if isinstance(manifest, dict) and isinstance(manifest.get("artifacts"), dict):
            yield manifest

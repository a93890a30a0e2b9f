"""What manifests know of artifacts whose hidden SHA-256 file is lost, as in a copy without them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gmmpipe import artifacts
from gmmpipe.errors import InputError
from gmmpipe.formats import MANIFEST
from gmmpipe.sealed import recorded, seal

RESULTS = "results"


def restore_seals(root: Path) -> int:
    """Write the missing or damaged SHA-256 files of artifacts that a manifest vouches for.

    Only where the bytes are those that the manifest tells; returns how many that were. Copies
    that leave out hidden files, such as uploads and backups, lose all of them.
    """
    count = 0
    for path, known in _told(root):
        place = root / path
        if recorded(place) in (None, "") and place.is_file() and not place.is_symlink():
            found = artifacts.describe(place)["sha256"]
            if found == known.get("sha256"):
                seal(place, found)
                count += 1
    return count


def _told(root: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield path and {size, sha256} of each artifact of each manifest; a damaged one says nothing.

    Of a link's version too, but never of a path that leads out of results/.
    """
    for file in sorted((root / RESULTS).glob(f"*/[!.]*/{MANIFEST}")):
        if file.parent.name == "latest":
            continue
        try:
            manifest = artifacts.read_json(file)
        except InputError:
            continue
        listed = manifest.get("artifacts") if isinstance(manifest, dict) else None
        for path, known in listed.items() if isinstance(listed, dict) else ():
            parts = Path(path).parts
            if parts[:1] == (RESULTS,) and ".." not in parts and isinstance(known, dict):
                yield path, known

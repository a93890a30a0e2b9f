"""Whether a version is still what its manifest says."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gmmpipe.errors import DamagedArtifact, InputError, one_line
from gmmpipe.store import artifacts, packaged, yaml_file
from gmmpipe.store.environments import Environments
from gmmpipe.store.integrity import checksum_path
from gmmpipe.store.layout import (
    CONFIG,
    INPUTS,
    MANIFEST,
    NOTE,
    RECORDS,
    REPORT,
    TIMESTAMP,
    copy_of_input,
)
from gmmpipe.store.manifest import bundled_files, format_of, manifest_of, version_folder
from gmmpipe.store.names import is_name, project_of
from gmmpipe.store.terminal import print_json

FORMER = "ro-crate-metadata.json"  # a record of older versions, which `gmmpipe export` makes now
UNLISTED = (CONFIG, REPORT)  # by the first manifests, which had no config either


class Version:
    """A finished version: its folder, its manifest, and the project it belongs to."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = version_folder(folder)
        self.manifest = manifest_of(self.folder)
        self.format = format_of(self.manifest, self.folder / MANIFEST)
        self.project = project_of(self.folder)

    @property
    def entries(self) -> dict[str, Any]:
        """Return {path as in the manifest: size and sha256} of all inputs and artifacts."""
        return {**self.manifest["inputs"], **self.manifest["artifacts"]}

    @property
    def files(self) -> dict[str, tuple[Path, dict[str, Any]]]:
        """Return {path: where it is, and its entry} of these, and of what a bundle has besides."""
        inputs = self.manifest["inputs"]
        files = {
            path: (self.input(path) if path in inputs else self.find(path), entry)
            for path, entry in self.entries.items()
        }
        bundled = bundled_files(self.project).items()
        return files | {name: (self.project / name, entry) for name, entry in bundled}

    def find(self, path: str) -> Path:
        """Return where a path of the manifest is now: the version's folder may have moved."""
        home = f"results/{self.manifest['experiment']}/{self.manifest['version']}/"
        if path.startswith(home):
            return self.folder / path.removeprefix(home)
        bundled = self.project / place_in_bundle(path)
        return bundled if bundled.is_file() else packaged.find(self.project, path)

    def input(self, path: str) -> Path:
        """Return where an input is as it was: its file, or the copy that the store has of it.

        Its file where neither is.
        """
        place, told = self.find(path), str(self.manifest["inputs"][path]["sha256"])
        copy = self.project / copy_of_input(told)
        kept = not _holds(place, told) and _holds(copy, told)
        return copy if kept else place

    def changed_inputs(self) -> dict[str, Path]:
        """Return {path: its copy} of the inputs that have changed or gone since."""
        places = {path: self.input(path) for path in self.manifest["inputs"]}
        return {path: place for path, place in places.items() if place != self.find(path)}

    def intact(self, paths: Iterable[str]) -> dict[str, Path]:
        """Return {path: where it is} of artifacts; InputError for one that is lost or changed."""
        places = {path: self.find(path) for path in paths}
        for path, place in places.items():
            told = self.manifest["artifacts"][path]["sha256"]
            if not place.is_file() or artifacts.describe(place)["sha256"] != told:
                raise InputError(
                    f"{place}: differs from the manifest; `gmmpipe verify {self.folder}` says how"
                )
        return places


def _holds(place: Path, sha256: str) -> bool:
    return place.is_file() and bool(artifacts.describe(place)["sha256"] == sha256)


def place_in_bundle(path: str) -> str:
    """Return where a bundle has a file of the manifest.

    What lay outside of the project, or beside its folders, where the bundle has files of its own,
    is in ``INPUTS``.
    """
    parts = Path(path).parts
    if not Path(path).is_absolute() and ".." not in parts and len(parts) > 1:
        return path
    name = parts[-1] if is_name(parts[-1]) else "input"
    return f"{INPUTS}/{artifacts.digest(path)}/{name}"


def verify(version: Version, *, as_json: bool = False) -> bool:
    """Print which files of a version are not as its manifest says; return whether none is."""
    wrong = list(differences(version))
    notes = []
    for path, copy in version.changed_inputs().items():
        how = "has changed since" if version.find(path).exists() else "is gone"
        notes.append(f"the results are intact, {path} {how}; what was read of it is {copy}")
    notes += Environments(version.manifest).notes()
    if as_json:
        told = {key: version.manifest[key] for key in ("experiment", "version")}
        print_json({**told, "files": len(version.files), "wrong": wrong, "notes": notes})
        return not wrong
    for line in wrong:
        print(f"gmmpipe: {one_line(line)}", file=sys.stderr)
    title = f"{version.manifest['experiment']} {version.manifest['version']}"
    if wrong and all(line.partition(": ")[0] in version.manifest["inputs"] for line in wrong):
        what = "the results are intact, the input has changed since or is gone, with no copy kept"
        print(f"gmmpipe: {title}: {what}", file=sys.stderr)
    elif wrong:
        print(f"gmmpipe: {title}: {len(wrong)} files differ from the manifest", file=sys.stderr)
    else:
        count = len(version.files)
        print(f"{title}: {count} files are as the manifest says, none is missing or extra")
    for note in notes:
        print(one_line(f"{title}: {note}"))
    return not wrong


def differences(version: Version) -> Iterator[str]:
    """Yield a line on each file that is missing, changed, or not in the manifest."""
    is_first_format = "config" not in version.manifest
    for path, (place, entry) in version.files.items():
        is_config = place == version.folder / CONFIG and not is_first_format
        if not place.exists():
            yield f"{path}: missing"
            continue
        current = artifacts.describe(place)
        if current["size"] != entry.get("size", current["size"]):
            yield f"{path}: changed: {current['size']} bytes, the manifest says {entry['size']}"
        elif current["sha256"] != entry["sha256"]:
            yield (
                f"{path}: changed: SHA-256 {current['sha256'][:12]}...,"
                f" the manifest says {str(entry['sha256'])[:12]}..."
            )
        elif is_config and _has_other_settings(version):
            yield f"{path}: other settings than in the manifest"
    for name in () if is_first_format else RECORDS[1:]:
        if not (version.folder / name).is_file():
            yield f"{version.folder / name}: missing"
    for name in (*RECORDS, NOTE):
        if (version.folder / name).is_symlink():
            yield f"{version.folder / name}: changed: is a link"
    for place in extra_files(version):
        yield f"{place}: extra: not in the manifest"


def extra_files(version: Version) -> Iterator[Path]:
    """Yield the files in the folder of a version that its manifest does not tell of."""
    is_first_format = "config" not in version.manifest
    expected = {version.find(path) for path in version.entries}
    expected |= {
        version.folder / name
        for name in (*RECORDS, NOTE, FORMER, *(UNLISTED if is_first_format else ()))
    }
    expected |= {checksum_path(path) for path in expected}
    for place in sorted(version.folder.rglob("*")):
        folder = place.is_dir() and not place.is_symlink()
        if not folder and place not in expected and place.name != TIMESTAMP:
            yield place


def _has_other_settings(version: Version) -> bool:
    try:
        return bool(yaml_file.settings(version.folder / CONFIG) != version.manifest["config"])
    except DamagedArtifact:  # by its record, which is not what is compared here
        return False
    except InputError:
        return True

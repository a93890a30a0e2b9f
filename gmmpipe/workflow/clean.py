"""Remove from the store what no version refers to, and nothing else."""

import re
from collections.abc import Collection, Iterator
from contextlib import closing, nullcontext
from os.path import relpath
from pathlib import Path

from gmmpipe.errors import InputError, one_line
from gmmpipe.store import artifacts, layout
from gmmpipe.store.files import remove_artifact
from gmmpipe.store.layout import KINDS, LOCK, MANIFEST, REPLACED, RESULTS, STARTS, STORE, stored
from gmmpipe.store.lock import Lock
from gmmpipe.store.manifest import manifest_of
from gmmpipe.store.names import check_store
from gmmpipe.store.terminal import size_text
from gmmpipe.store.versions import moved, plan_of, refuse_unmounted, versions
from gmmpipe.workflow.verify import Version

REMOVED = {kind: suffixes for kind, suffixes in KINDS.items() if kind != STARTS}
NAMED = re.compile(r".+-[0-9a-f]{12}([.](origins|engine))?")  # of an entry, without its suffix
MOUNTS = Path("/proc/self/mountinfo")


def clean(project: Path, remove: bool = False) -> None:
    """List the unused entries of the store and what they take up; with ``remove`` remove them.

    A version is a folder results/<experiment>/<version>; see ``remove`` for those.
    Raises InputError if a version cannot be read, since what it needs is then unknown,
    if an experiment is running, and if the store is a link, as another project's versions need it.
    """
    check_store(project)
    with closing(Lock(project / LOCK)) if remove else nullcontext():
        entries = list(unused(project))
        total = 0
        for path in entries:
            size = sum(each.lstat().st_size for each in (path, *path.rglob("*")))
            total += size
            print(f"{size_text(size):>9}  {one_line(str(path.relative_to(project)))}")
            if remove:
                remove_artifact(path)
    if not entries:
        print("every entry of the store belongs to a version")
    elif remove:
        print(f"removed {len(entries)} entries, {size_text(total)}")
    else:
        print(
            f"{len(entries)} entries, {size_text(total)}, belong to no version; nothing was"
            " removed: `gmmpipe clean --unused --yes` removes them"
        )


def _refuse_mounted(store: Path) -> None:
    """Raise InputError where a store is mounted apart from its results/: others may share it.

    Also by a bind mount, which only Linux's own list tells of.
    """
    if not MOUNTS.is_file():
        return
    for line in MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        place = Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), line.split()[4]))
        if place.is_relative_to(store.resolve()):
            raise InputError(
                f"{place}: is mounted, so that versions of other projects may need what is there,"
                " which this project cannot know; unmount it, or mount all of results/ instead"
            )


def unused(project: Path, removed: Collection[Path] = ()) -> Iterator[Path]:
    """Yield the files of the store that no version refers to, and what was replaced.

    removed: versions that count as gone.
    """
    _refuse_mounted(project / STORE)
    used = referred(project, removed)
    refuse_unmounted(project)
    for kind, suffixes in REMOVED.items():
        for path in sorted((project / STORE / kind).glob("[!.]*")):
            entry = str(path.relative_to(project).with_suffix(""))
            is_made = path.suffix in suffixes and NAMED.fullmatch(path.stem)
            if is_made and path.is_file() and entry not in used:
                yield path
    yield from sorted((project / REPLACED).glob("*"))


def referred(project: Path, removed: Collection[Path] = ()) -> set[str]:
    """Return the entries of the store that versions refer to, paths without suffixes.

    A version needs what its plan names, so one that was interrupted keeps what is done of it, and
    what its manifest names, so one whose plan was lost, or is now planned otherwise, stays whole.
    """
    used: set[str] = set()
    every = {folder: plan_of(project, folder) for folder in versions(project)}
    for folder in moved(project):
        told = manifest_of(folder)
        every[folder] = project / layout.plan(told["experiment"], told["version"])
    for folder, plan in every.items():
        if folder in removed:
            continue
        manifest = folder / MANIFEST
        named: list[str] = []
        if manifest.is_file():
            named += Version(folder).entries  # inputs too: a person's file may lie in the store
        try:
            named += _named(plan) if plan.is_file() else ()
        except InputError:
            if not named:
                raise
        named += [str(path.relative_to(project)) for path in (plan, layout.origins(plan)) if named]
        if not named:
            raise InputError(
                f"{folder.relative_to(project)}: neither plan nor manifest says what it needs; run"
                f" its experiment again, or move the folder out of {RESULTS}/"
            )
        named.append(str(layout.engine(plan).relative_to(project)))
        used.update(str(Path(relpath(project / path, project)).with_suffix("")) for path in named)
    return used


def _named(plan: Path) -> Iterator[str]:
    """Yield every path in the store that a plan, also an older gmmpipe's, may name, and inputs."""
    content = artifacts.read_json(plan)
    for section in content.values() if isinstance(content, dict) else ():
        for name, entry in section.items() if isinstance(section, dict) else ():
            yield from (stored(kind, name) for kind in REMOVED)
            source = entry.get("source") if isinstance(entry, dict) else None
            if isinstance(source, dict):
                yield str(source.get("path"))

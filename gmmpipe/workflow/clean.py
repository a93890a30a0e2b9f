"""Take from the store what no version refers to, and nothing else; remove what was replaced."""

import re
from collections.abc import Collection, Iterator
from contextlib import closing, nullcontext
from os.path import relpath
from pathlib import Path

from gmmpipe.errors import InputError, one_line
from gmmpipe.store import artifacts, layout
from gmmpipe.store.layout import KINDS, LOCK, MANIFEST, REPLACED, RESULTS, STARTS, STORE, stored
from gmmpipe.store.lock import Lock
from gmmpipe.store.manifest import manifest_of
from gmmpipe.store.names import check_store
from gmmpipe.store.replaced import (
    entries,
    refuse_mounted,
    remove_replaced,
    replaced_now,
    set_aside,
)
from gmmpipe.store.terminal import size_text
from gmmpipe.store.versions import moved, plan_of, refuse_unmounted, versions
from gmmpipe.workflow.verify import Version

REMOVED = {kind: suffixes for kind, suffixes in KINDS.items() if kind != STARTS}
NAMED = re.compile(r".+-[0-9a-f]{12}([.](origins|engine))?")  # of an entry, without its suffix


def clean(project: Path, confirmed: bool = False) -> None:
    """List the unused entries of the store and what they take up; ``confirmed``: set them aside.

    A version is a folder results/<experiment>/<version>; see ``remove`` for those.
    Raises InputError if a version cannot be read, since what it needs is then unknown,
    if an experiment is running, and if the store is a link, as another project's versions need it.
    """
    check_store(project)
    with closing(Lock(project / LOCK)) if confirmed else nullcontext():
        paths, aside = list(unused(project)), replaced_now(project)
        total = sum(listed(project, path) for path in paths)
        for path in paths if confirmed else ():
            set_aside(project, path, aside)
    if not paths:
        print("every entry of the store belongs to a version")
    elif confirmed:
        print(moved_words(f"{len(paths)} entries, {size_text(total)},", aside))
    else:
        print(
            f"{len(paths)} entries, {size_text(total)}, belong to no version; nothing was"
            f" moved: `gmmpipe clean --unused --yes` moves them to {REPLACED}"
        )


def clean_replaced(project: Path, confirmed: bool = False) -> None:
    """List what was moved to ``REPLACED``; with ``confirmed`` remove it, which frees its space."""
    check_store(project)
    with closing(Lock(project / LOCK)) if confirmed else nullcontext():
        paths = entries(project)
        total = size_text(sum(listed(project, path) for path in paths))
        if confirmed:
            remove_replaced(project)
    if not paths:
        print(f"nothing is in {REPLACED}")
    elif confirmed:
        print(f"removed {total}")
    else:
        print(f"{total}; nothing was removed: `gmmpipe clean --replaced --yes` removes it")


def listed(project: Path, path: Path) -> int:
    """Print a line on a file or a folder; return the bytes that it takes up."""
    files = path.rglob("*") if path.is_dir() and not path.is_symlink() else [path]
    size = sum(each.lstat().st_size for each in files if each.is_symlink() or not each.is_dir())
    print(f"{size_text(size):>9}  {one_line(str(path.relative_to(project)))}")
    return size


def moved_words(what: str, aside: Path) -> str:
    """Return what is said of what was set aside."""
    place = aside.relative_to(aside.parents[2])
    return f"{what} moved to {place}; `gmmpipe clean --replaced --yes` frees the space"


def unused(project: Path, removed: Collection[Path] = ()) -> Iterator[Path]:
    """Yield the files of the store that no version refers to.

    removed: versions that count as gone.
    """
    refuse_mounted(
        project / STORE,
        "versions of other projects may need what is there, which this project cannot know;"
        " unmount it, or mount all of results/ instead",
    )
    used = referred(project, removed)
    refuse_unmounted(project)
    for kind, suffixes in REMOVED.items():
        for path in sorted((project / STORE / kind).glob("[!.]*")):
            entry = str(path.relative_to(project).with_suffix(""))
            is_made = path.suffix in suffixes and NAMED.fullmatch(path.stem)
            if is_made and path.is_file() and entry not in used:
                yield path


def referred(project: Path, removed: Collection[Path] = ()) -> set[str]:
    """Return the entries of the store that versions refer to, paths without suffixes.

    A version needs what its plan names, so one that was interrupted keeps what is done of it, and
    what its manifest names, so one whose plan was lost, or is now planned otherwise, stays whole.
    """
    used: set[str] = set()
    every = {folder: plan_of(project, folder) for folder in versions(project)}
    for folder in moved(project):
        contents = manifest_of(folder)
        every[folder] = project / layout.plan(contents["experiment"], contents["version"])
    for folder, plan in every.items():
        if folder in removed:
            continue
        manifest = folder / MANIFEST
        named: list[str] = []
        if manifest.is_file():
            version = Version(folder)
            named += version.entries  # inputs too: a person's file may lie in the store
            inputs = version.manifest["inputs"].values()
            named += [layout.copy_of_input(str(entry["sha256"])) for entry in inputs]
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
                yield from (
                    str(source.get("path")),
                    layout.copy_of_input(str(source.get("sha256"))),
                )

"""Remove from the store what no version refers to, and nothing else."""

from collections.abc import Iterator
from contextlib import closing, nullcontext
from os.path import relpath
from pathlib import Path

from gmmpipe.errors import InputError, one_line
from gmmpipe.store import artifacts, layout
from gmmpipe.store.files import remove_artifact
from gmmpipe.store.layout import (
    KINDS,
    LOCK,
    MANIFEST,
    REPLACED,
    RESERVED,
    RESULTS,
    STARTS,
    STORE,
    stored,
)
from gmmpipe.store.lock import Lock
from gmmpipe.store.names import check_store
from gmmpipe.workflow.verify import Version

REMOVED = {kind: suffixes for kind, suffixes in KINDS.items() if kind != STARTS}
UNITS = ("bytes", "kB", "MB", "GB")


def clean(project: Path, remove: bool = False) -> None:
    """List the unused entries of the store and what they take up; with ``remove`` remove them.

    A version is a folder results/<experiment>/<version>; to delete one, remove its folder first.
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
            print(f"{_shown(size):>9}  {one_line(str(path.relative_to(project)))}")
            if remove:
                remove_artifact(path)
    if not entries:
        print("every entry of the store belongs to a version")
    elif remove:
        print(f"removed {len(entries)} entries, {_shown(total)}")
    else:
        print(
            f"{len(entries)} entries, {_shown(total)}, belong to no version; nothing was removed:"
            " `gmmpipe clean --unused --yes` removes them"
        )


def unused(project: Path) -> Iterator[Path]:
    """Yield the files of the store that no version refers to, and what was replaced."""
    used = referred(project)
    for kind, suffixes in REMOVED.items():
        for path in sorted((project / STORE / kind).glob("[!.]*")):
            entry = str(path.relative_to(project).with_suffix(""))
            if path.suffix in suffixes and path.is_file() and entry not in used:
                yield path
    yield from sorted((project / REPLACED).glob("*"))


def referred(project: Path) -> set[str]:
    """Return the entries of the store that versions refer to, paths without suffixes.

    A version needs what its plan names, so one that was interrupted keeps what is done of it, and
    what its manifest names, so one whose plan was lost, or is now planned otherwise, stays whole.
    """
    used: set[str] = set()
    for folder in versions(project):
        plan, manifest = _plan_of(project, folder), folder / MANIFEST
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
                " its experiment again, or remove the folder"
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


def versions(project: Path) -> Iterator[Path]:
    """Yield the folders of all versions, those that a link stands for included.

    Raises InputError for a link that leads nowhere, as to a disk that is not mounted, and
    PermissionError for a folder that cannot be read.
    """
    for experiment in _folders(project / RESULTS, project):
        plans = (project / STORE / "plans").glob(f"{experiment.name}-*.json")
        if not any(experiment.iterdir()) and any(plans):
            raise InputError(
                f"{experiment.relative_to(project)}: is empty, but the store has plans of it, as"
                " where a disk is not mounted; mount it, or remove the folder"
            )
        for folder in _folders(experiment, project):
            # Older versions allowed an experiment of a reserved name.
            hidden = "." in (experiment.name[0], folder.name[0])
            doubtful = experiment.name in RESERVED or hidden
            records = (_plan_of(project, folder), folder / MANIFEST)
            if not doubtful or any(path.is_file() for path in records):
                yield folder


def _folders(place: Path, project: Path) -> Iterator[Path]:
    """Yield the folders in a place, hidden ones too; links to one beside them, as `latest`, not."""
    for path in sorted(place.iterdir()) if place.exists() else ():
        if path.is_symlink():
            if path.readlink().parent == Path():
                continue
            if not path.exists():
                raise InputError(
                    f"{path.relative_to(project)}: a link to {path.readlink()}, which does not"
                    " exist, so what its versions need is unknown; mount it, or remove the link"
                )
        if path.is_dir():
            yield path


def _plan_of(project: Path, folder: Path) -> Path:
    return project / layout.plan(folder.parent.name, folder.name)


def _shown(size: float) -> str:
    """Return a size in the unit that gives one to three digits before the point."""
    for unit in UNITS[:-1]:
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} {UNITS[-1]}"

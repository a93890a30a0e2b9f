"""Remove versions, and what of the store only they need."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from os.path import realpath
from pathlib import Path

from gmmpipe.errors import InputError, one_line
from gmmpipe.results.index.page import rewrite_index
from gmmpipe.results.versions import FINISHED, summaries
from gmmpipe.store import artifacts
from gmmpipe.store.files import remove_artifact
from gmmpipe.store.integrity import checksum_path, describe, is_intact
from gmmpipe.store.layout import (
    LATEST,
    LOCK,
    MANIFEST,
    NOTE,
    NOTES_LOCK,
    RESULTS,
    TIMESTAMP,
    latest,
    marker,
)
from gmmpipe.store.lock import Lock, waiting
from gmmpipe.store.manifest import version_folder
from gmmpipe.store.names import check_store
from gmmpipe.store.notes import read_note
from gmmpipe.store.open_files import TEMPORARY, temporary_path
from gmmpipe.store.terminal import size_text
from gmmpipe.store.versions import versions
from gmmpipe.workflow.clean import unused
from gmmpipe.workflow.verify import Version, extra_files

MOST = 3  # names of files in a line


def remove(project: Path, named: Sequence[str], confirmed: bool = False) -> None:
    """List these versions, and what of the store only they need; with ``confirmed`` remove both.

    named: folders, `latest`, or names that a person gave. Raises InputError for what is no version
    of the project, for a version with files that gmmpipe did not write or that were changed, and as
    ``clean`` does.
    """
    with _locked(project, confirmed):
        folders = list(dict.fromkeys(_version_of(project, each) for each in named))
        for folder in folders:
            if reason := _personal(folder):
                raise InputError(f"{folder}: {reason}; move them elsewhere first")
        _remove(project, folders, confirmed)


def keep(project: Path, most: int, confirmed: bool = False) -> None:
    """Do the same to all but the ``most`` versions of each experiment that are newest.

    Those that have a name or a note stay too, the one that `latest` points at, those with files
    that gmmpipe did not write or that were changed, and what is no finished version. One that says
    that it was published in the future stays and does not count.
    """
    if most < 1:
        raise InputError(f"--keep is {most}; give 1 or more")
    with _locked(project, confirmed):
        if folders := list(_older(project, most)):
            _remove(project, folders, confirmed)
        else:
            print(f"no experiment has more than {most} versions that may go; nothing to remove")


def _older(project: Path, most: int) -> Iterator[Path]:
    now = datetime.now(UTC).isoformat()
    counts: dict[str, int] = {}
    for each in summaries(project):  # the newest first
        folder = project / each.folder
        if each.state != FINISHED or each.published > now:
            continue
        counts[each.experiment] = counts.get(each.experiment, 0) + 1
        stays = each.name or each.note or folder.is_symlink()
        is_latest = artifacts.linked(folder.parent / LATEST) == folder.name
        if counts[each.experiment] > most and not stays and not is_latest:
            if reason := _personal(folder):
                print(one_line(f"{each.folder} stays: {reason}"))
            else:
                yield folder


@contextmanager
def _locked(project: Path, confirmed: bool) -> Iterator[None]:
    """Let nothing run meanwhile, if anything is to be removed."""
    check_store(project)
    with ExitStack() as stack:
        if confirmed and (project / RESULTS).is_dir():
            stack.enter_context(closing(Lock(project / LOCK)))
            stack.enter_context(waiting(project / NOTES_LOCK))
        yield


def _personal(folder: Path) -> str:
    """Return a text that names files of a version that are a person's; "" without any.

    Without a manifest that can be read those are meant that have no record, or another.
    """
    home = Path(realpath(folder))
    read_note(home)  # which raises InputError for another file of that name
    try:
        version = Version(home)
        extra = [*_edited(version), *extra_files(version)]
    except InputError:
        files = (path for path in sorted(home.rglob("*")) if not path.is_dir())
        extra = [path for path in files if path != home / NOTE and not is_intact(path)]
    passing = (checksum_path(Path("*")).name, f"*{TEMPORARY}", TIMESTAMP)
    names = [str(path.relative_to(home)) for path in extra if not any(map(path.match, passing))]
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return (
        "it has files that gmmpipe did not write, or that were changed since:"
        f" {', '.join(names[:MOST])}{more}"
        if names
        else ""
    )


def _edited(version: Version) -> Iterator[Path]:
    """Yield the files in the folder of a version that are others than its manifest tells."""
    for path, entry in version.manifest["artifacts"].items():
        place = version.find(path)
        inside = place.is_file() and place.is_relative_to(version.folder)
        if inside and describe(place)["sha256"] != entry["sha256"]:
            yield place


def _version_of(project: Path, named: str) -> Path:
    """Return the folder of a version of the project, finished or not."""
    real = Path(realpath(named))
    if not real.is_dir():
        real = version_folder(named)
    for folder in versions(project):
        if Path(realpath(folder)) == real:
            if folder.is_symlink():
                raise InputError(f"{folder}: is a link to {real}; remove that folder, and the link")
            return folder
    raise InputError(f"{named}: no version in {project / RESULTS}; `gmmpipe runs` lists them")


def _remove(project: Path, folders: Sequence[Path], confirmed: bool) -> None:
    needed_by_others = set(unused(project))
    entries = [path for path in unused(project, folders) if path not in needed_by_others]
    total = 0
    for path in (*folders, *entries):
        size = _size(path)
        total += size
        print(f"{size_text(size):>9}  {one_line(str(path.relative_to(project)))}")
    if confirmed:
        for folder in folders:
            _remove_version(folder)
        for experiment in dict.fromkeys(folder.parent for folder in folders):
            _settle_latest(project, experiment)
        for path in entries:
            remove_artifact(path)
        rewrite_index(project)
    versions_text = "1 version" if len(folders) == 1 else f"{len(folders)} versions"
    what = f"{versions_text} and {len(entries)} entries of the store, {size_text(total)}"
    if confirmed:
        print(f"removed {what}")
    else:
        print(f"{what}; nothing was removed: the same command with --yes removes them")


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files if not file.is_dir())


def _remove_version(folder: Path) -> None:
    """Remove the folder of a version, first from sight: half of one is none."""
    gone = temporary_path(folder)  # which the next run removes, if this is interrupted
    folder.rename(gone)
    shutil.rmtree(gone)


def _settle_latest(project: Path, experiment: Path) -> None:
    """Point `latest` at the newest version that is left, if it points at one that is gone."""
    link, published = (project / path(experiment.name) for path in (latest, marker))
    target = artifacts.linked(link)
    if target is None or (experiment / target / MANIFEST).is_file():
        return
    published.unlink(missing_ok=True)
    left = [each for each in summaries(project) if each.experiment == experiment.name]
    finished = [each.version for each in left if each.state == FINISHED]
    if finished:
        artifacts.link(link, finished[0])
        print(f"{link.relative_to(project)} is now {finished[0]}")
    else:
        link.unlink()
        if not any(experiment.iterdir()):
            experiment.rmdir()

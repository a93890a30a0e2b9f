"""Take versions away, and what of the store only they need."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from os.path import realpath
from pathlib import Path

from gmmpipe.errors import InputError
from gmmpipe.results.index.page import rewrite_index
from gmmpipe.results.versions import FINISHED, summaries
from gmmpipe.store import artifacts
from gmmpipe.store.layout import (
    LATEST,
    LOCK,
    MANIFEST,
    NOTES_LOCK,
    REPLACED,
    RESULTS,
    latest,
    marker,
)
from gmmpipe.store.lock import Lock, waiting
from gmmpipe.store.manifest import version_folder
from gmmpipe.store.names import check_store
from gmmpipe.store.replaced import replaced_now, set_aside
from gmmpipe.store.terminal import size_text
from gmmpipe.store.versions import versions
from gmmpipe.workflow.clean import listed, moved_words, unused


def remove(project: Path, named: Sequence[str], confirmed: bool = False) -> None:
    """List these versions and what of the store only they need; ``confirmed``: set both aside.

    named: folders, `latest`, or names that a person gave. Raises InputError for what is no version
    of the project, and as ``clean`` does.
    """
    with _locked(project, confirmed):
        folders = list(dict.fromkeys(_version_of(project, each) for each in named))
        _remove(project, folders, confirmed)


def keep(project: Path, most: int, confirmed: bool = False) -> None:
    """Do the same to all but the ``most`` versions of each experiment that are newest.

    Those that have a name or a note stay too, the one that `latest` points at, and what is no
    finished version. One that says that it was published in the future stays and does not count.
    """
    if most < 1:
        raise InputError(f"--keep is {most}; give 1 or more")
    with _locked(project, confirmed):
        if folders := list(_older(project, most)):
            _remove(project, folders, confirmed)
        else:
            print(f"no experiment has more than {most} versions that may go; nothing to move")


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
    paths = [path for path in unused(project, folders) if path not in needed_by_others]
    total = size_text(sum(listed(project, path) for path in (*folders, *paths)))
    versions_text = "1 version" if len(folders) == 1 else f"{len(folders)} versions"
    what = f"{versions_text} and {len(paths)} entries of the store, {total}"
    if not confirmed:
        print(f"{what}; nothing was moved: the same command with --yes moves them to {REPLACED}")
        return
    aside = replaced_now(project)
    for folder in folders:
        set_aside(project, folder, aside)
    for experiment in dict.fromkeys(folder.parent for folder in folders):
        _settle_latest(project, experiment, aside)
    for path in paths:
        set_aside(project, path, aside)
    rewrite_index(project)
    print(moved_words(f"{what},", aside))


def _settle_latest(project: Path, experiment: Path, aside: Path) -> None:
    """Point `latest` at the newest version that is left, if it points at one that is gone."""
    link, published = (project / path(experiment.name) for path in (latest, marker))
    target = artifacts.linked(link)
    if target is None or (experiment / target / MANIFEST).is_file():
        return
    set_aside(project, published, aside)
    left = [each for each in summaries(project) if each.experiment == experiment.name]
    finished = [each.version for each in left if each.state == FINISHED]
    if finished:
        artifacts.link(link, finished[0])
        print(f"{link.relative_to(project)} is now {finished[0]}")
    else:
        set_aside(project, link, aside)
        if not any(experiment.iterdir()):
            experiment.rmdir()

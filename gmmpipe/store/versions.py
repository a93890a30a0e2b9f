"""The versions in the results of a project."""

from collections.abc import Iterator
from pathlib import Path

from gmmpipe.errors import InputError
from gmmpipe.store import layout
from gmmpipe.store.layout import MANIFEST, RESERVED, RESULTS, STORE


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
            records = (plan_of(project, folder), folder / MANIFEST)
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


def plan_of(project: Path, folder: Path) -> Path:
    """Return the path of the plan of the version in a folder."""
    return project / layout.plan(folder.parent.name, folder.name)

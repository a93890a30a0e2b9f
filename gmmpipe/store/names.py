"""What comes from outside and becomes part of a path: names and the places they may point to."""

import os
import re
import stat
from collections.abc import Collection, Iterable
from pathlib import Path

from gmmpipe.errors import InputError
from gmmpipe.store.layout import (
    BENCHMARKS,
    KINDS,
    LOGS,
    REPLACED,
    RESERVED,
    RESULTS,
    STORE,
    benchmark,
    log,
)

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
ALLOWED = "letters, digits and _ . -, the first a letter or digit, at most 64"
STORED = r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,200}"  # names joined by dots, and a digest
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
SPECIAL = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}  # else a device
NOTES = ("metadata", "incomplete", "locks", "log", "auxiliary")  # folders of Snakemake's
MATPLOTLIB = "matplotlibrc"  # likewise of matplotlib
NUMBA = ".numba_config.yaml"  # in the working folder: settings of numba that no manifest records


def is_name(text: object, registered: Iterable[str] = ()) -> bool:
    """Return whether a text may name a thing. A registered method may have a + too: kmeans++."""
    return isinstance(text, str) and (bool(NAME.fullmatch(text)) or text in registered)


def is_of_results(path: str) -> bool:
    """Return whether a path in a manifest, which may be that of others, stays in results/."""
    parts = Path(path).parts
    normal = Path(path).as_posix() == path and ".." not in parts  # a//b would begin anew at /b
    return normal and parts[:1] == (RESULTS,)


def placed(root: Path, path: str) -> Path | None:
    """Return where in a project a path of a manifest is; None for one outside of results/."""
    place = root / path
    inside = Path(os.path.realpath(place.parent)).is_relative_to(os.path.realpath(root / RESULTS))
    return place if is_of_results(path) and inside else None


def file_name(name: str) -> str:
    """Return the name of a file in the store; raises InputError if no folder could hold it."""
    if not re.fullmatch(STORED, name):
        raise InputError(
            f"{name[:60]!r}...: {len(name)} characters make no file name; give data set,"
            " normaliser, covariance and start shorter names"
        )
    return name


def located(root: Path, path: str, user_paths: Collection[str] = ()) -> Path:
    """Return where a data file is.

    path stands in the configuration and must stay in the project, links resolved; user_paths are
    those of --data, which the user names himself and which may be anywhere. Raises InputError for
    the rest, for URLs, and for paths that no command line can take.
    """
    if URL.match(path):
        raise InputError(f"{path}: is a URL; download it, and give the path of the file")
    if {"{", "}"} & set(path) or path.startswith("-") or not path.isprintable():
        raise InputError(
            f"{path!r}: braces, control characters and a leading - cannot be in a path that"
            " Snakemake handles; rename it"
        )
    full = root / path
    if path not in user_paths:
        _refuse_outside(root, full, path)
        for link in (file for file in full.rglob("*") if file.is_symlink()):
            _refuse_outside(root, link, str(link.relative_to(root)))
    return full


def _refuse_outside(root: Path, full: Path, path: str) -> None:
    if not Path(os.path.realpath(full)).is_relative_to(os.path.realpath(root)):
        raise InputError(
            f"{path}: lies outside the project; copy the file into it, or give it with --data"
        )


def project_of(version: Path) -> Path:
    """Return the project that the folder of a version belongs to, whose store it needs.

    That is where its results/ is; for one that was moved, the nearest folder above with a store.
    Raises InputError where there is none.
    """
    for folder in version.parents:
        if folder.name == RESULTS:
            return folder.parent
    for folder in version.parents:
        if (folder / STORE).is_dir():
            return folder
    raise InputError(
        f"{version}: lies in no project, and lacks its plan, data, normalised data and fits, which"
        " are in results/store of one; `gmmpipe export` there writes a version with them, or move"
        " it back to results/<experiment>/<version>"
    )


def check_folders(root: Path, experiment: str) -> None:
    """Raise InputError where a folder of results/ is a link or a file: results stay in the project.

    Nor may anything in the folders that all experiments share, or among Snakemake's notes, be a
    link, or what would be waited for, such as a pipe. Nor may numba find settings in the project.
    """
    refuse_library_settings(root)
    results, notes = root / RESULTS, root / ".snakemake"
    check_store(root)
    folders = (root / LOGS, root / BENCHMARKS, results / experiment)
    _refuse_misplaced(*folders, notes, *(notes / kind for kind in NOTES))
    for folder in (notes, *(results / name for name in RESERVED)):
        refuse_odd(folder)
    for path in (*root.glob(log("*", "*")), *root.glob(benchmark("*", "*"))):
        refuse_folder(path)


def refuse_library_settings(folder: Path = Path()) -> None:
    """Raise InputError where numba or matplotlib, imported in a folder, would find settings.

    No manifest records those of numba, and they may name a cache, whose code would run. Those of
    matplotlib change nothing, but a pipe would be waited for.
    """
    if (folder / NUMBA).exists():
        raise InputError(
            f"{folder / NUMBA}: numba would read unrecorded settings from it;"
            " remove it, and set variables such as NUMBA_DISABLE_JIT=1 instead"
        )
    rc = folder / MATPLOTLIB
    if rc.exists() and not rc.is_file():
        raise InputError(f"{rc}: matplotlib would read it, and it is no file; remove it")


def check_store(root: Path) -> None:
    """Raise InputError where a folder that files are removed from or moved to is a link or a file.

    These are the store of a project, the folders of it, and that of what was replaced.
    """
    store = root / STORE
    kinds = (store / kind for kind in KINDS)
    _refuse_misplaced(root / RESULTS, root / REPLACED, store, *kinds)


def _refuse_misplaced(*folders: Path) -> None:
    for folder in folders:
        _refuse_odd(folder)
        refuse_file(folder)


def refuse_file(path: Path) -> None:
    """Raise InputError for what is there and no folder."""
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: is a file where a folder belongs; rename it")


def refuse_folder(path: Path) -> None:
    """Raise InputError for a folder."""
    if path.is_dir():
        raise InputError(f"{path}: is a folder where a file belongs; rename it")


def refuse_odd(folder: Path) -> None:
    """Raise InputError for a link, pipe, socket or device among all that is in a folder."""
    _refuse_odd(folder)
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            _refuse_odd(Path(place, name))


def _refuse_odd(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:  # a temporary of a killed run that ends just now
        return
    if stat.S_ISLNK(mode):
        raise InputError(
            f"{path}: is a symbolic link; results stay in the project: move the project,"
            " or mount the other place as its results/"
        )
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        kind = SPECIAL.get(stat.S_IFMT(mode), "a device")
        raise InputError(f"{path}: is {kind} where files belong; remove it")

"""What a command is, and the project that it is for."""

import stat
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gmmpipe.errors import InputError
from gmmpipe.store.layout import BUNDLE, MANIFEST, RESULTS, STORE
from gmmpipe.store.packaged import has_settings

FOLDER = "results/<experiment>, which means its latest, or a version"


@dataclass(frozen=True)
class Command:
    """What a command is for, its options, and what it does: the exit code comes back."""

    purpose: str
    options: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]


def project() -> Path:
    """Return this folder or the nearest above with settings of gmmpipe; this one if none has.

    Where this one is among the results of a project, that is looked at first: results are data.
    A folder above where anybody may write, such as /tmp, does not count: a Snakefile there would
    be that of others. Raises InputError for a version or a bundle of one, which is none.
    """
    try:
        current = Path.cwd()
    except FileNotFoundError:
        raise InputError("this folder was removed; change into another") from None
    among = [each for each in (current, *current.parents) if (each.parent / STORE).is_dir()]
    current = next((each.parent for each in reversed(among) if each.name == RESULTS), current)
    above = [folder for folder in current.parents if not folder.stat().st_mode & stat.S_IWOTH]
    root = next(filter(has_settings, (current, *above)), current)
    if any((root / name).is_file() for name in (MANIFEST, BUNDLE)):
        raise InputError(f"{root}: is a version of an experiment; change into another folder")
    return root

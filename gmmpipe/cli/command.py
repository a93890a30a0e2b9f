"""What a command is, and the project that it is for."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gmmpipe.errors import InputError
from gmmpipe.store.layout import MANIFEST, WORKFLOW

FOLDER = "results/<experiment>/latest or a version"


@dataclass(frozen=True)
class Command:
    """What a command is for, its options, and what it does: the exit code comes back."""

    purpose: str
    options: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]


def project() -> Path:
    """Return the folder with the Snakefile: this one or the nearest above, but no version's."""
    try:
        current = Path.cwd()
    except FileNotFoundError:
        raise InputError("this folder was removed; change into a gmmpipe project") from None
    for folder in (current, *current.parents):
        is_version = (folder / MANIFEST).is_file()  # whose Snakefile may be another's
        if (folder / WORKFLOW).is_file() and (folder / "conf").is_dir() and not is_version:
            return folder
    raise InputError(f"no Snakefile and conf/ in {current} or above; change into a gmmpipe project")

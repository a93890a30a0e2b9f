"""Files read, and written whole or not at all, in results/ each with its SHA-256 beside it."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gmmpipe.errors import InputError
from gmmpipe.store.integrity import (
    MADE_BY,
    checksum_path,
    is_intact,
    refuse_damaged,
    sha256,
    write_record,
)
from gmmpipe.store.layout import NOTE, RESULTS, STORE
from gmmpipe.store.open_files import (
    TEMPORARY,
    buffered,
    created,
    flush_file,
    flush_folder,
    is_alive,
    is_special,
    naming,
    open_regular,
    temporary_path,
)


def read(path: str | Path, most: int | None = None) -> bytes:
    """Return the bytes of a regular file; raises InputError if there is none to be read.

    most: so many bytes at most, else InputError. Raises DamagedArtifact if the bytes are not those
    that ``write`` put there.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if most is not None and size > most:
            raise InputError(f"{path}: {size:,} bytes; at most {most:,} are read")
        content = file.read()
    refuse_damaged(path, sha256(content))
    return content


def write(path: str | Path, content: bytes | str) -> None:
    """Write a file whole; see ``writing``."""
    with writing(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def writing(path: str | Path) -> Iterator[BinaryIO]:
    """Let a file be written piece by piece; it is there whole or not at all.

    It goes to a temporary name in the same folder, is flushed to disk, and renamed at the end. So
    does, in the results/ of a project, its record: its SHA-256 and what made it. A crash between
    the two leaves a file that counts as damaged, never one that is wrong. Files elsewhere belong to
    whoever named them and get no record. A file that is replaced keeps its mode. What is no
    regular file, such as a device or a pipe, is written to.
    """
    path = Path(path)
    if is_special(path):
        with buffered(path) as file:
            yield file
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    recording = is_in_results(path) and path.name != NOTE  # which a person may edit
    targets = (checksum_path(path), path) if recording else (path,)
    temporaries = {target: temporary_path(target) for target in targets}
    with naming(path, temporaries.values()):
        with created(temporaries[path]) as file:
            yield file
            flush_file(file)
            file.seek(0)
            checksum = hashlib.file_digest(file, "sha256").hexdigest() if recording else ""
        if recording:
            write_record(
                temporaries[checksum_path(path)], path, checksum, os.environ.get(MADE_BY, "")
            )
        elif checksum_path(path).is_file() and is_intact(path):
            checksum_path(path).unlink(missing_ok=True)  # older versions recorded everywhere
        if path.exists():
            shutil.copymode(path, temporaries[path])
        for target, temporary in temporaries.items():
            temporary.replace(target)
        flush_folder(path.parent)


def is_in_results(path: Path) -> bool:
    """Return whether a path lies in the results/ of a project."""
    folders = Path(os.path.normpath(path.absolute())).parents  # a version may be a link
    stores = [folder.parent / STORE for folder in folders if folder.name == RESULTS]
    return any(store in folders or store.is_dir() for store in stores)


def remove_artifact(path: str | Path) -> None:
    """Remove an artifact and what is recorded of it; a folder of artifacts whole."""
    path = Path(path)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    checksum_path(path).unlink(missing_ok=True)  # before, as nobody would look for one that is left
    path.unlink(missing_ok=True)


def move_artifact(path: str | Path, target: str | Path) -> None:
    """Move an artifact or a folder, with what is recorded of it, also to another file system.

    A crash between the two leaves nothing in the new place that counts as whole.
    """
    path, target = Path(path), Path(target)
    moves = ((checksum_path(path), checksum_path(target)), (path, target))
    there = [move for move in moves if os.path.lexists(move[0])]
    if there:
        target.parent.mkdir(parents=True, exist_ok=True)
        for source, place in there:
            shutil.move(source, place)
        flush_folder(target.parent)


def remove_stale(folder: str | Path) -> None:
    """Remove the temporary files of writers that have ended; ``temporary_path`` names no others."""
    for temporary in list(Path(folder).rglob(f".*{TEMPORARY}")):
        writer = temporary.name.removesuffix(TEMPORARY).rpartition(".")[2]
        if writer.isdecimal() and not is_alive(int(writer)):
            if temporary.is_dir() and not temporary.is_symlink():
                shutil.rmtree(temporary, ignore_errors=True)
            else:
                temporary.unlink(missing_ok=True)

"""Files written whole or not at all, in results/ each with its SHA-256 beside it."""

import errno
import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import BufferedRandom, BufferedReader
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from gmmpipe.errors import DamagedArtifact, InputError
from gmmpipe.store.layout import RESULTS, STORE

NO_FSYNC = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)  # some file systems flush no folder
LONGEST_RECORD = 2**14  # bytes of what is recorded of an artifact
MADE_BY = "GMMPIPE_MADE_BY"  # variable of a job: what makes its artifacts, as JSON
MAKER = {"stage": str, "code": str, "environment": dict}
MOST_LINKS = 40  # from one to the next, as Linux has it


def sha256(content: bytes) -> str:
    """Return the SHA-256 of ``content`` in hex."""
    return hashlib.sha256(content).hexdigest()


def digest(value: Any) -> str:
    """Return 12 hex digits that name a value of plain JSON types, whatever the order of keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return sha256(text.encode())[:12]


def read(path: str | Path) -> bytes:
    """Return the bytes of a regular file; raises InputError if there is none to be read.

    Raises DamagedArtifact if they are not those that ``write`` put there.
    """
    with open_regular(path) as file:
        content = file.read()
    refuse_damaged(path, sha256(content))
    return content


@contextmanager
def open_regular(path: str | Path) -> Iterator[BufferedReader]:
    """Open a regular file to read it; raises InputError if there is none to be read."""
    try:
        _refuse_special(Path(path).stat(), path)  # a device may act on being opened
        with open(path, "rb", opener=_without_waiting) as file:
            _refuse_special(os.fstat(file.fileno()), path)
            yield file
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; check the path") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError:  # of a NUL in the path
        raise InputError(f"{str(path)!r}: no path; check it") from None


def refuse_damaged(path: str | Path, checksum: str) -> None:
    """Raise DamagedArtifact where another SHA-256 is recorded."""
    if checksum_of(path) not in (None, checksum):
        raise DamagedArtifact(
            f"{path}: damaged, its SHA-256 is not the recorded one; `gmmpipe run` makes it again"
        )


def _refuse_special(status: os.stat_result, path: str | Path) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path}: not a regular file; give the path of a file")


def _without_waiting(path: str, flags: int) -> int:
    """Open without waiting for the other end of a pipe."""
    return os.open(path, flags | os.O_NONBLOCK)


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
        with _buffered(path) as file:
            yield file
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    recording = _is_in_results(path)
    targets = (checksum_path(path), path) if recording else (path,)
    temporaries = {target: temporary_path(target) for target in targets}
    with naming(path, temporaries.values()):
        with created(temporaries[path]) as file:
            yield file
            flush_file(file)
            file.seek(0)
            checksum = hashlib.file_digest(file, "sha256").hexdigest() if recording else ""
        if recording:
            _write_record(
                temporaries[checksum_path(path)], path, checksum, os.environ.get(MADE_BY, "")
            )
        else:
            checksum_path(path).unlink(missing_ok=True)  # older versions recorded everywhere
        if path.exists():
            shutil.copymode(path, temporaries[path])
        for target, temporary in temporaries.items():
            temporary.replace(target)
        flush_folder(path.parent)


@contextmanager
def naming(path: Path, temporaries: Iterable[Path] = ()) -> Iterator[None]:
    """Let an error of the disk name the file, and remove its temporaries where something fails."""
    try:
        yield
    except BaseException as error:
        for temporary in temporaries:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (None, *map(str, temporaries)):
            error.filename = str(path)  # a full disk does not say which file it had no room for
        raise


def _is_in_results(path: Path) -> bool:
    """Return whether a path lies in the results/ of a project."""
    folders = Path(os.path.normpath(path.absolute())).parents  # a version may be a link
    stores = [folder.parent / STORE for folder in folders if folder.name == RESULTS]
    return any(store in folders or store.is_dir() for store in stores)


def destination(path: str) -> str:
    """Return the path of the output that a person names, links followed; InputError for a ring."""
    if not Path(path).is_symlink() or is_special(path):
        return path
    place = os.path.realpath(path)
    if Path(place).is_symlink():
        raise InputError(f"{path}: circular links; name a file")
    return place


def is_special(path: str | Path) -> bool:
    """Return whether a path is written to, not replaced: a device, a pipe, or /dev/stdout."""
    path = Path(path)
    return _descriptor(path) is not None or (
        path.exists() and not path.is_file() and not path.is_dir()
    )


@contextmanager
def _buffered(path: Path) -> Iterator[BinaryIO]:
    """Let a file be written that can be sought in; its bytes go to what is there, at the end."""
    with TemporaryFile() as file:
        yield file
        file.seek(0)
        number = _descriptor(path)
        with path.open("wb") if number is None else os.fdopen(os.dup(number), "wb") as sink:
            shutil.copyfileobj(file, sink)


def _descriptor(path: Path) -> int | None:
    """Return the number of the open file of this process that a path means; None of others."""
    for _ in range(MOST_LINKS):
        if not path.is_symlink():
            break
        if os.path.realpath(path.parent) == f"/proc/{os.getpid()}/fd":
            return int(path.name)
        path = path.parent / path.readlink()
    return None


def write_checksum(path: Path, checksum: str, maker: Mapping[str, Any]) -> None:
    """Record the SHA-256 of an existing file, and what made it if that is known."""
    temporary = temporary_path(checksum_path(path))
    with naming(checksum_path(path), [temporary]):
        _write_record(temporary, path, checksum, json.dumps(maker, sort_keys=True) if maker else "")
        temporary.replace(checksum_path(path))


def _write_record(temporary: Path, path: Path, checksum: str, maker: str) -> None:
    """Write a record as sha256sum writes and checks it, to which a line with # is a comment."""
    comment = f"# {sha256(maker.encode())[:12]} {maker}\n" if maker else ""
    with created(temporary) as file:
        file.write(f"{checksum}  {path.name}\n{comment}".encode())
        flush_file(file)


def flush_file(file: BinaryIO) -> None:
    """Flush what was written to a file to the disk."""
    file.flush()
    os.fsync(file.fileno())


def describe(path: str | Path) -> dict[str, Any]:
    """Return size and SHA-256 of a regular file; raises InputError if there is none to be read."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        return {"size": size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def checksum_of(path: str | Path) -> str | None:
    """Return the SHA-256 that was recorded when an artifact was written.

    None if there is no record, "" if the record itself is damaged.
    """
    record = _record(Path(path))
    return None if record is None else record[0]


def made_by(path: str | Path) -> dict[str, Any]:
    """Return what made an artifact, see ``environment.maker``; nothing where it is not recorded."""
    record = _record(Path(path))
    return {} if record is None else record[1]


def _record(path: Path) -> tuple[str, dict[str, Any]] | None:
    if not os.path.lexists(checksum_path(path)):
        return None
    try:
        with open_regular(checksum_path(path)) as file:
            text = file.read(LONGEST_RECORD).decode(errors="replace")
    except InputError:  # a pipe, a folder, or not ours to read
        return "", {}
    line, _, comment = text.partition("\n")
    maker = _maker(comment)
    return ("", {}) if line[64:] != f"  {path.name}" or maker is None else (line[:64], maker)


def _maker(comment: str) -> dict[str, Any] | None:
    """Return what the second line of a record says; None if it is damaged."""
    if not comment:
        return {}
    match = re.fullmatch(r"# ([0-9a-f]{12}) (.*)\n", comment)
    if match is None or sha256(match[2].encode())[:12] != match[1]:
        return None
    try:
        maker = json.loads(match[2])
        typed = all(isinstance(maker[key], kind) for key, kind in MAKER.items())
    except (ValueError, RecursionError, TypeError, KeyError):
        return None
    return maker if typed else None


def is_intact(path: str | Path) -> bool:
    """Return whether an artifact is there, and has the SHA-256 that was recorded."""
    try:
        return bool(checksum_of(path) == describe(path)["sha256"])
    except InputError:
        return False


def checksummed(folder: str | Path) -> list[Path]:
    """Return the paths below a folder of all artifacts with a checksum, even if gone since."""
    files = [path for path in Path(folder).rglob(".*.sha256") if path.name.strip(".") != "sha256"]
    return sorted(file.with_name(file.name[1 : -len(".sha256")]) for file in files)


def remove_artifact(path: str | Path) -> None:
    """Remove an artifact and what is recorded of it; a folder of artifacts whole."""
    path = Path(path)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    checksum_path(path).unlink(missing_ok=True)  # before, as nobody would look for one that is left
    path.unlink(missing_ok=True)


def move_artifact(path: str | Path, target: str | Path) -> None:
    """Move an artifact, with what is recorded of it, to another folder, under the same name.

    A crash between the two leaves nothing in the folder that counts as whole.
    """
    path, target = Path(path), Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    checksum_path(path).replace(checksum_path(target))
    path.replace(target)
    flush_folder(target.parent)


def remove_stale(folder: str | Path) -> None:
    """Remove the temporary files of writers that have ended."""
    for temporary in list(Path(folder).rglob(".*.tmp")):
        writer = temporary.name.split(".")[-2]
        if writer.isdigit() and not _is_alive(int(writer)):
            if temporary.is_dir() and not temporary.is_symlink():
                shutil.rmtree(temporary, ignore_errors=True)
            else:
                temporary.unlink(missing_ok=True)


def checksum_path(path: Path) -> Path:
    """Return where the SHA-256 of an artifact is recorded, beside it."""
    return path.with_name(f".{path.name}.sha256")


def temporary_path(path: Path) -> Path:
    """Return the name beside ``path`` that this process writes to before it renames."""
    return path.with_name(f".{path.name.lstrip('.')}.{os.getpid()}.tmp")


def created(temporary: Path) -> BufferedRandom:
    """Open a new file; a link that waits under its name, which can be guessed, is removed."""
    temporary.unlink(missing_ok=True)
    return temporary.open("x+b")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
        pass
    return True


def flush_folder(folder: Path) -> None:
    """Flush the entries of a folder to disk, so that a rename outlives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in NO_FSYNC:
            raise
    finally:
        os.close(handle)

"""Files that are written whole or not at all, each with its SHA-256 beside it."""

import errno
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from gmmpipe.errors import DamagedArtifact, InputError

NO_FSYNC = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)  # some file systems flush no folder
LONGEST_LINE = 2**12  # bytes of a record of a SHA-256
MOST_LINKS = 40  # from one to the next, as Linux has it


def sha256(content: bytes) -> str:
    """Return the SHA-256 of ``content`` in hex."""
    return hashlib.sha256(content).hexdigest()


def digest(value: Any) -> str:
    """Return 12 hex digits that name a value of plain JSON types; the order of keys is moot."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return sha256(text.encode())[:12]


def read(path: str | Path) -> bytes:
    """Return the bytes of a regular file; raises InputError if there is none to be read.

    Raises DamagedArtifact if they are not those that ``write`` put there.
    """
    with opened(path) as file:
        content = file.read()
    refuse_damaged(path, sha256(content))
    return content


@contextmanager
def opened(path: str | Path) -> Iterator[BufferedReader]:
    """Open a regular file to read it; raises InputError if there is none to be read."""
    try:
        _refuse_special(Path(path).stat(), path)  # a device may act on being opened
        with open(path, "rb", opener=_at_once) as file:
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


def refuse_damaged(path: str | Path, found: str) -> None:
    """Raise DamagedArtifact unless the SHA-256 found is the one recorded, or none is."""
    if recorded(path) not in (None, found):
        raise DamagedArtifact(
            f"{path}: damaged, its SHA-256 is not the recorded one; `gmmpipe run` makes it again"
        )


def _refuse_special(status: os.stat_result, path: str | Path) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path}: not a regular file; give the path of a file")


def _at_once(path: str, flags: int) -> int:
    """Open without waiting for the other end of a pipe."""
    return os.open(path, flags | os.O_NONBLOCK)


def write(path: str | Path, content: bytes | str) -> None:
    """Write a file whole; see ``writing``."""
    with writing(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def writing(path: str | Path, *, sealing: bool = True) -> Iterator[BinaryIO]:
    """Let a file be written piece by piece; it is there whole or not at all, its SHA-256 beside it.

    Both go to temporary names in the same folder, are flushed to disk, and renamed at the end. A
    crash between the two leaves a file that counts as damaged, never one that is wrong. A file that
    is replaced leaves its mode. What is no regular file, such as a device or a pipe, is written to,
    and has no SHA-256. sealing: whether there is to be one.
    """
    path = Path(path)
    if is_special(path):
        with _through(path) as file:
            yield file
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    targets = (seal_of(path), path) if sealing else (path,)
    temporaries = {target: temporary_of(target) for target in targets}
    try:
        with temporaries[path].open("w+b") as file:
            yield file
            _to_disk(file)
            file.seek(0)
            found = hashlib.file_digest(file, "sha256").hexdigest() if sealing else ""
        if sealing:
            _write_line(temporaries[seal_of(path)], path, found)
        if path.exists():
            shutil.copymode(path, temporaries[path])
        for target, temporary in temporaries.items():
            temporary.replace(target)
        flush(path.parent)
    except BaseException as error:
        for temporary in temporaries.values():
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (None, *map(str, temporaries.values())):
            error.filename = str(path)  # a full disk does not say which file it had no room for
        raise


def destination(path: str) -> str:
    """Return the path of the output that a person names, links followed; InputError for a ring."""
    if not Path(path).is_symlink() or is_special(path):
        return path
    place = os.path.realpath(path)
    if Path(place).is_symlink():
        raise InputError(f"{path}: its links lead in a ring; name a file")
    return place


def is_special(path: str | Path) -> bool:
    """Return whether a path is written to, not replaced: a device, a pipe, or /dev/stdout."""
    path = Path(path)
    return _descriptor(path) is not None or (
        path.exists() and not path.is_file() and not path.is_dir()
    )


@contextmanager
def _through(path: Path) -> Iterator[BinaryIO]:
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
        if str(path.parent.resolve()) == f"/proc/{os.getpid()}/fd":
            return int(path.name)
        path = path.parent / path.readlink()
    return None


def seal(path: Path, found: str) -> None:
    """Record the SHA-256 of a file that is there."""
    temporary = temporary_of(seal_of(path))
    _write_line(temporary, path, found)
    temporary.replace(seal_of(path))


def _write_line(temporary: Path, path: Path, found: str) -> None:
    with temporary.open("wb") as file:
        file.write(f"{found}  {path.name}\n".encode())  # as sha256sum writes and checks it
        _to_disk(file)


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def describe(path: str | Path) -> dict[str, Any]:
    """Return size and SHA-256 of a regular file; raises InputError if there is none to be read."""
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        return {"size": size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def recorded(path: str | Path) -> str | None:
    """Return the SHA-256 that was recorded when an artifact was written.

    None if there is no record, "" if the record itself is damaged.
    """
    path = Path(path)
    if not os.path.lexists(seal_of(path)):
        return None
    try:
        with opened(seal_of(path)) as file:
            line = file.read(LONGEST_LINE).decode(errors="replace")
    except InputError:  # a pipe, a folder, or not ours to read
        return ""
    return line[:64] if line[64:] == f"  {path.name}\n" else ""


def is_intact(path: str | Path) -> bool:
    """Return whether an artifact is there, and has the SHA-256 that was recorded."""
    try:
        return bool(recorded(path) == describe(path)["sha256"])
    except InputError:
        return False


def covered(folder: str | Path) -> list[Path]:
    """Return the paths of all artifacts written in or below a folder, even if gone since."""
    seals = Path(folder).rglob(".*.sha256")
    return sorted(seal.with_name(seal.name[1 : -len(".sha256")]) for seal in seals)


def discard(path: str | Path) -> None:
    """Remove an artifact and what is recorded of it; a folder of artifacts whole."""
    path = Path(path)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    seal_of(path).unlink(missing_ok=True)


def move(path: str | Path, target: str | Path) -> None:
    """Move an artifact, with what is recorded of it, to another folder, under the same name.

    A crash between the two leaves nothing in the folder that counts as whole.
    """
    path, target = Path(path), Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    seal_of(path).replace(seal_of(target))
    path.replace(target)
    flush(target.parent)


def sweep(folder: str | Path) -> None:
    """Remove the temporaries that writers left behind who are no more."""
    for temporary in list(Path(folder).rglob(".*.tmp")):
        writer = temporary.name.split(".")[-2]
        if writer.isdigit() and not _is_alive(int(writer)):
            if temporary.is_dir() and not temporary.is_symlink():
                shutil.rmtree(temporary, ignore_errors=True)
            else:
                temporary.unlink(missing_ok=True)


def seal_of(path: Path) -> Path:
    """Return where the SHA-256 of an artifact is recorded, beside it."""
    return path.with_name(f".{path.name}.sha256")


def temporary_of(path: Path) -> Path:
    """Return the name beside ``path`` that this process writes to before it renames."""
    return path.with_name(f".{path.name.lstrip('.')}.{os.getpid()}.tmp")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
        pass
    return True


def flush(folder: Path) -> None:
    """Flush the entries of a folder to disk, so that a rename outlives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in NO_FSYNC:
            raise
    finally:
        os.close(handle)

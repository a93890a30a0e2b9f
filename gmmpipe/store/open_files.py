"""Files opened without waiting for anything, made under temporary names, and flushed to disk."""

import errno
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedRandom, BufferedReader
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from gmmpipe.errors import CannotRead, InputError

NO_FSYNC = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)  # some file systems flush no folder
MOST_LINKS = 40  # from one to the next, as Linux has it
TEMPORARY = ".gmmpipe.tmp"  # ends the names of files that are being written, after the process id


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
    except NotADirectoryError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except OSError as error:
        raise CannotRead(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError:  # of a NUL in the path
        raise InputError(f"{str(path)!r}: no path; check it") from None


def _refuse_special(status: os.stat_result, path: str | Path) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path}: not a regular file; give the path of a file")


def _without_waiting(path: str, flags: int) -> int:
    """Open without waiting for the other end of a pipe."""
    return os.open(path, flags | os.O_NONBLOCK)


def is_special(path: str | Path) -> bool:
    """Return whether a path is written to, not replaced: a device, a pipe, or /dev/stdout."""
    path = Path(path)
    return _descriptor(path) is not None or (
        path.exists() and not path.is_file() and not path.is_dir()
    )


def _descriptor(path: Path) -> int | None:
    """Return the number of the open file of this process that a path means; None of others."""
    for _ in range(MOST_LINKS):
        if not path.is_symlink():
            break
        if os.path.realpath(path.parent) == f"/proc/{os.getpid()}/fd":
            return int(path.name)
        path = path.parent / path.readlink()
    return None


def destination(path: str) -> str:
    """Return the path of the output that a person names, links followed.

    Raises InputError for a ring of links, and for a file that is protected, as a shell does.
    """
    if Path(path).is_file() and not os.access(
        path, os.W_OK
    ):  # to replace it is no matter of its mode
        raise InputError(
            f"{path}: is protected from writing; name another file, or change its mode"
        )
    if not Path(path).is_symlink() or is_special(path):
        return path
    place = os.path.realpath(path)
    if Path(place).is_symlink():
        raise InputError(f"{path}: circular links; name a file")
    return place


@contextmanager
def buffered(path: Path) -> Iterator[BinaryIO]:
    """Let a file be written that can be sought in; its bytes go to what is there, at the end."""
    with TemporaryFile() as file:
        yield file
        file.seek(0)
        number = _descriptor(path)
        with path.open("wb") if number is None else os.fdopen(os.dup(number), "wb") as sink:
            shutil.copyfileobj(file, sink)


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


def temporary_path(path: Path) -> Path:
    """Return the name beside ``path`` that this process writes to before it renames."""
    return path.with_name(f".{path.name.lstrip('.')}.{os.getpid()}{TEMPORARY}")


def created(temporary: Path) -> BufferedRandom:
    """Open a new file; a link that waits under its name, which can be guessed, is removed."""
    temporary.unlink(missing_ok=True)
    return temporary.open("x+b")


def flush_file(file: BinaryIO) -> None:
    """Flush what was written to a file to the disk."""
    file.flush()
    os.fsync(file.fileno())


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


def is_alive(pid: int) -> bool:
    """Return whether a process is there and goes on; one whose parent has not noticed its end not.

    Where there is no /proc, such a zombie passes for alive.
    """
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
        pass
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[:1] != [b"Z"]
    return True

"""One run at a time in a folder, and no job that outlives its run."""

import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NoReturn

from gmmpipe.errors import InputError, Obstacle
from gmmpipe.store.layout import LOCK
from gmmpipe.store.open_files import is_alive, naming

RUN = "GMMPIPE_RUN"  # environment of a run's processes: the holder's process, its host, the lock
PATIENCE = 30.0  # seconds that processes of a killed run get to notice it
PULSE = 0.2  # seconds between looks


class Lock:
    """The lock at ``path``, held by this process until ``close`` or its end, whatever ends it.

    Processes that have ``environment`` are the run's own: see ``follow``. A lock whose holder is
    dead is free; what is left of that run ends first. Raises InputError, naming the holder, if a
    run holds the lock, and Obstacle if processes of a killed one do not end.
    """

    def __init__(self, path: str | Path) -> None:
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.environment = {RUN: f"{os.getpid()}:{os.uname().nodename}:{path.absolute()}"}
        self._handle, self._handles = _opened(path), list[int]()
        end = time.monotonic() + PATIENCE
        try:
            self._take(path, end)
            with naming(path):
                os.ftruncate(self._handle, 0)
                os.pwrite(self._handle, str(os.getpid()).encode(), 0)
            jobs = _opened(_jobs(path))
            try:
                while not _try(jobs, exclusive=True):  # they see another holder, and end
                    if time.monotonic() > end:
                        raise Obstacle(f"{path}: jobs of a killed run do not end; end them first")
                    time.sleep(PULSE)
            finally:
                os.close(jobs)
        except BaseException:
            os.close(self._handle)
            raise

    def _take(self, path: Path, end: float) -> None:
        soon = time.monotonic() + 5 * PULSE
        while not _try(self._handle, exclusive=True):
            holder, now = _holder(self._handle), time.monotonic()
            if now > end or (now > soon and _may_live(holder)):
                raise InputError(
                    f"{path}: process {holder or 'unknown'} is running in this folder;"
                    " wait for it to end"
                )
            time.sleep(PULSE / 2)  # followers of a dead run hold it for a moment as they end

    def hold_too(self, path: Path) -> None:
        """Hold another lock as long as this one, as of a store that several folders share.

        Raises InputError where another run holds it.
        """
        handle = _opened(path)
        self._handles.append(handle)
        if not _try(handle, exclusive=True):
            raise InputError(
                f"{path}: a run in another folder, which shares {path.parent}, goes on; wait for it"
                " to end"
            )

    def close(self) -> None:
        """Let go of the locks."""
        for handle in (self._handle, *self._handles):
            os.close(handle)


@contextmanager
def waiting(path: Path) -> Iterator[None]:
    """Hold the lock at ``path``, which others hold for moments only; Obstacle where they do not."""
    handle = _opened(path)
    try:
        end = time.monotonic() + PATIENCE
        while not _try(handle, exclusive=True):
            if time.monotonic() > end:
                raise Obstacle(f"{path}: another command holds it; wait for that to end")
            time.sleep(PULSE / 10)
        yield
    finally:
        os.close(handle)


def follow() -> None:
    """End this process as soon as the run it belongs to has ended, however it ended.

    Does nothing in the process that holds the lock, where no run is, and on other hosts (of a
    cluster: its own queue ends jobs there, and a lock may not reach so far).
    """
    has_ended = joined()
    if has_ended is None:
        return
    if has_ended():
        _end()
    threading.Thread(target=_watch, args=(has_ended,), daemon=True).start()


def joined() -> Callable[[], bool] | None:
    """Return what says whether the run that this process belongs to has ended, if it is of one.

    A new run waits until this process has ended, and its forks.
    """
    pid, host, path = [*os.environ.get(RUN, "").split(":", 2), "", ""][:3]
    if not path or pid == str(os.getpid()) or host != os.uname().nodename:
        return None
    try:
        jobs = os.open(_jobs(Path(path)), os.O_RDONLY)
        lock = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None  # a command started by hand inside a run's environment, or results/ was removed
    _try(jobs, exclusive=False)
    return partial(_has_ended, lock, pid)


def _watch(has_ended: Callable[[], bool]) -> None:
    while not has_ended():
        time.sleep(PULSE)
    _end()


def _has_ended(lock: int, pid: str) -> bool:
    return _holder(lock) != pid or _try(lock, exclusive=False)


def _end() -> NoReturn:
    os._exit(1)  # at once: nothing half written counts


def _holder(lock: int) -> str:
    return os.pread(lock, 20, 0).decode("latin-1")


def _may_live(pid: str) -> bool:
    """Return whether a process of this number may be there; of no number, too."""
    return not pid.isdecimal() or is_alive(int(pid))


def _opened(path: Path) -> int:
    """Open a file that can be locked, made where it is not there; InputError for what is none."""
    if path.is_symlink():  # what it leads to would be overwritten
        raise InputError(f"{path}: is a symbolic link; remove it")
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)  # waits for nobody
    status = os.fstat(handle)
    is_lock = status.st_nlink == 1 or not _holder(handle).strip(
        "0123456789"
    )  # as of a backup by links
    if not (stat.S_ISREG(status.st_mode) and is_lock):
        os.close(handle)
        raise InputError(f"{path}: is no file that can be locked; remove it")
    return handle


def _jobs(path: Path) -> Path:
    return path.with_name(f"{path.name}.jobs")


def _try(handle: int, *, exclusive: bool) -> bool:
    """Lock an open file, which never waits; return whether that was possible."""
    import fcntl

    try:
        fcntl.flock(handle, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        name = Path(f"/proc/self/fd/{handle}")
        error.filename = str(name.readlink()) if name.is_symlink() else LOCK
        raise
    return True

"""Work shared with other processes, none of which outlives the one that asked."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import connection, get_context, parent_process
from typing import Any, TypeVar

T = TypeVar("T")
MOST = 4  # processes: each loads its own libraries
CELLS_PER_PROCESS = 1_024  # for which one more process is worth its start


def n_processes(cells: int, threads: int = MOST) -> int:
    """Return the number of processes for so many cells: one where these take little time."""
    return max(1, min(threads, MOST, cells // CELLS_PER_PROCESS))


def run_shares(work: Callable[..., T], shares: int, *arguments: Any) -> list[T]:
    """Return ``work(*arguments, share, shares)`` of each share, from 0 on; the first is done here.

    All are where there is no shared memory for other processes to wait in, which is said.
    """
    if shares == 1:
        return [work(*arguments, 0, 1)]
    try:
        # with other threads a fork may lack what they hold; a new process loads all libraries
        context = get_context("fork" if threading.active_count() == 1 else "spawn")
        pool = ProcessPoolExecutor(shares - 1, context, initializer=_end_with_parent)
    except OSError as error:  # of /dev/shm, where semaphores are
        print(f"only one process works: no semaphores ({error.strerror}); make /dev/shm writable")
        return [work(*arguments, share, shares) for share in range(shares)]
    with pool:
        others = [pool.submit(work, *arguments, share, shares) for share in range(1, shares)]
        return [work(*arguments, 0, shares), *(other.result() for other in others)]


def _end_with_parent() -> None:
    """End this process as soon as the one that began it has ended, however it ended."""
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_wait_and_end, args=(parent.sentinel,), daemon=True).start()


def _wait_and_end(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)

"""Shares of work are done by other processes, or by this one where there can be no others."""

import errno
import os

from gmmpipe.workflow import processes as workers


def share(what, number, count):
    return what, number, count, os.getpid()


def test_one_share_needs_no_other_process(monkeypatch):
    monkeypatch.setattr(workers, "ProcessPoolExecutor", None)
    assert workers.run_shares(share, 1, "a") == [("a", 0, 1, os.getpid())]


def test_without_semaphores_one_process_does_all(monkeypatch, capsys):
    def refuse(*_, **__):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(workers, "ProcessPoolExecutor", refuse)
    assert workers.run_shares(share, 2, "a") == [("a", n, 2, os.getpid()) for n in range(2)]
    assert capsys.readouterr().out == (
        "only one process works: no semaphores (Function not implemented); make /dev/shm writable\n"
    )

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from projects import has_ended

from gmmpipe.errors import InputError, Obstacle
from gmmpipe.store import lock as guard

# holds the lock, then starts a job of its own that outlives it unless it follows
HOLDER = """
import os, subprocess, sys
from gmmpipe.store.lock import Lock
lock = Lock(sys.argv[1])
os.environ.update(lock.environment)
job = subprocess.Popen([sys.executable, "-c", sys.argv[2]], stdout=subprocess.PIPE, text=True)
print(job.pid, job.stdout.readline(), flush=True)
sys.stdin.read()
"""
NOBODY = str(2**22 + 1)  # more than Linux numbers processes
JOB = "from gmmpipe.store.lock import follow; follow(); print('follows', flush=True); import time\n"
JOB += "time.sleep(3600)"


@pytest.fixture
def lock(tmp_path, monkeypatch):
    monkeypatch.delenv(guard.RUN, raising=False)
    return tmp_path / "results/.lock"


@pytest.fixture
def run(lock):
    """A process that holds the lock, and the process id of its job."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", HOLDER, str(lock), JOB]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as holder:
        pid, told = holder.stdout.readline().split()
        assert told == "follows"
        yield holder, int(pid)
        holder.kill()


def wait_for(condition):
    """Wait for what comes at once, on a machine that is not busy for minutes."""
    end = time.monotonic() + 240
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


class Clock:
    """A clock that goes by the sleeps of those who wait."""

    def __init__(self, monkeypatch, at=float("inf"), call=None):
        self.now, self.at, self.call = 0.0, at, call
        monkeypatch.setattr(guard, "time", self)

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        if self.now > self.at:
            self.at = float("inf")
            self.call()


def test_one_process_holds_the_lock(run, lock):
    holder, job = run
    with pytest.raises(InputError, match=rf"process {holder.pid} is running in this folder"):
        guard.Lock(lock)
    assert not has_ended(job)


def test_the_lock_of_a_killed_run_is_taken_over_and_its_jobs_are_gone(run, lock):
    holder, job = run
    holder.kill()
    holder.wait()
    taken = guard.Lock(lock)  # waits for the job, which follows
    wait_for(lambda: has_ended(job))  # it lets go of the lock just before
    assert lock.read_text() == str(os.getpid())
    taken.close()
    guard.Lock(lock).close()


def test_a_job_ends_by_itself_when_its_run_is_killed(run):
    holder, job = run
    holder.kill()
    wait_for(lambda: has_ended(job))


def test_a_job_that_cannot_end_is_not_ignored(run, lock, monkeypatch):
    holder, job = run
    stop(job)
    holder.kill()
    holder.wait()
    with monkeypatch.context() as patched:
        clock = Clock(patched)
        with pytest.raises(Obstacle, match="jobs of a killed run do not end"):
            guard.Lock(lock)
        assert clock.now > guard.PATIENCE
    os.kill(job, signal.SIGCONT)
    wait_for(lambda: has_ended(job))
    guard.Lock(lock).close()


def test_a_run_that_is_stopped_holds_the_lock_and_goes_on(run, lock):
    holder, job = run
    for pid in (holder.pid, job):
        stop(pid)
    with pytest.raises(InputError, match=rf"process {holder.pid} is running in this folder"):
        guard.Lock(lock)
    for pid in (holder.pid, job):
        os.kill(pid, signal.SIGCONT)
    assert not has_ended(job)
    with pytest.raises(InputError, match=rf"process {holder.pid} is running in this folder"):
        guard.Lock(lock)


def stop(pid):
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: ") T" in Path(f"/proc/{pid}/stat").read_text())


def test_a_file_that_is_linked_to_the_place_of_the_lock_stays_as_it_is(lock, tmp_path):
    guard.Lock(lock).close()
    os.link(lock, tmp_path / "backup")
    guard.Lock(lock).close()
    lock.unlink()
    (tmp_path / "theirs").write_text("a thesis")
    os.link(tmp_path / "theirs", lock)
    with pytest.raises(InputError, match=r"\.lock: is no file that can be locked"):
        guard.Lock(lock)
    assert (tmp_path / "theirs").read_text() == "a thesis"


def test_a_quota_that_is_used_up_is_told_with_the_name_of_the_lock(lock, monkeypatch):
    def full(*_):
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match=r"\.lock'$"):
        guard.Lock(lock)


def test_a_follower_that_is_slow_to_end_is_waited_for(lock, monkeypatch):
    """On a busy machine it holds the lock of its dead run for seconds."""
    guard.Lock(lock).close()
    lock.write_text(NOBODY)
    slow = os.open(lock, os.O_RDONLY)
    assert guard._try(slow, exclusive=False)
    clock = Clock(monkeypatch, at=guard.PATIENCE - 1, call=lambda: os.close(slow))
    guard.Lock(lock).close()
    assert clock.now > guard.PATIENCE - 1


def test_a_job_that_begins_after_its_run_was_replaced_ends_at_once(lock):
    taken = guard.Lock(lock)
    late = {**os.environ, guard.RUN: f"1:{os.uname().nodename}:{lock}"}
    job = subprocess.run([sys.executable, "-c", JOB], env=late, check=False)
    assert job.returncode == 1
    ours = {**os.environ, **taken.environment}
    with subprocess.Popen([sys.executable, "-c", JOB], env=ours, stdout=subprocess.PIPE) as job:
        assert job.stdout.readline() == b"follows\n"
        job.kill()
    taken.close()


def test_a_command_outside_of_any_run_follows_nobody(lock, monkeypatch):
    guard.follow()
    monkeypatch.setenv(
        guard.RUN, f"{os.getpid()}:{os.uname().nodename}:{lock}"
    )  # the holder itself
    guard.follow()
    monkeypatch.setenv(
        guard.RUN, f"1:{os.uname().nodename}:{lock}"
    )  # results/ has been removed since
    guard.follow()

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from projects import has_ended

from gmmpipe import guard
from gmmpipe.errors import InputError, Obstacle

# holds the lock, then starts a job of its own that outlives it unless it follows
HOLDER = """
import os, subprocess, sys
from gmmpipe.guard import Lock
lock = Lock(sys.argv[1])
os.environ.update(lock.environment)
job = subprocess.Popen([sys.executable, "-c", sys.argv[2]], stdout=subprocess.PIPE, text=True)
print(job.pid, job.stdout.readline(), flush=True)
sys.stdin.read()
"""
JOB = "from gmmpipe.guard import follow; follow(); print('follows', flush=True); import time\n"
JOB += "time.sleep(60)"


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


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


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
    assert has_ended(job)
    assert lock.read_text() == str(os.getpid())
    taken.close()
    guard.Lock(lock).close()


def test_a_job_ends_by_itself_when_its_run_is_killed(run):
    holder, job = run
    holder.kill()
    assert wait_for(lambda: has_ended(job))


def test_a_job_that_cannot_end_is_not_ignored(run, lock, monkeypatch):
    holder, job = run
    os.kill(job, signal.SIGSTOP)
    holder.kill()
    holder.wait()
    with monkeypatch.context() as hasty:
        hasty.setattr(guard, "PATIENCE", 0.3)
        with pytest.raises(Obstacle, match="jobs of a killed run do not end"):
            guard.Lock(lock)
    os.kill(job, signal.SIGCONT)  # it has all the time that it has in earnest
    guard.Lock(lock).close()


def test_a_follower_that_is_slow_to_end_is_waited_for(lock):
    """On a busy machine it holds the lock of its dead run for seconds."""
    guard.Lock(lock).close()
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        pass
    lock.write_text(str(dead.pid))
    slow = os.open(lock, os.O_RDONLY)
    assert guard._try(slow, exclusive=False)
    timer = threading.Timer(10 * guard.PULSE, os.close, [slow])
    timer.start()
    guard.Lock(lock).close()
    timer.join()


def test_a_job_that_begins_after_its_run_was_replaced_ends_at_once(lock):
    taken = guard.Lock(lock)
    late = {**os.environ, guard.RUN: f"1:{os.uname().nodename}:{lock}"}
    job = subprocess.run([sys.executable, "-c", JOB], env=late, check=False, timeout=30)
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

"""Processes end when they are asked to, with all that they began, and leave nothing half done."""

import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import pytest
from projects import has_ended

from gmmpipe.workflow import process_groups


@pytest.fixture(autouse=True)
def _hears_signals():
    """Tests may themselves run under nohup."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in process_groups.ASKED}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


DEAF = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
print(subprocess.Popen([sys.executable, "-c", child]).pid, flush=True)
time.sleep(600)
"""


def test_what_does_not_end_when_asked_is_killed_with_all_its_jobs():
    deaf = [sys.executable, "-c", DEAF]
    with process_groups.group(deaf, os.environ, patience=0.3) as process:
        job = int(process.stdout.readline())
    assert process.returncode == -signal.SIGKILL
    while not has_ended(job):
        time.sleep(0.02)
    process_groups.end(process)  # nobody is left


@pytest.mark.parametrize("number", process_groups.ASKED)
def test_signals_interrupt_once_and_are_as_before_afterwards(number):
    before = signal.getsignal(number)
    with process_groups.interruptible():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        for again in process_groups.ASKED:  # nothing interrupts the tidying up
            signal.raise_signal(again)
    assert signal.getsignal(number) == before


def test_what_is_ignored_stays_ignored():
    """As under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with process_groups.interruptible():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


TINY = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.covariance=[full]", "sweep.k=1..2")
TINY += ("sweep.seed=0", "sweep.iteration=1", "figures.names=[clusters]")


@pytest.mark.parametrize("number", process_groups.ASKED)
def test_no_command_leaves_a_temporary_file_when_asked_to_end(number, study, gmmpipe, monkeypatch):
    done = study(*TINY)
    first = Path("results/smoke/latest").readlink()
    latest, old = "results/smoke/latest", Path("out.csv")
    commands = [
        ("table", "best", latest, "-o", "out.csv"),
        ("compare", latest, str(Path(latest).parent / first), "-o", "out.csv"),
        ("figure", "clusters", latest, "-o", "out.png"),
        ("replay", latest, "-o", "out.csv"),
        ("evaluate", done.path, "-o", "out"),
        ("verify", latest, "--rerun"),
    ]
    old.write_text("old")
    Path("tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", "tmp")
    monkeypatch.setattr(os, "fsync", lambda _: signal.raise_signal(number))
    for command in commands:
        answer = gmmpipe(*command)
        assert answer.code == 1, command
        assert answer.err.splitlines()[-1].startswith("gmmpipe stopped: interrupted"), command
        assert not list(Path.cwd().rglob(".*.tmp")), command
    assert old.read_text() == "old"
    assert not list(Path("tmp").iterdir())

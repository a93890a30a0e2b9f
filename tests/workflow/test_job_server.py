"""Jobs done by forks of a server give the same as processes of their own, and end with it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import Mock

import pytest
from projects import TINY, has_ended, run

from gmmpipe.workflow import code_digest, job_server, snakemake_options
from gmmpipe.workflow.code_digest import stage_digests

COMMAND = [
    sys.executable,
    "-P",
    "-c",
    "import sys; from gmmpipe.cli.client import main; sys.exit(main())",
]
SLOW = """
import os, sys, time
from pathlib import Path
from gmmpipe.cli import job_server

def run(arguments):
    Path(arguments[0]).write_text(str(os.getpid()))
    time.sleep(600)

job_server.run = run
job_server.Server(int(sys.argv[1]), {}).serve()
"""
LOADED = """
import sys
from gmmpipe.cli import job_server

job_server.run = lambda arguments: print("by the server") or 0
job_server.Server(int(sys.argv[1]), {"fit": "0123456789ab"}).serve()
"""


def call(environment, *arguments):
    return subprocess.run(
        [*COMMAND, *arguments], env=environment, capture_output=True, text=True, check=False
    )


def begin(monkeypatch, server, program=SLOW):
    """Let a server begin; SLOW: whose jobs name their process in a file, and never end."""
    start = subprocess.Popen
    monkeypatch.setattr(
        job_server.subprocess,
        "Popen",
        lambda command, **options: start([sys.executable, "-c", program, command[-1]], **options),
    )
    server.begin(os.environ)
    monkeypatch.undo()


def job_in(path, asking):
    while not (path.exists() and path.read_text()):
        assert asking.poll() is None
        time.sleep(0.02)
    return int(path.read_text())


def wait_for_end(process):
    while not has_ended(process):
        time.sleep(0.02)


def test_a_job_of_the_server_ends_as_one_by_itself(tmp_path):
    missing = ("normalise", str(tmp_path / "none.npz"), "-o", str(tmp_path / "x.npz"))
    missing += ("--config", '{"method": "minmax"}')
    with job_server.job_server(local=True) as server:
        server.begin(os.environ)
        for arguments in (("fit", "--help"), missing, ("normalise",)):
            served, alone = (
                call({**os.environ, **environment}, *arguments)
                for environment in (server.environment, {})
            )
            assert (served.returncode, served.stdout, served.stderr) == (
                alone.returncode,
                alone.stdout,
                alone.stderr,
            )
    assert call({**os.environ, **server.environment}, "normalise").returncode == 2  # by itself


def test_a_job_ends_with_the_command_that_asked_for_it(tmp_path, monkeypatch):
    path = tmp_path / "process"
    with job_server.job_server(local=True) as server:
        begin(monkeypatch, server)
        with subprocess.Popen(
            [*COMMAND, str(path)], env={**os.environ, **server.environment}
        ) as asking:
            process = job_in(path, asking)
            asking.terminate()
        wait_for_end(process)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_job_ends_with_the_server_and_says_so(tmp_path, monkeypatch, number):
    path = tmp_path / "process"
    with job_server.job_server(local=True) as server:
        begin(monkeypatch, server)
        environment = {**os.environ, **server.environment}
        with subprocess.Popen(
            [*COMMAND, str(path)], env=environment, stderr=subprocess.PIPE
        ) as asking:
            process = job_in(path, asking)
            if number == signal.SIGTERM:
                server.close()
            else:
                server._process.kill()
            wait_for_end(process)
            said = asking.stderr.read().decode()
    assert asking.returncode != 0
    assert number == signal.SIGTERM or said.startswith("gmmpipe stopped: the process that does")


def test_a_job_of_other_code_than_the_server_loaded_is_done_by_itself(monkeypatch):
    with job_server.job_server(local=True) as server:
        begin(monkeypatch, server, LOADED)
        environment = {**os.environ, **server.environment}
        for code, expected in (("0123456789ab", "by the server"), ("ba9876543210", "usage: ")):
            answer = call(environment, "fit", "--code", code, "--help")
            assert (answer.returncode, answer.stderr) == (0, "")
            assert answer.stdout.startswith(expected)


def test_a_job_that_the_server_cannot_fork_for_is_done_by_itself(monkeypatch):
    with job_server.job_server(local=True) as server:
        begin(monkeypatch, server, f"import os\nos.fork = lambda: os.open('', 0)\n{LOADED}")
        environment = {**os.environ, **server.environment}
        for _ in range(2):  # which goes on
            answer = call(environment, "fit", "--help")
            assert (answer.returncode, answer.stdout[:7]) == (0, "usage: ")


def test_a_server_does_no_job_where_code_was_changed_while_it_was_loaded(monkeypatch):
    """Also where the change was taken back, so that the digests are the same."""
    monkeypatch.setattr(code_digest, "package_times", lambda: "earlier")
    with job_server.job_server(local=True) as server:
        server.begin(os.environ)
        monkeypatch.setenv(job_server.SERVER, server.environment[job_server.SERVER])
        digest = stage_digests()["fit"]
        assert job_server.submit(["fit", "--code", digest, "--help"]) is None


def test_a_change_that_is_taken_back_is_noticed(tmp_path, monkeypatch):
    path = tmp_path / "module.py"
    path.write_text("x = 1")
    monkeypatch.setattr(code_digest, "ROOT", tmp_path)
    before, status = code_digest.package_times(), path.stat()
    while path.stat().st_ctime_ns == status.st_ctime_ns:  # as coarse as the clock of the disk
        path.write_text("x = 2")
        path.write_text("x = 1")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert code_digest.package_times() != before


def test_a_server_is_told_what_code_it_loads_before_it_does(monkeypatch):
    commands = []
    monkeypatch.setattr(job_server, "end", lambda _: None)
    monkeypatch.setattr(
        job_server.subprocess, "Popen", lambda command, **_: commands.append(command) or Mock()
    )
    with job_server.job_server(local=True) as server:
        server.begin(os.environ)
    assert json.loads(commands[0][-3]) == stage_digests()


def test_a_run_has_its_jobs_done_by_the_server(project):
    answer = run(
        project, "gmmpipe", "run", *TINY, "--", "--until", "generate",
        environment={"PYTHONPROFILEIMPORTTIME": "1"},
    )  # fmt: skip
    assert answer.code == 0
    (log,) = (project / "results/logs/generate").glob("*.log")
    assert "gmmpipe.workflow.job_server" in log.read_text()
    assert "numpy" not in log.read_text()  # which the server has loaded


@pytest.mark.parametrize(
    ("options", "here"),
    [
        ([], True),
        (["--cores", "2", "--workflow-profile", "profiles/default"], True),
        (["--workflow-profile", "none"], True),
        (["--workflow-profile", "profiles/slurm"], False),
        (["--executor", "slurm"], False),
        (["--executor=slurm"], False),
        (["-eslurm"], False),
        (["--profile", "x"], False),
    ],
)
def test_a_server_is_for_jobs_on_this_machine(project, options, here):
    assert snakemake_options.runs_here(project, options) == here


def test_a_profile_of_the_project_or_of_the_user_may_send_jobs_away(project, monkeypatch):
    with (project / "profiles/default/config.yaml").open("a") as file:
        file.write("executor: slurm\n")
    assert not snakemake_options.runs_here(project, [])
    monkeypatch.setenv("SNAKEMAKE_PROFILE", "x")
    assert not snakemake_options.runs_here(Path("elsewhere"), [])


def test_the_folders_of_runs_that_were_killed_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(job_server.tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    stay = [f"gmmpipe-{os.getpid()}-abcdefgh", f"gmmpipe-{ended.pid}-mine", "gmmpipe-abcdefgh"]
    stay += [f"gmmpipe-{ended.pid}-filled__"]
    for name in (*stay, f"gmmpipe-{ended.pid}-abcdefgh"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "socket").touch()
    (tmp_path / stay[-1] / "theirs").touch()
    with job_server.job_server(local=True) as server:
        assert Path(server.environment[job_server.SERVER]).parent.parent == tmp_path
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(stay)


def test_no_server_is_named_where_there_can_be_none(tmp_path):
    server = job_server.JobServer(str(tmp_path / ("x" * 200)))  # too long a path
    assert server.environment == {}
    server.begin(os.environ)
    server.close()

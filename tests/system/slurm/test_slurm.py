"""Sweeps on a real Slurm and through other batch systems: `make test-slurm`, as root on Debian."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from cluster import Cluster, cluster, missing, wait
from projects import make_project

PLUGINS = os.environ.get("GMMPIPE_SLURM", "")  # the folder with Snakemake's plugins
SLURM = ["--workflow-profile", "profiles/slurm", "--slurm-no-account", "--max-threads", "2"]
SLURM += ["--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "2"]
SOON = ["--max-threads", "2", "--seconds-between-status-checks", "1", "--latency-wait", "10"]
SBATCH = "sbatch --parsable --cpus-per-task={threads} --mem={resources.mem_mb}"
SBATCH += " --time={resources.runtime} --output=.snakemake/%j.log"
GENERIC = ["--workflow-profile", "profiles/generic", *SOON]
COMMANDS = {"cluster-generic-submit-cmd": SBATCH, "cluster-generic-cancel-cmd": "scancel"}
TOLD = ("plans", "logs", "benchmarks", "run.json", "index.html", ".lock", ".snakemake_timestamp")
CUT = ("store/fits", "manifest.json")  # the blocks of a cluster are larger, and have other names
Start = Callable[..., subprocess.Popen[str]]

pytestmark = pytest.mark.skipif(
    bool(missing()) or not PLUGINS, reason=missing() or "`make test-slurm` sets GMMPIPE_SLURM"
)


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("slurm") / "state") as found:
        yield found


@pytest.fixture(scope="module")
def start() -> Iterator[Start]:
    """Return what begins `gmmpipe run` in a project; none of those outlives the tests."""
    begun: list[subprocess.Popen[str]] = []

    def begin(project: Path, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "gmmpipe", "run", *arguments],
            cwd=project,
            env=os.environ | {"PYTHONPATH": PLUGINS},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        begun.append(process)
        return process

    yield begin
    for process in begun:
        with process:
            process.terminate()  # if it still goes on: its Snakemake ends too


@pytest.fixture(scope="module")
def small(start: Start, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return what a small sweep gives on this machine."""
    local = make_project(tmp_path_factory.mktemp("small") / "local")
    finish(start(local, "experiment=smoke"))
    return contents(local / "results")


def finish(process: subprocess.Popen[str]) -> str:
    told, _ = process.communicate(timeout=1200)
    assert process.returncode == 0, told
    return told


def contents(folder: Path) -> dict[str, bytes]:
    """Return {path: bytes} of what must not depend on where it was computed."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(word in str(path) for word in (*TOLD, *CUT))
    }


def differing(one: Mapping[str, bytes], two: Mapping[str, bytes]) -> list[str]:
    """Return the paths of files that are not in both, or not the same."""
    return sorted(path for path in one.keys() | two.keys() if one.get(path) != two.get(path))


def log_of(project: Path) -> str:
    (log,) = (project / "results/logs/run").glob("*.log")
    return log.read_text()


def test_a_cluster_gives_the_bytes_of_the_laptop_though_a_job_is_lost(slurm, start, tmp_path):
    """A block holds minutes of work on the cluster and half a minute on the laptop."""
    local = make_project(tmp_path / "local")
    finish(start(local))
    remote = make_project(tmp_path / "remote")
    going = start(remote, "--", *SLURM)
    wait(lambda: any(map(slurm.kill, slurm.running("fit"))), "a fit on a node", 600)
    finish(going)
    assert "Trying to restart job" in log_of(remote)
    one, two = contents(local / "results"), contents(remote / "results")
    assert {Path(name).suffix for name in one} >= {".npz", ".csv", ".parquet", ".png", ".html"}
    assert differing(one, two) == []
    fits = [{path.name for path in p.glob("results/store/fits/*.npz")} for p in (local, remote)]
    assert not fits[0] & fits[1]


@pytest.mark.usefixtures("slurm")
def test_so_does_any_batch_system_with_a_command(start, small, tmp_path):
    remote = make_project(tmp_path / "remote")
    profile = remote / "profiles/generic/config.yaml"
    profile.write_text(yaml.safe_dump(yaml.safe_load(profile.read_text()) | COMMANDS))
    finish(start(remote, "experiment=smoke", "--", *GENERIC))
    said = log_of(remote)
    assert "localrule normalise" in said  # a job of a second
    assert "localrule fit" not in said
    assert "with external jobid" in said
    assert differing(small, contents(remote / "results")) == []

"""A sweep on a real Slurm: `make test-slurm`, as root on Debian."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import Cluster, cluster, missing, wait
from projects import make_project

PLUGIN = os.environ.get("GMMPIPE_SLURM", "")  # the folder with Snakemake's plugin
PROFILE = ["--workflow-profile", "profiles/slurm", "--slurm-no-account", "--max-threads", "2"]
PROFILE += ["--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "2"]
TOLD = ("plans", "logs", "benchmarks", "run.json", "ro-crate", ".lock", ".snakemake_timestamp")
CUT = ("store/fits", "manifest.json")  # the blocks of a cluster are larger, and have other names

pytestmark = pytest.mark.skipif(
    bool(missing()) or not PLUGIN, reason=missing() or "`make test-slurm` sets GMMPIPE_SLURM"
)


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("slurm") / "state") as found:
        yield found


def start(project: Path, *arguments: str) -> subprocess.Popen[str]:
    """Begin `gmmpipe run` in a project."""
    return subprocess.Popen(
        [sys.executable, "-m", "gmmpipe", "run", *arguments],
        cwd=project,
        env=os.environ | {"PYTHONPATH": PLUGIN},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


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


def test_a_cluster_gives_the_bytes_of_the_laptop_though_a_job_is_lost(slurm, tmp_path):
    local = make_project(tmp_path / "local")
    finish(start(local))
    remote = make_project(tmp_path / "remote")
    going = start(remote, "--", *PROFILE)
    wait(lambda: any(map(slurm.kill, slurm.running("fit"))), "a fit on a node", 300)
    finish(going)
    (log,) = (remote / "results/logs/run").glob("*.log")
    assert "Trying to restart job" in log.read_text()
    one, two = contents(local / "results"), contents(remote / "results")
    assert {Path(name).suffix for name in one} >= {".npz", ".csv", ".parquet", ".png", ".html"}
    assert list(two) == list(one)
    assert [name for name in one if one[name] != two[name]] == []

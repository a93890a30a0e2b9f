import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from gmmpipe.mixture.diagnostics.convergence import FIRST, KRYLOV, VALUES
from gmmpipe.store import artifacts, free_memory
from gmmpipe.store.entries import DataSet
from gmmpipe.workflow import memory
from gmmpipe.workflow.resources import SHARED, JobResources

GB = 10**9
ROOMY = "MemTotal: 40000000 kB\nMemAvailable: 32000000 kB\n"


def group(
    folder, limit, used, droppable=0, names=("memory.max", "memory.current", "inactive_file")
):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{names[2]} {droppable}\n")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Let the kernel's files say what a test wants; return the folder of groups, and the texts."""
    told = {"/proc/meminfo": ROOMY, "/proc/self/cgroup": "0::/user/job\n"}

    def path(name):
        if str(name) not in told:
            return tmp_path / "other"
        copy = tmp_path / str(name).replace("/", "-")
        if told[str(name)] is not None:
            copy.write_text(told[str(name)])
        return copy

    monkeypatch.setattr(free_memory, "Path", path)
    monkeypatch.setattr(free_memory, "CGROUP", tmp_path / "groups")
    return tmp_path / "groups", told


@pytest.mark.usefixtures("machine")
def test_the_kernel_says_what_is_free():
    assert free_memory.available() == 32_000_000 * 1024


def test_no_control_group_above_may_be_exceeded(machine):
    groups, _ = machine
    group(groups / "user/job", "max", 3 * GB)
    group(groups / "user", 8 * GB, 5 * GB, droppable=2 * GB)
    assert free_memory.available() == 5 * GB
    group(groups / "user/job", 4 * GB, 3 * GB)
    assert free_memory.available() == 1 * GB
    group(groups / "user/job", 4 * GB, 5 * GB)
    assert free_memory.available() == 0


def test_control_groups_of_the_first_version_count_too(machine):
    groups, told = machine
    told["/proc/self/cgroup"] = "5:cpu:/x\n4:memory:/user/job\n0::/\n"
    names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    group(groups / "memory/user/job", 2 * GB, GB, 0, names)
    group(groups / "memory", 2**63 - 4096, 9 * GB, 0, names)
    assert free_memory.available() == GB


def test_elsewhere_nothing_is_known(machine):
    machine[1]["/proc/meminfo"] = None
    assert free_memory.available() is None


def test_this_machine_answers():
    if os.path.exists("/proc/meminfo"):  # noqa: PTH110 - as plain as it gets
        assert 2**20 < free_memory.available() < 2**50


PLAIN = DataSet(name="x", dataset="x", n=1000, d=2)


def test_what_is_needed_grows_with_each_number():
    def takes(data=(), fit=(), ks=(1, 2), seeds=3, iteration=(1, 10)):
        return memory.of_fit(replace(PLAIN, **dict(data)), dict(fit), ks, seeds, iteration)

    least = takes()
    more = [
        takes({"n": 100_000}),
        takes({"d": 50}),
        takes(ks=(1, 200)),
        takes(seeds=900),
        takes(iteration=(1, 10, 20, 50)),
        takes(iteration=(1, 100_000)),
        takes(fit={"noise": 0.1}),
        takes({"missing": 1}),
        takes({"positive": 999}),
    ]
    assert min(more) > least > memory.BASE
    assert memory.of_tables(PLAIN, 3) < memory.of_tables(PLAIN, 30)
    assert memory.of_bootstrap(PLAIN, 3) < memory.of_bootstrap(replace(PLAIN, total=9e9), 3)


def test_data_past_memory_cost_no_more_the_more_there_are():
    large, huge = (replace(PLAIN, n=n, bytes=16 * n) for n in (10**7, 10**10))
    for of in (
        lambda data: memory.of_generate(data, in_parts=True),
        memory.of_normalise,
        lambda data: memory.of_fit(data, {}, [8], 1, [10]),
        lambda data: memory.of_tables(data, 8),
    ):
        assert of(large) == of(huge) < 500 * memory.MB
    assert memory.of_fit(huge, {"noise": 0.1}, [8], 1, [10]) > 10**12


# a job's most memory of its own, looked at every few milliseconds
WATCHED = """
import sys, threading, time
from gmmpipe.cli.main import main

def anonymous():
    lines = open("/proc/self/status").read().split("RssAnon:")
    return int(lines[1].split()[0]) * 1024

def look():
    while True:
        most[0] = max(most[0], anonymous())
        time.sleep(0.003)

most = [0]
threading.Thread(target=look, daemon=True).start()
code = main(sys.argv[1:])
print(code, max(most[0], anonymous()))
"""
needs_linux = pytest.mark.skipif(
    not os.path.exists("/proc/self/status"),  # noqa: PTH110
    reason="needs Linux",
)
N = 300_000
CASES = {  # the arrays of the data, settings of the fit, what the plan knows of the data
    "in memory": (2, {}, {}),
    "mapped": (32, {}, {}),
    "noise": (2, {"noise": 0.1}, {}),
    "missing": (2, {"missing": "mar"}, {"missing": N // 10}),
}


def peak(*arguments):
    """Return the most memory of its own that a command takes, in bytes."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *arguments], capture_output=True, text=True, check=True
    )
    code, most = map(int, done.stdout.splitlines()[-1].split())
    assert code == 0
    return most


@needs_linux
@pytest.mark.parametrize(("n", "d"), [(60, 2), (60, 9000), (400_000, 2), (400_000, 20)])
def test_normalising_takes_about_what_it_is_said_to_take(n, d, tmp_path):
    x = np.random.default_rng(0).normal(size=(n, d))
    features = np.array([f"x{j}" for j in range(d)])
    artifacts.write_arrays(tmp_path / "x.npz", {"x": x, "features": features})
    config = json.dumps({"method": "standard"})
    most = peak(
        "normalise", str(tmp_path / "x.npz"), "-o", str(tmp_path / "n.npz"), "--config", config
    )
    said = memory.of_normalise(replace(PLAIN, n=n, d=d))
    assert most < said < 2 * most + memory.NUMPY


@needs_linux
def test_a_fit_of_many_features_takes_no_more_than_it_is_said_to_take(tmp_path):
    n, d, ks = 60, 700, [1, 2]
    artifacts.write_arrays(tmp_path / "n.npz", {"x": np.random.default_rng(0).normal(size=(n, d))})
    config = {"covariance": {"family": "diag"}, "start": {"method": "points"}, "fit": {}}
    config |= {"k": ks, "seed": [0], "iteration": [2]}
    most = peak(
        "fit",
        str(tmp_path / "n.npz"),
        "-o",
        str(tmp_path / "f.npz"),
        "--config",
        json.dumps(config),
    )
    said = memory.of_fit(replace(PLAIN, n=n, d=d), {}, ks, 1, [2])
    assert 0.3 * said < most < said


@needs_linux
@pytest.mark.parametrize("case", CASES)
def test_what_a_fit_takes_is_what_it_is_said_to_take(case, tmp_path):
    d, fit, known = CASES[case]
    x = np.random.default_rng(0).normal(size=(N, d))
    if case == "missing":
        x[::10, 0] = np.nan
    artifacts.write_arrays(tmp_path / "n.npz", {"x": x})
    few = (FIRST + KRYLOV) * x.size // VALUES  # the least by which a run is carried on
    config = {"covariance": {"family": "full"}, "start": {"method": "points"}}
    config |= {"k": [3], "seed": [0], "iteration": [2], "fit": {**fit, "certify": few}}
    arguments = ["fit", str(tmp_path / "n.npz"), "-o", str(tmp_path / "f.npz")]
    most = peak(*arguments, "--config", json.dumps(config))
    data = replace(PLAIN, n=N, d=d, **known)
    said = memory.of_fit(data, fit, config["k"], 1, config["iteration"])
    assert 0.3 * said < most < said


STUDIES = {  # few of each number, but for one
    "features": ("dataset.blobs.n=2000", "dataset.blobs.d=40", "bootstrap.replicates=2"),
    "rows": ("dataset.blobs.n=200000", "bootstrap.replicates=0"),
    "cells": ("dataset.blobs.n=100", "sweep.seed=0..999", "bootstrap.replicates=0"),
}
ONE = ("experiment=smoke", "sweep.dataset=[blobs]", "sweep.covariance=[full]", "sweep.k=[2]")
ONE += (
    "sweep.seed=0",
    "sweep.iteration=[2]",
    "fit.certify=0",
    "bootstrap.kind=[parametric]",
    "bootstrap.max_k=0",
)
ONE += ("figures.names=[clusters]", "figures.formats=[png]")


@needs_linux
@pytest.mark.parametrize("case", STUDIES)
def test_what_the_other_stages_take_is_what_they_are_said_to_take(case, study):
    done = study(*ONE, *STUDIES[case])
    plan, folder, tables = done.path, done.folder, f"{done.folder}/tables"
    inputs = {"evaluate": [plan, "-o", tables], "figures": [plan, "-o", f"{folder}/figures"]}
    inputs["report"] = [plan, "-o", f"{folder}/report.html"]
    data = next(iter(done.data_sets))
    inputs["generate"] = ["-o", done.stored(data), "--config", done.job("data", data)]
    for block in list(done.bootstrap_blocks)[:1]:
        config = done.job("bootstrap", block)
        again = [*done.replicated(block), "-o", done.bootstraps[0], "--config", config]
        inputs |= {"bootstrap": again, "combine": [plan, "-o", tables]}
    found = {}
    for rule, arguments in inputs.items():
        name = {"generate": data, "bootstrap": next(iter(done.bootstrap_blocks), "")}.get(rule, "")
        processes = SHARED if rule == "figures" else 1
        said = JobResources(done).of(rule, name).memory / processes
        found[rule] = (round(peak(rule, *arguments) / memory.MB), round(said / memory.MB))
    odd = [rule for rule, (most, said) in found.items() if not most < said < 3 * most + 100]
    assert odd == [], found

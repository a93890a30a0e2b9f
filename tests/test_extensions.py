"""Recipes of CONTRIBUTING.md followed from outside: an entry in a registry, no more is needed."""

import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from unittest import mock

import numpy as np
import pytest

import gmmpipe as package
from gmmpipe.data.formats.registry import FORMATS, Format
from gmmpipe.data.formats.rows import read_rows
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.starts.registry import STARTS
from gmmpipe.results.columns import Column
from gmmpipe.results.tables import TABLES, Table, table_paths
from gmmpipe.store.artifacts import read_json
from gmmpipe.workflow.pipeline import STAGES, Stage
from gmmpipe.workflow.resources import RESOURCES, JobResources, Resources

TESTS = Path(__file__).parent
TOY = """
from dataclasses import dataclass

import numpy as np

from gmmpipe.mixture.families.family import FAMILIES, Family
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.mixture.moments import check_k, total_covariance
from gmmpipe.mixture.starts.registry import STARTS


def toy(counts, scatter, floor):
    \"\"\"Give all components the same variances.\"\"\"
    variances = np.diagonal(scatter.sum(axis=0)) / counts.sum()
    bounded = variances if (floor == 0).any() else np.maximum(variances, floor)
    return np.tile(np.diag(bounded), (len(counts), 1, 1))


@dataclass(frozen=True)
class Toy:
    \"\"\"Means at random rows.\"\"\"

    def __call__(self, x, k, rng):
        check_k(x, k)
        means = x[rng.permutation(len(x))[:k]]
        return Mixture(np.full(k, 1 / k), means, np.tile(total_covariance(x), (k, 1, 1)))


FAMILIES["toy"] = Family(
    lambda k, d: d, toy, axis_aligned=True, scale_invariant=True, text="Equal ellipsoids."
)
STARTS["toy"] = Toy
"""


@pytest.fixture
def registered():
    """Register the toys in this process, and forget them afterwards."""
    exec(TOY, {"__name__": "toys"})  # noqa: S102 - as a user's module would be run
    yield
    del FAMILIES["toy"], STARTS["toy"]


@pytest.mark.usefixtures("registered")
def test_toys_are_swept_and_listed(study, gmmpipe):
    settings = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.start=[toy,kmeans]")
    done = study(*settings, "sweep.covariance=[toy,EEI]", "sweep.k=1..2", "sweep.iteration=[40]")
    run = package.load(done.folder)
    rows = run.fits.set_index(["covariance", "start", "k", "seed"]).sort_index()
    assert set(run.fits["start"]) == {"toy", "kmeans"}
    np.testing.assert_array_equal(rows.loc["toy", "n_parameters"], rows.loc["EEI", "n_parameters"])
    ours, theirs = (rows.loc[name, "log_likelihood"] for name in ("toy", "EEI"))
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)  # they are the same family
    said = gmmpipe("list").out
    assert re.search(r"covariance:\n(  .*\n)*  toy +Equal ellipsoids\.\n", said)
    assert re.search(r"start:\n(  .*\n)*  toy +Means at random rows\.\n", said)


@pytest.mark.usefixtures("registered")
def test_what_a_toy_cannot_do_is_said(refused):
    refused("covariance.toy.x options", "show", "sweep.covariance=[toy]", "covariance.toy.x=1")
    refused("'toi' did you mean 'toy'", "show", "sweep.start=[toi]")


def test_toys_run_through_the_contract_tests(tmp_path):
    (tmp_path / "toys.py").write_text(TOY)
    files = ("test_family", "test_em_edges", "test_starts")
    options = ["-q", "-n", "0", "-p", "toys", "-p", "no:cacheprovider", "-k", "toy"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *(f"tests/mixture/{n}.py" for n in files)],
        cwd=TESTS.parent,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    passed = int(re.search(r"(\d+) passed", done.stdout)[1])
    assert passed > 15, done.stdout


def bars(file, name, kind):
    """Yield the columns of a text whose cells are parted by bars."""
    names, *rows = (line.split("|") for line in file.read().decode().splitlines())
    yield from read_rows(rows, name, kind, tuple(names))


@pytest.mark.usefixtures("project")
def test_a_data_format_is_known_by_its_ending(gmmpipe, monkeypatch):
    monkeypatch.setitem(FORMATS, "bars", Format((".bars",), bars, text=True))
    Path("cells.bars").write_text("u|v|group\n" + "1.5|2|a\n3.5|4|b\n2.5|3|a\n" * 5)
    said = gmmpipe("show", "--data", "cells.bars", "--label", "group")
    assert said.out.endswith("# cells.bars: 2 numeric columns\n"), said
    Path("cells.bar").touch()
    assert ".bars, or these with .gz" in gmmpipe("show", "--data", "cells.bar").out


LIKELIEST = """
from gmmpipe.results.tables import write_tables
from gmmpipe.store.artifacts import read_frame
from gmmpipe.store.layout import table
from gmmpipe.store.plan import Plan


def run(inputs, output, threads=1):
    plan = Plan.read(inputs[0])
    best = read_frame(table(plan.folder, "best"))
    likeliest = best.groupby("dataset")["log_likelihood"].max().reset_index()
    write_tables(output, {"likeliest": likeliest})
"""


@pytest.fixture
def with_a_stage(monkeypatch):
    """Register a stage before ``figures``, and the table that it makes."""
    module = ModuleType("gmmpipe.workflow.stages.likeliest")
    exec(LIKELIEST, module.__dict__)  # noqa: S102 - as a module of the package would be run
    monkeypatch.setitem(sys.modules, module.__name__, module)
    columns = (Column("dataset", "data set", type="text"), Column("log_likelihood", "", "nats"))
    note = "The likeliest fit."
    monkeypatch.setitem(TABLES, "likeliest", Table("likeliest", columns, note, stage="likeliest"))
    monkeypatch.setitem(RESOURCES, "likeliest", lambda *_: Resources(1e6, serial=1))
    stage = Stage(
        "likeliest", "find the likeliest fit", lambda plan, _: table_paths(plan, "evaluate"),
        lambda plan, _: table_paths(plan, "likeliest"), reads=STAGES["combine"].reads,
        target=STAGES["combine"].target,
    )  # fmt: skip
    stages = {}
    for name, each in STAGES.items():
        stages |= {"likeliest": stage, name: each} if name == "figures" else {name: each}
    with mock.patch.dict(STAGES, stages, clear=True):
        yield


@pytest.mark.usefixtures("with_a_stage")
def test_a_stage_is_listed_and_its_table_is_published(study, gmmpipe):
    few = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.covariance=[full]", "sweep.k=1..2")
    done = study(*few, "sweep.seed=[0]", "sweep.iteration=[5]")
    assert "stage: find the likeliest fit" in gmmpipe("--help").out
    run = package.load(done.folder)
    assert run.likeliest["log_likelihood"].tolist() == [run.best["log_likelihood"].max()]
    (path,) = table_paths(done, "likeliest")
    assert path in read_json(f"{done.folder}/manifest.json")["artifacts"]
    assert JobResources(done).runtime("likeliest")([], 1, 1) == 6

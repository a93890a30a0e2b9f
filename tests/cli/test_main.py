import json
import shutil
import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest
import yaml

from gmmpipe.cli import command
from gmmpipe.cli.commands import COMMANDS
from gmmpipe.config import load as config
from gmmpipe.config.schema import Fit
from gmmpipe.data.normalise import NORMALISERS
from gmmpipe.figures import FIGURES
from gmmpipe.mixture.diagnostics.criteria import CRITERIA
from gmmpipe.mixture.diagnostics.metrics import METRICS
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.starts.registry import STARTS
from gmmpipe.store import artifacts
from gmmpipe.workflow.pipeline import STAGES

HEAVY = ("numpy", "scipy", "pandas", "pyarrow", "matplotlib", "numba", "sklearn", "hydra")
HEAVY += ("omegaconf", "pydantic", "yaml", "snakemake")


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize(
    "code",
    [
        "import gmmpipe",
        "import gmmpipe; dir(gmmpipe)",
        "import gmmpipe.cli.main",
        "from gmmpipe.cli.main import main; main(['rnu'])",
        "from gmmpipe.cli.main import main; main(['run', '--nope'])",
        "from gmmpipe.cli.main import main; main(['fit', 'x.npz'])",
        "from gmmpipe.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass",
        "from gmmpipe.cli.main import main\ntry: main(['fit', '--help'])\nexcept SystemExit: pass",
    ],
)
def test_nothing_heavy_is_imported(code):
    loaded = python(f"{code}\nimport sys; print('\\n' + ' '.join(sys.modules))").splitlines()[-1]
    assert not {name.split(".")[0] for name in loaded.split()} & set(HEAVY)


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["rnu"], ["fit"]])
def test_help_and_usage_errors_load_little(arguments):
    """A hundred small modules take a tenth of a second, on a machine that does nothing else."""
    command = [sys.executable, "-X", "importtime", "-m", "gmmpipe", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 20 < done.stderr.count("import time:") < 150


@pytest.mark.parametrize("command", ["run", "show", "list", *COMMANDS, *STAGES])
def test_every_command_explains_itself(command, gmmpipe):
    answer = gmmpipe(command, "--help")
    assert answer.code == 0
    assert f"usage: gmmpipe {command}" in answer.out
    assert command in gmmpipe("--help").out


def test_public_names():
    import gmmpipe

    assert {"GaussianMixture", "load"} <= set(dir(gmmpipe))
    for name in gmmpipe.__all__:
        assert getattr(gmmpipe, name).__name__ == name
    with pytest.raises(AttributeError, match="nope"):
        _ = gmmpipe.nope


@pytest.mark.usefixtures("project")
def test_list_names_every_entry(gmmpipe):
    answer = gmmpipe("list")
    assert answer.code == 0
    groups, group = {}, ""
    for line in answer.out.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            group = line[:-1]
        else:
            groups.setdefault(group, {})[line.split()[0]] = line.split()[1:]
    assert set(FAMILIES) <= set(groups["covariance"])
    assert set(STARTS) <= set(groups["start"])
    assert set(NORMALISERS) <= set(groups["normaliser"])
    assert set(METRICS) | set(CRITERIA) <= set(groups["metric"])
    assert set(FIGURES) == set(groups["figure"])
    assert {"gmm", "sample", "iris", "blobs"} <= set(groups["dataset"])
    assert {f"fit.{option.name}" for option in fields(Fit)} == set(groups["key of fit"])
    assert {"default", "tutorial", "smoke", "convergence"} <= set(groups["experiment"])


def test_show_prints_yaml_that_composes(project, gmmpipe):
    chosen = ("experiment=tutorial", "fit.tol=1e-8", "sweep.k=1..3")
    answer = gmmpipe("show", *chosen)
    assert (answer.code, answer.err) == (0, "")
    shown = yaml.safe_load(answer.out)
    assert shown == config.load(project / "conf", chosen)
    text = "# @package _global_\n" + answer.out.split("\n", 1)[1]
    (project / "conf/experiment/shown.yaml").write_text(text)
    assert yaml.safe_load(gmmpipe("show", "experiment=shown").out) == {
        **shown,
        "experiment": "shown",
    }


def test_show_of_your_own_file(project, gmmpipe):
    (project / "b.csv").write_text("u,v,w\n1,2,a\n2,1,b\n")
    shown = yaml.safe_load(gmmpipe("show", "--data", "b.csv", "--label", "w", "--columns", "v").out)
    assert shown["sweep"]["dataset"] == ["b"]
    assert shown["dataset"]["b"]["label"] == "w"
    assert shown["dataset"]["b"]["columns"] == ["v"]
    assert not (project / "results").exists()


def test_settings_reach_your_own_file_wherever_they_stand(project, gmmpipe):
    (project / "数据.csv").write_text("u,v\n1,2\n2,1\n")  # no ASCII letter: the name is data
    words = (
        "sweep.k=1",
        "--data",
        "数据.csv",
        "dataset.data.missing=drop",
        "--label",
        "v",
        "fit.tol=1",
    )
    shown = yaml.safe_load(gmmpipe("show", *words).out)
    assert shown["dataset"]["data"]["missing"] == "drop"
    assert shown["dataset"]["data"]["label"] == "v"
    assert (shown["sweep"]["k"], shown["fit"]["tol"]) == ([1], 1)


def test_it_works_from_a_folder_inside(project, gmmpipe, monkeypatch):
    monkeypatch.chdir(project / "conf/dataset")
    assert yaml.safe_load(gmmpipe("show", "experiment=smoke").out)["experiment"] == "smoke"


@pytest.mark.usefixtures("project")
def test_stages_by_hand(gmmpipe):
    """generate -> normalise -> fit, files in and files out, no plan."""
    blobs = {"kind": "blobs", "n": 60, "k": 2, "seed": 3}
    assert gmmpipe("generate", "-o", "a/d.npz", "--config", json.dumps(blobs)).code == 0
    method = json.dumps({"method": "standard"})
    assert gmmpipe("normalise", "a/d.npz", "-o", "a/n.npz", "--config", method).code == 0
    settings = {"covariance": {"family": "tied"}, "start": {"method": "points"}}
    settings |= {"fit": {"tol": 0.0}, "k": [1, 2], "seed": [0, 1], "iteration": [0, 3]}
    artifacts.write_json("a/fit.json", settings)
    said = gmmpipe("fit", "a/n.npz", "-o", "a/f.npz", "--config", "a/fit.json")
    assert said.code == 0
    assert "k=2: best of 2 seeds" in said.out
    found = artifacts.read_arrays("a/f.npz")
    assert found["k"].tolist() == [1, 1, 2, 2]
    assert found["iteration"].tolist() == [0, 3]
    np.testing.assert_allclose(artifacts.read_arrays("a/n.npz")["x"].std(axis=0), 1)


def test_a_file_by_hand(project, gmmpipe):
    options = json.dumps({"kind": "file", "path": "data/gmm.data"})
    answer = gmmpipe("generate", "data/gmm.data", "-o", "d.npz", "--config", options)
    assert answer.code == 0
    assert "272 rows" in answer.out
    assert artifacts.read_arrays(project / "d.npz")["x"].shape == (272, 2)


def test_a_reader_that_leaves_is_no_traceback(project):
    arguments = [sys.executable, "-m", "gmmpipe", "list"]
    with subprocess.Popen(
        arguments, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as listing:
        listing.stdout.close()
        assert listing.stderr.read() == b""
        assert listing.wait() == 1


def test_a_version_that_brings_conf_is_no_project(project, monkeypatch):
    """Its Snakefile may be anybody's."""
    version = project / "results/theirs/v"
    shutil.copytree(project / "conf", version / "conf")
    for name in ("Snakefile", "manifest.json"):
        (version / name).touch()
    monkeypatch.chdir(version)
    assert command.project() == project

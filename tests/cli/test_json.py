"""What programs read: `--json`, `--version`, and no words with `--quiet`."""

import json
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pytest
from projects import TINY

import gmmpipe as package
from gmmpipe.config.load import load
from gmmpipe.results.printing import typeset

LATEST = "results/smoke/latest"


def test_version(gmmpipe):
    assert package.__version__ == version("gmmpipe")
    assert gmmpipe("--version") == (0, f"gmmpipe {version('gmmpipe')}\n", "")


@pytest.mark.usefixtures("project")
def test_one_kind_is_listed(gmmpipe, refused):
    listed = json.loads(gmmpipe("list", "--json").out)
    for kind in ("dataset", "experiment", "figure"):
        assert json.loads(gmmpipe("list", kind, "--json").out) == {kind: listed[kind]}
        lines = gmmpipe("list", kind).out.splitlines()
        assert lines[0] == f"{kind}:"
        assert [line.split()[0] for line in lines[1:]] == list(listed[kind])
    refused("KIND is 'datasets'; (did you mean 'dataset'?)", "list", "datasets")


@pytest.mark.usefixtures("project")
def test_the_configuration_as_json(gmmpipe):
    shown = json.loads(gmmpipe("show", "--json", "experiment=smoke").out)
    assert shown == load(Path("conf"), ["experiment=smoke"])


@pytest.mark.usefixtures("finished")
def test_results_as_json(gmmpipe, refused):
    rows = json.loads(gmmpipe("table", "fits", LATEST, "--json").out)
    fits = package.load(LATEST).fits
    assert [row["log_likelihood"] for row in rows] == list(fits["log_likelihood"])
    assert [row["covariance"] for row in rows] == list(fits["covariance"])
    assert len(json.loads(gmmpipe("table", "parameters", LATEST, "--json").out)[0]["mean"]) == 2

    told = json.loads(gmmpipe("verify", LATEST, "--json").out)
    assert (told["experiment"], told["wrong"]) == ("smoke", [])
    Path(LATEST, "report.html").write_text("")
    answer = gmmpipe("verify", LATEST, "--json")
    assert answer.code == 1
    assert "report.html: changed" in json.loads(answer.out)["wrong"][0]
    refused("--json --rerun", "verify", LATEST, "--json", "--rerun")

    compared = json.loads(gmmpipe("compare", LATEST, LATEST, "--json").out)
    assert all({"section", "before", "after"} <= set(row) for row in compared)


def test_what_json_has_no_number_for_is_null():
    frame = pd.DataFrame({"a": [1.5, float("nan"), float("inf")], "b": [True, None, "\u4e8c"]})
    assert json.loads(typeset(frame, "json")) == [
        {"a": 1.5, "b": True}, {"a": None, "b": None}, {"a": None, "b": "\u4e8c"}
    ]  # fmt: skip


@pytest.mark.usefixtures("finished")
def test_a_quiet_run_says_nothing_but_what_is_wrong(gmmpipe):
    assert gmmpipe("run", "--quiet", *TINY) == (0, "", "")
    answer = gmmpipe("run", "--quiet", *TINY, "sweep.k=0")
    assert (answer.code, answer.out) == (2, "")
    assert "sweep.k" in answer.err

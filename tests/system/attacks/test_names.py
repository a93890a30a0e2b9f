"""Names become parts of paths and of shell lines."""

import json
import re
from pathlib import Path

import pytest

from gmmpipe.config import load
from gmmpipe.errors import InputError
from gmmpipe.store import artifacts
from gmmpipe.store.names import NAME, STORED, file_name
from gmmpipe.store.plan import Plan
from gmmpipe.workflow import make_plan

ODD = ["{shell}", "$({shell})", "`{shell}`", "x'; {shell}; '", "x\n{shell}", "..", "../x", "/etc"]
ODD += ["-n", "a b", "a+b", "é", "x" * 65, "a\0b", "{{wildcard}}", "", ".hidden", "_x", "~root"]

JOB = {"covariance": {}, "start": {}, "fit": {}, "k": [1], "seed": [0], "iteration": [1]}
REPLICATES = {"covariance": {}, "refit": {}, "seed": 0, "replicates": [0], "kind": "weighted"}


@pytest.mark.usefixtures("no_job_starts")
@pytest.mark.parametrize(
    ("axis", "name"),
    [*(("dataset", name) for name in ODD), *((axis, ODD[0]) for axis in load.NAMED[1:])],
)
def test_no_odd_name_on_an_axis(axis, name, project, shell, refused):
    text = json.dumps(name.format(shell=shell))
    refused(f"sweep.{axis}", "run", f"sweep.{axis}=[{text}]")
    refused("", "run", f"sweep.{axis}=[{text}]", f"+{axis}={{{text}: {{kind: file, path: x}}}}")
    assert {path.name for path in project.glob("results/*")} <= {".lock", ".lock.jobs"}


def test_a_plus_is_for_registered_methods_alone(project):
    assert load.load(project / "conf", ["sweep.start=[kmeans++]"])["sweep"]["start"]
    (project / "conf/start/points++.yaml").write_text("method: points\n")
    with pytest.raises(InputError, match=r"points\+\+.*a name is"):
        load.load(project / "conf", ["sweep.start=[points++]"])


@pytest.mark.usefixtures("no_job_starts")
@pytest.mark.parametrize("name", ["x; {shell} #", "a b", "a=b,c", "..x"])
def test_no_odd_file_name_of_an_experiment(name, project, shell, refused):
    name = name.format(shell=shell.replace("/", "_"))
    path = project / f"conf/experiment/{name}.yaml"
    path.write_text("# @package _global_\nsweep: {k: [1]}\n")
    refused("experiment", "run", f"experiment={json.dumps(name)}")


def test_names_are_checked_again_as_wildcards(project):
    text = (project / "Snakefile").read_text()
    constraints = re.search(r"wildcard_constraints:\n((?:    .*\n)+)", text)[1]
    wildcards = set(re.findall(r'"\{(\w+)\}"', text))
    assert dict(re.findall(r"(\w+)=(\w+)", constraints)) == dict.fromkeys(wildcards, "STORED")
    for odd in [*ODD, "a/b", "x" * 300]:
        assert odd in {"a+b", "x" * 65} or not re.fullmatch(STORED, odd)
    assert NAME.pattern == "[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"


def test_names_that_together_are_no_file_name():
    with pytest.raises(InputError, match="shorter names"):
        file_name("x" * 240)


@pytest.mark.usefixtures("no_job_starts")
def test_long_names_are_refused_before_any_job(project, refused):
    for axis, text in (
        ("dataset", "kind: blobs"),
        ("normaliser", "method: none"),
        ("start", "method: points"),
        ("covariance", "family: full"),
    ):
        (project / f"conf/{axis}").mkdir(exist_ok=True)
        (project / f"conf/{axis}/{axis:x<64}.yaml").write_text(f"{text}\n")
    refused("shorter names", "run", *(f"sweep.{a}=[{a:x<64}]" for a in load.NAMED))


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("experiment",), "../../elsewhere"),
        (("version",), "../x"),
        (("fits",), {"../../../x-0": {"normalised": "n", "config": JOB, "seconds": 1}}),
        (("bootstrap",), {"b": {"normalised": "n", "fits": ["../x"], "config": REPLICATES}}),
        (("normalised",), {"n": {"data": "/etc/passwd", "config": {}}}),
        (("data",), {"d": {"dataset": "../../x", "config": {"seed": 1}, "n": 1, "d": 1}}),
    ],
)
@pytest.mark.usefixtures("project")
def test_a_forged_plan_leads_nowhere(where, value):
    path = Path(make_plan.make_plan(Path(), ["experiment=smoke"]).path)
    Plan.read(path)
    forged = json.loads(path.read_text())
    if isinstance(value, dict):
        value = {name: {"name": name, "seconds": 0, "memory": 0, **entry}
                 for name, entry in value.items()}  # fmt: skip
    forged[where[0]] = value
    artifacts.write_json(path, forged)  # with a valid checksum
    with pytest.raises(InputError, match="names no artifact"):
        Plan.read(path)


@pytest.mark.parametrize(
    ("where", "value", "words"),
    [
        ("data.*.n", "many", "data.*.n is 'many'"),
        ("data.*.n", None, "data.*.n is None"),
        ("data.*.d", 0, "data.*.d is 0"),
        ("data.*.dataset", None, "data.*.dataset is None"),
        ("data.*.source", {"path": "x"}, "data.*.source.sha256 is missing"),
        ("data.*", [], "data.* is []"),
        ("data", {}, "has no entry"),
        ("normalised.*.data", "other", "has no entry 'other'"),
        ("normalised.*.config", "x", "normalised.*.config is 'x'"),
        ("fits", [], "fits is []"),
        ("fits", {}, "some fits have no dataset"),
        ("fits.*.normalised", "other", "has no entry 'other'"),
        ("fits.*.config", {}, "fits.*.config.covariance is missing"),
        ("fits.*.config.k", [], "fits.*.config.k is []"),
        ("fits.*.config.k", "2", "fits.*.config.k is '2'"),
        ("fits.*.config.coordinates", {}, "some fits have no dataset"),
        ("fits.*.seconds", "long", "fits.*.seconds is 'long'"),
        ("config.sweep", {}, "config.sweep.dataset is missing"),
        ("config.sweep.k", [], "config.sweep.k is []"),
        ("config.fit", "fast", "config.fit is 'fast'"),
        ("config.figures", None, "config.figures is None"),
        ("config", None, "config is None"),
        ("experiment", 5, "5 names no artifact"),
        ("block", 5, "block is 5"),
    ],
)
@pytest.mark.usefixtures("project")
def test_a_plan_of_other_types_is_refused_in_a_line(where, value, words):
    path = Path(make_plan.make_plan(Path(), ["experiment=smoke"]).path)
    forged = json.loads(path.read_text())
    *parents, last = where.split(".")
    inner = forged
    for key in parents:
        inner = inner[next(iter(inner)) if key == "*" else key]
    inner[next(iter(inner)) if last == "*" else last] = value
    artifacts.write_json(path, forged)
    pattern = re.escape(words).replace(r"\*", r"[^ ]+")
    with pytest.raises(InputError, match=rf"^{re.escape(str(path))}: {pattern}"):
        Plan.read(path)

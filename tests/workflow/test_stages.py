"""The stages as they are declared, and the parameters of their jobs."""

import json
from importlib import import_module
from inspect import signature

import pytest

from gmmpipe.errors import InputError
from gmmpipe.results.tables import table_paths
from gmmpipe.store.jobs import FitJob, as_text, from_json
from gmmpipe.workflow.code_digest import ROOT
from gmmpipe.workflow.make_plan import make_plan
from gmmpipe.workflow.pipeline import STAGES
from gmmpipe.workflow.resources import RESOURCES

SWEEP = ("experiment=smoke", "sweep.dataset=[gmm,blobs]", "sweep.k=1..3", "sweep.iteration=[5]")
SWEEP += ("bootstrap.replicates=19", "bootstrap.max_k=1", "bootstrap.stability=3")


def test_every_stage_has_a_module_of_its_name_and_a_demand():
    for name, stage in STAGES.items():
        told = signature(import_module(f"gmmpipe.workflow.stages.{name}").run).parameters
        assert ("job" in told) == (stage.job is not None)
    homes = {path.stem for path in (ROOT / "workflow/stages").glob("[!_]*.py")}
    assert homes == set(STAGES)
    assert {*RESOURCES, "publish"} == set(STAGES)  # publishing is done where Snakemake itself runs


def test_a_stage_reads_what_earlier_ones_made(project):
    plan = make_plan(project, SWEEP)
    there = {plan.path, plan.origins}
    for stage in STAGES.values():
        names = stage.jobs(plan)
        assert names
        assert there.issuperset(path for name in names for path in stage.inputs(plan, name))
        there.update(path for name in names for path in stage.outputs(plan, name))
    assert there.issuperset([*plan.store, *table_paths(plan), plan.marker])


def test_without_a_bootstrap_nothing_is_combined(project):
    plan = make_plan(project, SWEEP[:4])
    assert {name for name, stage in STAGES.items() if not stage.jobs(plan)} == {
        "bootstrap",
        "combine",
    }


def test_a_job_comes_back_from_its_command_line(project):
    plan = make_plan(project, SWEEP)
    for stage in (stage for stage in STAGES.values() if stage.section):
        for name in stage.jobs(plan):
            text = stage.parameters(plan, name)
            job = from_json(stage.job, json.loads(text), "--config")
            assert isinstance(job, stage.job)
            assert as_text(job) == text


GIVEN = {"covariance": {}, "start": {}, "fit": {}, "k": [1], "seed": "0..3", "iteration": [5]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fit": 3}, r"--config\.fit is 3; input should be an object"),
        ({"seeds": [1]}, r"--config\.seeds is not a key.*did you mean --config\.seed\?"),
        ({"k": [True]}, r"--config\.k\.0 is True; input should be a valid integer"),
    ],
)
def test_parameters_by_hand_that_are_wrong(change, words):
    assert from_json(FitJob, GIVEN, "--config").seed == [0, 1, 2, 3]
    with pytest.raises(InputError, match=words):
        from_json(FitJob, {**GIVEN, **change}, "--config")
    with pytest.raises(InputError, match=r"--config\.start is missing; --config needs"):
        from_json(FitJob, {k: v for k, v in GIVEN.items() if k != "start"}, "--config")

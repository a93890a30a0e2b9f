from pathlib import Path

import pytest

from gmmpipe.config import load, origins
from gmmpipe.store import artifacts
from gmmpipe.store.dotted import flat
from gmmpipe.workflow import make_plan


@pytest.fixture
def traced(project):
    def trace(*overrides: str, own: dict[str, object] | None = None) -> dict[str, str]:
        settled = load.load(project / "conf", overrides, own)
        found = origins.origins(project / "conf", overrides, own, settled)
        assert list(found) == [key for key, _ in flat(settled)]
        return found

    return trace


def test_a_value_comes_from_the_last_file_that_sets_it(traced):
    found = traced("experiment=tutorial")
    assert found["experiment"] == "override"
    assert found["fit.regularisation"] == "conf/fit/plain.yaml"
    assert found["sweep.k"] == "conf/experiment/tutorial.yaml"
    assert found["figures.names"] == "conf/figures/tutorial.yaml"
    assert found["figures.dpi"] == "default"
    assert found["dataset.gmm.kind"] == "conf/dataset/gmm.yaml"
    assert found["bootstrap.replicates"] == "conf/config.yaml"


def test_without_any_choice_all_comes_from_files_or_is_default(traced):
    found = traced()
    assert found["experiment"] == "conf/config.yaml"
    assert found["sweep.iteration"] == "conf/sweep/default.yaml"
    assert found["start.mixed.method"] == "default"  # a method without a file
    assert "override" not in found.values()


def test_an_override_wins_over_every_file(traced):
    found = traced("experiment=selection", "fit.tol=1e-3", "sweep.fit.reg_covar=[0,1e-6]")
    assert found["fit.tol"] == "override"
    assert found["fit.regularisation"] == "default"
    assert found["sweep.fit.reg_covar"] == "override"
    assert found["fit.reg_covar"] == "default"


def test_the_option_of_a_named_entry_may_be_set_in_three_places(traced, project):
    (project / "conf/experiment/mine.yaml").write_text(
        "# @package _global_\nsweep:\n  dataset: [blobs]\ndataset:\n  blobs:\n    n: 50\n"
    )
    found = traced("experiment=mine", "dataset.blobs.separation=4")
    assert found["dataset.blobs.n"] == "conf/experiment/mine.yaml"
    assert found["dataset.blobs.separation"] == "override"
    assert found["dataset.blobs.kind"] == "conf/dataset/blobs.yaml"


def test_an_entry_that_stands_alone_owes_nothing_to_the_file_of_its_name(traced):
    found = traced("sweep.dataset=[gmm]", "dataset.gmm={kind: bundled, name: iris}")
    ours = {key: where for key, where in found.items() if key.startswith("dataset.gmm.")}
    assert ours.pop("dataset.gmm.drop_constant") == "default"
    assert set(ours.values()) == {"override"}


def test_your_own_file_comes_from_the_command_line(traced, project):
    (project / "mine.csv").write_text("a,b,c\n1,2,x\n2,3,y\n4,5,x\n")
    own = {"path": "mine.csv", "label": "c"}
    found = traced("sweep.k=[1]", own=own)
    assert found["dataset.mine.path"] == found["sweep.dataset"] == "--data"
    assert found["dataset.mine.label"] == "--label"
    assert found["dataset.mine.missing"] == "default"


@pytest.mark.usefixtures("project")
def test_the_call_is_kept_beside_the_plan_and_is_no_part_of_the_version():
    plain = make_plan.make_plan(Path(), ["experiment=smoke"])
    before = artifacts.read(plain.path)
    same = make_plan.make_plan(Path(), ["experiment=smoke", "sweep.k=1..3"])
    assert (same.version, artifacts.read(same.path)) == (plain.version, before)
    told = artifacts.read_json(same.origins)
    assert told["overrides"] == ["experiment=smoke", "sweep.k=1..3"]
    assert told["origins"]["sweep.k"] == "override"
    assert told["own"] is None

from pathlib import Path

import pytest

from gmmpipe.config import load, origins
from gmmpipe.config.origins import call_of
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
def test_a_version_has_one_call_however_it_was_typed():
    plain = make_plan.make_plan(Path(), ["experiment=smoke"])
    call = artifacts.read_json(plain.origins)
    again = ["experiment=smoke", "sweep.k=[1,2,3]", "block.target_seconds=7"]
    same = make_plan.make_plan(Path(), again)
    assert (same.version, artifacts.read_json(same.origins)) == (plain.version, call)
    assert (call["overrides"], call["own"]) == (["experiment=smoke"], None)
    assert call["origins"]["sweep.k"] == "conf/experiment/smoke.yaml"


CALLS = [
    ([], []),
    (["experiment=default"], []),
    (["fit.tol=1e-4", "fit.tol=1e-6", "sweep.k=[2,3,4]"], ["sweep.k=2..4", "fit.tol=1e-06"]),
    (["sweep.dataset=[blobs]", "dataset.blobs.separation=4"], None),
    (["experiment=tutorial", "sweep.seed=[0,3]"], ["experiment=tutorial", "sweep.seed=[0,3]"]),
    (["sweep.fit.tol=[0,1e-6]", "fit=plain"], ["fit=plain", "sweep.fit.tol=[0,1e-06]"]),
    (["fit=plain", "fit=fixed"], []),
    (["dataset.mine={kind: bundled, name: iris}", "sweep.dataset=[mine]"], None),
    (["bootstrap.replicates=199"], None),
]


@pytest.mark.parametrize(("typed", "expected"), CALLS)
def test_the_canonical_call_gives_the_same_configuration(project, typed, expected):
    config = load.load(project / "conf", typed)
    (overrides, _), _ = call_of(project / "conf", typed, None, config)
    assert load.load(project / "conf", overrides) == config
    assert call_of(project / "conf", overrides, None, config)[0][0] == overrides
    if expected is not None:
        assert sorted(overrides) == sorted(expected)


def test_options_of_your_own_file_are_typed_in_one_way(project):
    (project / "mine.csv").write_text("a,b,c\n1,2,x\n2,3,y\n4,5,x\n")
    expected = {"path": "mine.csv", "label": "c"}
    for own, typed in (
        ({"path": "mine.csv", "label": "c", "delimiter": "auto"}, ["sweep.k=[1]"]),
        ({"path": "mine.csv"}, ["dataset.mine.label=c", "sweep.k=1"]),
    ):
        config = load.load(project / "conf", typed, own)
        call, _ = call_of(project / "conf", typed, own, config)
        assert call == (["sweep.k=[1]"], expected)

"""A project's few files over the packaged conf/."""

from pathlib import Path

import pytest

from gmmpipe.config.load import choices, load
from gmmpipe.config.origins import origins
from gmmpipe.errors import InputError
from gmmpipe.store.packaged import PROJECT
from gmmpipe.workflow.make_plan import make_plan

MINE = """# @package _global_
# My own.
sweep: {dataset: [flowers], covariance: [full], start: [mine], k: 1..2, seed: [0], iteration: [5]}
"""


@pytest.fixture
def few(tmp_path, monkeypatch):
    """Return the conf/ of a project with an experiment, a data set and a start."""
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "experiment/mine": MINE,
        "dataset/flowers": "# Of the garden.\nkind: blobs\nk: 2\n",
        "start/mine": "method: kmeans\nmax_iter: 7\n",
    }.items():
        path = Path("conf", f"{name}.yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Path("conf")


def test_few_files_are_enough(few):
    config = load(few, ["experiment=mine"])
    assert config["start"]["mine"] == {"method": "kmeans", "max_iter": 7, "tol": 0.001}
    where = origins(few, ["experiment=mine"], None, config)
    assert where["start.mine.max_iter"] == "conf/start/mine.yaml"
    assert where["sweep.k"] == "conf/experiment/mine.yaml"
    assert where["sweep.normaliser"] == "packaged conf/sweep/default.yaml"


def test_own_and_packaged_are_listed_together(few):
    listed = choices(few)
    assert listed["dataset"]["flowers"] == "Of the garden."
    assert "gmm" in listed["dataset"]
    assert list(listed["experiment"]) == sorted(listed["experiment"])
    assert {"mine", "smoke"} < set(listed["experiment"])


def test_an_own_file_goes_before_the_packaged_one_of_its_name(few):
    (few / "experiment/smoke.yaml").write_text(MINE.replace("1..2", "3"))
    assert load(few, ["experiment=smoke"])["sweep"]["k"] == [3]
    assert load(few, ["experiment=default"])["sweep"]["k"] != [3]


def test_the_default_experiment_may_be_an_own_one(few):
    text = (PROJECT / "conf/config.yaml").read_text()
    (few / "config.yaml").write_text(text.replace("experiment: default", "experiment: mine"))
    config = load(few)
    assert config["experiment"] == "mine"
    assert origins(few, [], None, config)["experiment"] == "conf/config.yaml"


def test_packaged_data_is_found_without_a_copy(few):
    plan = make_plan(Path(), ["experiment=mine", "sweep.dataset=gmm"])
    data = next(iter(plan.data_sets.values()))
    assert (data.n, data.source.path) == (272, "data/gmm.data")
    assert str(PROJECT) not in Path(plan.path).read_text()
    assert few.is_dir()


@pytest.mark.parametrize("text", ["_target_: os.system\n", "kind: ${oc.env:HOME}\n"])
def test_what_is_refused_in_a_whole_conf_is_refused_in_a_few_files(few, text):
    (few / "dataset/bad.yaml").write_text(text)
    with pytest.raises(InputError, match=r"conf/dataset/bad\.yaml"):
        load(few, ["experiment=mine"])

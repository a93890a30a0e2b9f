import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gmmpipe.config import load as config
from gmmpipe.config import schema
from gmmpipe.data.user_file import dataset_name
from gmmpipe.errors import InputError
from gmmpipe.figures import FIGURES
from gmmpipe.mixture.families.containment import ALIASES
from gmmpipe.store.names import is_name

CONF = Path(__file__).parents[2] / "conf"
EXPERIMENTS = sorted(path.stem for path in (CONF / "experiment").glob("*.yaml"))
FILES = [(axis, p.stem) for axis in config.NAMED for p in sorted((CONF / axis).glob("*.yaml"))]
NEEDS = {  # options that an entry cannot do without
    "file": ["dataset.new.path=data/gmm.data"],
    "mixture": [
        "dataset.new.means=[[0],[1]]",
        "dataset.new.covariances=[1,1]",
        "dataset.new.counts=[5,5]",
    ],
    "bundled": ["dataset.new.name=iris"],
    "given": ["start.given.means=[[0],[1]]"],
}


def load(*overrides, own=None):
    return config.load(CONF, overrides, own)


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_is_valid_plain_and_named(experiment):
    found = load(f"experiment={experiment}")
    assert found["experiment"] == experiment
    assert json.loads(json.dumps(found)) == found
    assert yaml.safe_load(yaml.safe_dump(found)) == found
    assert list(found["sweep"])[:7] == [*config.NAMED, "k", "seed", "iteration"]


def test_the_default_experiment_is_what_is_promised():
    sweep = load()["sweep"]
    assert sweep["dataset"] == ["gmm", "sample"]
    assert sweep["normaliser"] == ["minmax"]
    assert sweep["covariance"] == ["full", "tied", "diag", "spherical"]
    assert sweep["start"] == ["uniform", "mixed"]
    assert sweep["k"] == [1, 2, 3, 4, 5, 6]
    assert sweep["seed"] == list(range(10))
    assert sweep["iteration"] == [1, 5, 10, 20, 50, 100, 1000]


def test_the_tutorial_uses_no_regularisation_and_runs_all_iterations():
    found = load("experiment=tutorial")
    numbers = [found["fit"][key] for key in ("tol", "regularisation", "reg_covar")]
    assert numbers == [0, 0, 0]
    assert found["sweep"]["seed"] == list(range(100))
    assert found["sweep"]["iteration"] == [100]


@pytest.mark.parametrize(
    ("group", "name"),
    [(g, path.stem) for g in ("fit", "figures") for path in sorted((CONF / g).glob("*.yaml"))],
)
def test_every_file_of_a_group_is_valid(group, name):
    assert load(f"{group}={name}")[group].keys() == load()[group].keys()


@pytest.mark.parametrize(("axis", "name"), FILES)
def test_every_file_of_an_axis_is_valid(axis, name):
    assert list(load(f"sweep.{axis}=[{name}]")[axis]) == [name]


@pytest.mark.parametrize("axis", ["normaliser", "covariance", "start"])
def test_every_registered_method_needs_no_file(axis, project):
    key, registry = schema.REGISTRIES[axis]
    for path in (project / "conf" / axis).glob("*.yaml"):
        path.unlink()
    for name in registry:
        found = config.load(project / "conf", [f"sweep.{axis}=[{name}]", *NEEDS.get(name, [])])
        assert found[axis][name][key] == name


@pytest.mark.parametrize("kind", schema.REGISTRIES["dataset"][1])
def test_every_kind_of_data_set_can_be_described_on_the_spot(kind):
    needs = NEEDS.get(kind, [])
    found = load("sweep.dataset=new", f"dataset.new.kind={kind}", *needs)
    assert found["dataset"]["new"]["kind"] == kind


def test_every_figure_is_accepted_by_name():
    names = ",".join(FIGURES)
    assert load(f"figures.names=[{names}]")["figures"]["names"] == list(FIGURES)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("3", [3]),
        ("1..6", [1, 2, 3, 4, 5, 6]),
        ("4..4", [4]),
        ("[5,1..3]", [1, 2, 3, 5]),
        ("[3,1,2]", [1, 2, 3]),
    ],
)
def test_numbers_and_ranges(text, values):
    assert load(f"sweep.k={text}")["sweep"]["k"] == values


@settings(max_examples=50)
@given(st.sets(st.integers(0, 400), min_size=1, max_size=20), st.randoms())
def test_an_axis_is_a_set_of_numbers(numbers, random):
    mixed = list(numbers)
    random.shuffle(mixed)
    assert schema.whole_numbers("seed", mixed, 0, 400) == sorted(numbers)
    low, high = min(numbers), max(numbers)
    assert schema.whole_numbers("seed", f"{low}..{high}", 0, 400) == list(range(low, high + 1))


@settings(max_examples=50)
@given(st.one_of(st.floats(), st.text(max_size=8), st.booleans(), st.none(), st.just([])))
def test_an_axis_is_nothing_else(value):
    if isinstance(value, str) and ".." in value:
        return
    with pytest.raises(InputError, match=r"^sweep\.k "):
        schema.whole_numbers("sweep.k", value, 1, 9)


def test_options_of_an_entry_may_be_set_and_the_rest_stays():
    before = load("sweep.dataset=blobs")["dataset"]["blobs"]
    after = load("sweep.dataset=blobs", "dataset.blobs.separation=3")["dataset"]["blobs"]
    assert after == {**before, "separation": 3.0}
    assert before["separation"] != 3


def test_only_entries_in_use_are_kept():
    found = load("start.points={}", "dataset.blobs.k=7")
    assert "points" not in found["start"]
    assert "blobs" not in found["dataset"]


def test_settings_on_the_command_line_beat_the_experiment():
    found = load("experiment=tutorial", "sweep.seed=[7]", "fit.tol=1e-3", "fit=converged")
    assert found["sweep"]["seed"] == [7]
    assert found["fit"]["tol"] == 1e-3
    assert found["fit"]["regularisation"] == 1e-6


def test_a_file_may_write_numbers_as_people_do(project):
    text = "kind: blobs\nseparation: 1e1\neccentricity: 2\n"
    (project / "conf/dataset/far.yaml").write_text(text)
    assert (
        config.load(project / "conf", ["sweep.dataset=far"])["dataset"]["far"]["separation"] == 10
    )


def test_an_outer_axis_spans_the_points():
    found = load("sweep.fit.tol=[0,1e-6]", "sweep.dataset=blobs", "sweep.dataset.blobs.k=[2,3]")
    points = list(config.points(found))
    assert [(at["fit.tol"], at["dataset.blobs.k"]) for at, _ in points] == [
        (0, 2),
        (0, 3),
        (1e-6, 2),
        (1e-6, 3),
    ]
    for at, there in points:
        assert there["fit"]["tol"] == at["fit.tol"]
        assert there["dataset"]["blobs"]["k"] == at["dataset.blobs.k"]
    assert found["fit"]["tol"] == 0


def test_without_outer_axes_there_is_one_point():
    found = load()
    ((at, there),) = config.points(found)
    assert at == {}
    assert there == found


def test_what_was_composed_composes_to_itself(project):
    """The config.yaml of a version, given back as an experiment, is that version."""
    settings_ = ["sweep.fit.tol=[0,1e-6]", "start.kmeans.max_iter=7", "figures.names=[selection]"]
    found = config.load(project / "conf", settings_)
    text = yaml.safe_dump({k: v for k, v in found.items() if k != "experiment"})
    (project / "conf/experiment/again.yaml").write_text("# @package _global_\n" + text)
    again = config.load(project / "conf", ["experiment=again"])
    assert again == {**found, "experiment": "again"}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("flowers.csv", "flowers"),
        ("/a b/my flowers (2).csv.gz", "my_flowers__2_"),
        ("_x.y.npy", "x"),
        ("é1.csv", "1"),
        ("a" * 99 + ".csv", "a" * 48),
    ],
)
def test_a_data_set_is_named_after_its_file(path, name):
    assert dataset_name(path) == name
    assert is_name(name)


def test_your_own_files_run_the_experiment_made_for_them_under_their_names():
    found = load(own={"path": ["data/gmm.data", "b/x.csv"], "label": "2"})
    assert found["experiment"] == "gmm-x"
    assert found["sweep"]["dataset"] == ["gmm", "x"]
    assert [entry["label"] for entry in found["dataset"].values()] == ["2", "2"]
    assert (found["fit"]["tol"], found["sweep"]["k"]) == (1e-8, [*range(1, 10)])
    named = load("experiment=smoke", own={"path": "data/gmm.data", "name": "mine"})
    assert (named["experiment"], named["sweep"]["k"]) == ("mine", [1, 2, 3])


def test_your_own_file_is_the_only_data_set():
    found = load(own={"path": "data/gmm.data", "label": "2", "columns": ["1"]})
    assert found["sweep"]["dataset"] == ["gmm"]
    assert found["dataset"]["gmm"]["label"] == "2"
    assert found["dataset"]["gmm"]["columns"] == ["1"]
    assert found["dataset"]["gmm"]["names"] is None  # nothing of conf/dataset/gmm.yaml


@pytest.mark.parametrize(
    ("value", "words"),
    [("1:4", "base 60; a range is 1..4"), ("1:30:00", "base 60"), ("010", "octal; write 10")],
)
def test_numbers_to_another_base_are_refused(project, value, words):
    file = project / "conf/experiment/mine.yaml"
    file.write_text(f"# @package _global_\nsweep:\n  k: [{value}]\n")
    with pytest.raises(InputError, match=f"mine.yaml: line 3: to YAML {value} is .*{words}"):
        config.load(project / "conf", ["experiment=mine"])
    file.write_text(f"# @package _global_\nfigures:\n  names: ['{value}']\n")
    with pytest.raises(InputError, match=f"figures.names is '{value}'"):
        config.load(project / "conf", ["experiment=mine"])


def test_choices_name_everything_with_its_purpose():
    found = config.choices(CONF)
    for axis, name in FILES:
        assert found[axis][name]
    assert set(found["experiment"]) == set(EXPERIMENTS)
    for axis in ("normaliser", "covariance", "start"):
        registry = schema.REGISTRIES[axis][1]
        assert set(registry) <= set(found[axis])
        names = [name for name in registry if registry[name] is not registry.get(ALIASES.get(name))]
        assert len({found[axis][name] for name in names}) == len(names)  # each has its own words

import cProfile
import json
import pstats
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmmpipe.data import source
from gmmpipe.errors import InputError
from gmmpipe.store import artifacts
from gmmpipe.store.entries import DataSet
from gmmpipe.store.plan import Plan
from gmmpipe.workflow import make_plan
from gmmpipe.workflow.grid import TARGET_SECONDS

BASE = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.covariance=[full]", "sweep.seed=0..9")
FULL = {"family": "full"}


def plan_of_settings(project, *overrides, own=None):
    return make_plan.make_plan(project, overrides, own)


def blocks(ks, seeds, *, n=272, d=2, family="full", steps=(100,), target=TARGET_SECONDS):
    """Return the blocks of one (data set, family, start) of a sweep."""
    at = {"dataset": "x", "normaliser": "none", "covariance": family, "start": "points"}
    there = {
        "sweep": {"k": list(ks), "seed": list(seeds), "iteration": list(steps)},
        "covariance": {family: {"family": family}},
        "start": {"points": {"method": "points"}},
        "fit": {"tol": 0.0},
        "block": {"target_seconds": target},
    }
    return list(make_plan.blocks("x.none-0", DataSet(name="x", dataset="x", n=n, d=d), at, there))


def cells(found):
    return [(k, s) for b in found for k in b.config.k for s in b.config.seed]


@settings(max_examples=50)
@given(
    ks=st.sets(st.integers(1, 60), min_size=1, max_size=20),
    seeds=st.sets(st.integers(0, 300), min_size=1, max_size=60),
    shape=st.tuples(st.sampled_from([60, 1000, 100_000, 10_000_000]), st.sampled_from([1, 2, 30])),
    steps=st.sampled_from([(1,), (10, 500)]),
    target=st.sampled_from([0.05, 30.0, 600.0, 86_400.0]),
)
def test_blocks_part_the_sweep_into_tiles(ks, seeds, shape, steps, target):
    like = {"n": shape[0], "d": shape[1], "steps": steps, "target": target}
    found = blocks(sorted(ks), sorted(seeds), **like)
    held = cells(found)
    assert sorted(held) == sorted((k, s) for k in ks for s in seeds)
    names = [block.name for block in found]
    assert len(set(names)) == len(names)
    for block in found:
        size = len(block.config.k) * len(block.config.seed)
        assert size <= max(1024 * target / TARGET_SECONDS, 16)  # K that share a tile
        assert size == 1 or block.seconds <= target
    assert found == blocks(sorted(ks), sorted(seeds), **like)


@settings(max_examples=50)
@given(
    k=st.integers(1, 20),
    seed=st.integers(0, 200),
    new=st.sampled_from(["k", "seed"]),
    n=st.sampled_from([272, 20_000, 10_000_000]),
)
def test_a_sweep_that_grows_leaves_full_blocks_as_they_are(k, seed, new, n):
    """Whatever the extent: at most the tiles that the new cells fall into are made anew."""
    ks, seeds = range(1, k + 1), range(seed + 1)
    more = range(1, k + 1 + (new == "k")), range(seed + 1 + (new == "seed"))
    old, grown = blocks(ks, seeds, n=n), blocks(*more, n=n)
    fresh = {b.name: b for b in grown if b.name not in {b.name for b in old}}
    added = set(cells(grown)) - set(cells(old))
    assert added <= set(cells(fresh.values()))
    for block in fresh.values():
        assert added & set(cells([block]))  # nothing is refitted but what shares a tile
    if n == 272:  # cheap fits: tiles of 16 K, and of as many seeds as make 1024 fits of the K there
        seeds_wide = 1024 >> (k % 16).bit_length()
        assert len(fresh) == (1 + (k - 1) // 16 if new == "seed" else 1 + seed // seeds_wide)


def test_with_automatic_restarts_one_block_has_all_seeds_of_a_k(project):
    auto = [*BASE, "sweep.k=1..20", "fit.restarts=auto", "fit.most_seeds=3000"]
    found = plan_of_settings(project, *auto).fit_blocks.values()
    assert sorted(k for b in found for k in b.config.k) == list(range(1, 21))
    assert all(b.config.seed == list(range(10)) for b in found)
    assert all(b.config.fit["most_seeds"] == 3000 for b in found)
    fixed = plan_of_settings(project, *BASE).fit_blocks
    assert (
        plan_of_settings(project, *BASE, "fit.target=0.01").fit_blocks == fixed
    )  # it has no effect


def test_ten_thousand_seeds_of_one_k_are_ten_blocks():
    assert len(blocks([2], range(10_000))) == 10


def test_a_million_fits_are_few_jobs_on_a_cluster():
    assert len(blocks([1, 2, 3, 4], range(250_000), target=600.0)) < 100


def test_many_snapshots_of_large_mixtures_do_not_fill_the_memory():
    """Minutes of small fits in 30 features, 20 counts each, would be dozens of gigabytes."""
    found = blocks([10], range(20_000), d=30, steps=tuple(range(5, 105, 5)), target=3600.0)
    assert max(block.memory for block in found) < 3e9
    assert len(found) < 200


def test_a_large_fit_is_a_block_of_its_own():
    found = blocks([1, 2, 3], range(4), n=50_000_000, d=30)
    assert len(found) == 12


NEUTRAL = ["sweep.seed=0..9", "sweep.k=[3,2,1]", "fit.tol=0", "+fit.tol=0.0", "start.points={}"]
GROWN = {  # -> new blocks
    "sweep.seed=0..10": 1,
    "sweep.seed=0..256": 2,
    "sweep.k=1..4": 1,
    "sweep.k=[1,2,3,17]": 1,
    "sweep.covariance=[full,tied]": 1,
    "sweep.start=[kmeans,points]": 1,
    "sweep.dataset=[gmm,sample]": 1,
    "sweep.normaliser=[minmax,none]": 1,
}
CHANGED = [
    "fit.tol=1e-6",
    "fit.regularisation=1e-5",
    "fit.reg_covar=1e-3",
    "sweep.iteration=[1,10,20]",
    "start.kmeans.max_iter=9",
    "dataset.gmm.columns=[2]",
    "dataset.gmm.missing=drop",
]


@pytest.mark.parametrize("change", NEUTRAL)
def test_what_says_the_same_is_the_same_version(change, project):
    before, after = plan_of_settings(project, *BASE), plan_of_settings(project, *BASE, change)
    assert (before.path, before) == (after.path, after)


@pytest.mark.parametrize("change", GROWN)
def test_a_grown_sweep_adds_blocks(change, project):
    before, after = plan_of_settings(project, *BASE), plan_of_settings(project, *BASE, change)
    assert before.version != after.version
    fresh = set(after.fit_blocks) - set(before.fit_blocks)
    gone = set(before.fit_blocks) - set(after.fit_blocks)
    assert len(fresh) == GROWN[change]
    assert len(gone) <= 1
    assert set(before.data_sets) <= set(after.data_sets)
    assert set(before.normalised_data) <= set(after.normalised_data)
    assert plan_of_settings(project, *BASE) == before


@pytest.mark.parametrize("change", CHANGED)
def test_a_changed_setting_changes_every_block_and_the_version(change, project):
    before, after = plan_of_settings(project, *BASE), plan_of_settings(project, *BASE, change)
    assert before.version != after.version
    assert not set(before.fit_blocks) & set(after.fit_blocks)
    assert (set(before.data_sets) == set(after.data_sets)) == ("dataset." not in change)


@pytest.mark.parametrize("change", ["block.target_seconds=600", "block.alike=true"])
def test_how_the_work_is_cut_is_no_part_of_a_version(change, project):
    before, after = plan_of_settings(project, *BASE), plan_of_settings(project, *BASE, change)
    assert before.version == after.version
    assert before.config == after.config
    assert (set(before.fit_blocks) == set(after.fit_blocks)) == ("alike" in change)


def test_figures_change_the_version_but_no_block(project):
    before, after = (
        plan_of_settings(project, *BASE),
        plan_of_settings(project, *BASE, "figures.dpi=100"),
    )
    assert before.version != after.version
    assert set(before.fit_blocks) == set(after.fit_blocks)


def test_a_changed_byte_of_the_data_changes_everything_and_going_back_nothing(project):
    data = project / "data/gmm.data"
    text = data.read_text()
    before = plan_of_settings(project, *BASE)
    data.write_text(text.replace("3.600000", "3.600001", 1))
    after = plan_of_settings(project, *BASE)
    assert before.version != after.version
    for stage in ("data", "normalised", "fits"):
        assert not set(before.entries(stage)) & set(after.entries(stage))
    data.write_text(text)
    assert plan_of_settings(project, *BASE) == before


def test_the_same_content_elsewhere_is_the_same_data(project, tmp_path):
    shutil.copy(project / "data/gmm.data", tmp_path / "gmm.data")
    rest = [text for text in BASE if not text.startswith("sweep.dataset")]
    near = plan_of_settings(project, *rest, own={"path": "data/gmm.data"})
    far = plan_of_settings(project, *rest, own={"path": str(tmp_path / "gmm.data")})
    assert set(near.fit_blocks) == set(far.fit_blocks)
    assert near.version == far.version


def test_a_plan_that_is_the_same_is_not_written_again(project):
    path = project / plan_of_settings(project, *BASE).path
    before = path.stat()
    plan_of_settings(project, *BASE)
    after = path.stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_a_plan_is_readable_and_names_say_what_they_hold(project):
    study = plan_of_settings(project, *BASE)
    assert json.loads((project / study.path).read_text()) == study.to_json()
    assert Plan.read(project / study.path) == study
    (block,) = study.fit_blocks
    assert block.startswith("gmm.minmax.full.kmeans.k1-16.s0-255-")
    assert study.job("fits", block) == json.dumps(
        json.loads(study.job("fits", block)), sort_keys=True
    )


def test_the_largest_block_goes_into_a_command_line(project):
    """Linux takes no argument of 128 KiB, and a shell command is one."""
    sweep = ("sweep.dataset=gmm", "sweep.k=[1]", "sweep.seed=1000000..1070000")
    study = plan_of_settings(project, *BASE, *sweep, "block.target_seconds=3600")
    assert max(len(b.config.seed) for b in study.fit_blocks.values()) > 30_000
    assert all(len(study.job("fits", block)) < 2_000 for block in study.fit_blocks)


@pytest.mark.parametrize(
    "sweep",
    [
        ["sweep.seed=0..99", "sweep.k=1..20", "sweep.covariance=[full,tied,diag,spherical]"],
        ["sweep.seed=0..416"],
        ["sweep.dataset=[digits,breast_cancer]", "sweep.seed=0..249", "sweep.k=1..10"],
    ],
)
def test_ten_thousand_cells_are_few_jobs_planned_soon(sweep, project):
    arguments = (project, "experiment=smoke", "sweep.normaliser=none", *sweep)
    profile = cProfile.Profile()
    study = profile.runcall(plan_of_settings, *arguments)
    assert pstats.Stats(profile).total_calls < 3 * 10**6  # a few seconds; of one cell 10**6
    n_cells = 1
    for values in study.config["sweep"].values():
        n_cells *= len(values)
    assert n_cells >= 10_000
    jobs = sum(len(study.entries(stage)) for stage in ("data", "normalised", "fits")) + 5
    assert jobs < 60


def test_the_default_experiment_is_at_most_25_jobs(project):
    study = plan_of_settings(project)
    assert sum(len(study.entries(stage)) for stage in ("data", "normalised", "fits")) + 5 <= 25


def test_every_point_of_an_outer_axis_has_its_own_blocks(project):
    study = plan_of_settings(project, *BASE, "sweep.fit.tol=[0,1e-6]")
    assert study.outer == ["fit.tol"]
    assert [b.config.fit["tol"] for b in study.fit_blocks.values()] == [0, 1e-6]
    assert [at["fit.tol"] for _, at in study.cases()] == [0, 1e-6]
    assert len(study.data_sets) == len(study.normalised_data) == 1
    generated = plan_of_settings(
        project, "sweep.dataset=blobs", "sweep.dataset.blobs.separation=[1,2]"
    )
    assert len(generated.data_sets) == 2
    assert len(set(generated.drawn.values())) == 2


def test_more_components_than_rows_are_refused(project):
    with pytest.raises(InputError, match=r"sweep\.k holds 101, but data set sample has 100 rows"):
        plan_of_settings(project, "experiment=smoke", "sweep.k=[1,101]")


def test_snakemake_settings_are_the_same_plan(project, monkeypatch):
    monkeypatch.chdir(project)
    settings_ = {"experiment": "smoke", "overrides": list(BASE[1:])}
    planned = make_plan.from_snakemake(settings_, main=True)
    assert artifacts.read_json(planned.path) == plan_of_settings(project, *BASE).to_json()
    assert make_plan.from_snakemake(settings_, main=False) == planned


@pytest.mark.parametrize(
    ("settings_", "words"),
    [
        ({"experimnt": "smoke"}, "--config key is 'experimnt'.*did you mean 'experiment'"),
        ({"overrides": "fit.tol=1"}, r"overrides is 'fit\.tol=1'; give a list"),
        ({"overrides": [3]}, r"overrides is \[3\]"),
        ({"experiment": True}, "experiment is True"),
        ({"label": "x"}, "give --data"),
        ({"target_seconds": 0}, r"block\.target_seconds is 0; .*greater than or equal to"),
        ({"alike": 3}, r"block\.alike is 3; "),
    ],
)
def test_snakemake_settings_that_are_wrong(settings_, words, project, monkeypatch):
    monkeypatch.chdir(project)
    with pytest.raises(InputError, match=words):
        make_plan.from_snakemake(settings_, main=True)


def everything(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_a_question_writes_nothing(project, tmp_path, monkeypatch):
    """Neither the plan nor what is read of a file or start; a run may be using the store."""
    monkeypatch.setattr(source, "LARGE", 64)
    (project / "rows.csv").write_text("u,v\n" + "".join(f"{i},{i * i % 7}\n" for i in range(99)))
    (project / "start.json").write_text(
        json.dumps({"weights": [1], "means": [[40, 3]], "covariances": [[[9, 0], [0, 1]]]})
    )
    asked = [*BASE[:1], "sweep.k=1", "sweep.start=[mine]"]
    asked.append("start.mine={method: given, path: start.json}")
    before = everything(project)
    question = make_plan.make_plan(
        project, asked, {"path": "rows.csv"}, scratch=tmp_path / "scratch"
    )
    assert everything(project) == before
    assert tmp_path / "scratch" in Path(question.path).parents
    assert Path(question.fitted(next(iter(question.fit_blocks)))[1]).is_file()
    answer = make_plan.make_plan(project, asked, {"path": "rows.csv"})
    assert answer.version == question.version
    assert answer.fits == question.fits


def test_a_question_leaves_the_plan_of_a_run_alone(project, tmp_path):
    scratch = tmp_path / "scratch"
    planned = make_plan.make_plan(project, BASE)
    before = everything(project)
    other = make_plan.make_plan(project, [*BASE, "block.target_seconds=600"], scratch=scratch)
    assert everything(project) == before
    assert (other.version, other.path != planned.path) == (planned.version, True)
    assert make_plan.make_plan(project, BASE, scratch=scratch).path == planned.path


def test_two_files_of_starts_whose_contents_are_exchanged_are_another_version(project):
    text = '{{"weights": [1], "means": [[{}, 70]], "covariances": [[[1, 0], [0, 100]]]}}'
    for name, mean in (("a", 3), ("b", 4)):
        (project / f"data/{name}.json").write_text(text.format(mean))
        (project / f"conf/start/{name}.yaml").write_text(f"method: given\npath: data/{name}.json\n")
    asked = ["experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=1", "sweep.start=[a,b]"]
    before = make_plan.make_plan(project, asked)
    (project / "data/a.json").write_text(text.format(4))
    (project / "data/b.json").write_text(text.format(3))
    assert make_plan.make_plan(project, asked).version != before.version

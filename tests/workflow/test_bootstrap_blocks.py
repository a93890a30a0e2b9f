"""Blocks of bootstrap replicates in the plan."""

from pathlib import Path

import pytest

from gmmpipe.errors import InputError
from gmmpipe.workflow import make_plan
from gmmpipe.workflow.resources import JobResources

BASE = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.covariance=[full]", "sweep.k=1..3")
ON = (*BASE, "bootstrap.replicates=199", "bootstrap.max_k=2")


def plan_of_settings(*overrides):
    return make_plan.make_plan(Path(), overrides)


def held(study, kind):
    """Return the replicates that the blocks of a kind hold, in order."""
    sections = [s.config for s in study.bootstrap_blocks.values()]
    return [b for s in sections if s.kind == kind for b in s.replicates]


@pytest.mark.usefixtures("project")
def test_off_it_is_no_part_of_the_version():
    off = plan_of_settings(*BASE)
    assert off.bootstrap_blocks == {}
    assert plan_of_settings(*BASE, "bootstrap.level=0.1", "bootstrap.seed=3") == off
    assert plan_of_settings(*ON).version != off.version
    assert plan_of_settings(*ON).fit_blocks == off.fit_blocks


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("n", [19, 128, 199, 1025])
def test_blocks_part_the_replicates(n):
    study = plan_of_settings(*ON, f"bootstrap.replicates={n}")
    for kind in ("test", "parametric", "nonparametric"):
        assert held(study, kind) == list(range(n))
    names = list(study.bootstrap_blocks)
    assert names[0].startswith("gmm.minmax.full.test.k1-16.b0-")
    (fits,) = {tuple(s.fits) for s in study.bootstrap_blocks.values()}
    assert list(fits) == list(study.fit_blocks)
    assert study.replicated(names[0])[1:] == study.fits


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(("n", "kept"), [(1024, 1), (1025, 1), (3000, 2)])
def test_more_replicates_leave_full_blocks_as_they_are(n, kept):
    """Of intervals a block holds 1024 replicates, the last is filled in part."""
    few, many = (
        plan_of_settings(*ON, f"bootstrap.replicates={n}"),
        plan_of_settings(*ON, "bootstrap.replicates=9000"),
    )
    assert few.version != many.version
    shared = set(few.bootstrap_blocks) & set(many.bootstrap_blocks)
    assert len([name for name in shared if ".parametric." in name]) == kept
    assert len([name for name in shared if ".test." in name]) >= n // 512


CHANGES = {  # -> kinds whose blocks keep their names
    "bootstrap.level=0.1": {"test", "parametric", "nonparametric"},
    "figures.dpi=100": {"test", "parametric", "nonparametric"},
    "bootstrap.kind=[nonparametric,weighted]": {"test", "nonparametric"},
    "bootstrap.max_k=1": {"parametric", "nonparametric"},
    "bootstrap.seed=1": set(),
    "bootstrap.starts=3": set(),
    "bootstrap.tol=1e-6": set(),
    "sweep.seed=0..3": set(),
    "fit.regularisation=1e-5": set(),
    "dataset.gmm.columns=[1]": set(),
}


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_makes_anew_what_it_touches(change):
    before, after = plan_of_settings(*ON), plan_of_settings(*ON, change)
    assert before.version != after.version
    kept = set(before.bootstrap_blocks) & set(after.bootstrap_blocks)
    assert {before.bootstrap_blocks[name].config.kind for name in kept} == CHANGES[change]


@pytest.mark.usefixtures("project")
def test_each_family_and_outer_point_has_its_own_and_starts_share():
    more = ("sweep.covariance=[full,tied]", "sweep.start=[kmeans,points]", "sweep.fit.tol=[0,1e-6]")
    study = plan_of_settings(*ON, *more)
    sections = study.bootstrap_blocks.values()
    assert len(sections) == 2 * 2 * 3
    assert all(len(section.fits) == 2 for section in sections)
    assert {s.config.coordinates["fit.tol"] for s in sections} == {0, 1e-6}


@pytest.mark.usefixtures("project")
def test_large_data_are_small_blocks():
    blobs = ("dataset.blobs.n=100000", "dataset.blobs.d=10", "sweep.dataset=blobs")
    full = ("sweep.covariance=[full]", "sweep.k=1..4", "bootstrap.replicates=32")
    study = plan_of_settings("experiment=smoke", *blobs, *full)
    tests = [s for s in study.bootstrap_blocks.values() if s.config.kind == "test"]
    assert len(tests) >= 32
    assert all(len(s.config.replicates) == 1 for s in tests)
    many, one = (
        JobResources(found).of("bootstrap", next(iter(found.bootstrap_blocks))).threads
        for found in (study, plan_of_settings(*ON))
    )
    assert many > one == 1


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("bootstrap.replicates=-1", r"bootstrap\.replicates is -1; input should be greater"),
        ("bootstrap.replicates=9.5", r"bootstrap\.replicates is 9\.5"),
        ("bootstrap.replicates=18", "too few to reject anything at level 0.05; give 19 or more"),
        ("bootstrap.level=0", r"bootstrap\.level is 0"),
        ("bootstrap.levl=0.1", r"bootstrap\.levl is not a key.*did you mean bootstrap\.level"),
        ("bootstrap.kind=[parametrc]", r"bootstrap\.kind is 'parametrc'.*did you mean"),
        ("bootstrap.kind=[weighted,weighted]", "names a kind twice"),
        ("bootstrap.kind=parametric", r"bootstrap\.kind is 'parametric'"),
        ("bootstrap={replicates: 3, max_k: 0, kind: []}", "there is nothing to do"),
        ("sweep.k=[3,4]", r"bootstrap\.max_k is 2, but the least K to test of sweep\.k is 3"),
        ("bootstrap=9", "bootstrap is 9"),
    ],
)
def test_what_is_wrong_is_refused_before_any_job(change, words):
    with pytest.raises(InputError, match=words):
        plan_of_settings(*ON, change)

"""What jobs ask for, seen in the plan and in what Snakemake makes of it."""

import re
from itertools import pairwise

import pytest

from gmmpipe.store.plan import WIDE
from gmmpipe.workflow import make_plan
from gmmpipe.workflow.pipeline import STAGES
from gmmpipe.workflow.processes import MOST
from gmmpipe.workflow.resources import ALL, RESOURCES, JobResources, Resources

BASE = ("experiment=smoke", "sweep.dataset=[blobs]", "sweep.covariance=[full]", "sweep.k=[2]")
BASE += ("sweep.iteration=[10]", "sweep.seed=0..3", "bootstrap.replicates=19", "bootstrap.max_k=9")


def planned(project, *overrides):
    return JobResources(make_plan.make_plan(project, [*BASE, *overrides]))


def jobs(found, rule):
    return [found.of(rule, name) for name in STAGES[rule].jobs(found.plan)]


def asked(project, rule, *overrides):
    """Return bytes and seconds of all jobs of a rule."""
    each = jobs(planned(project, *overrides), rule)
    return sum(d.memory for d in each), sum(d.parallel + d.serial for d in each)


GROWING = {
    "generate": [("dataset.blobs.n=30000",), ("dataset.blobs.d=20",)],
    "normalise": [("dataset.blobs.n=30000",), ("dataset.blobs.d=20",)],
    "fit": [("dataset.blobs.n=30000",), ("dataset.blobs.d=20",), ("sweep.k=[9]",),
            ("sweep.iteration=[5000]",), ("sweep.seed=0..300",), ("sweep.start=[short-em]",)],
    "evaluate": [("dataset.blobs.n=30000",), ("sweep.k=[9]",), ("sweep.seed=0..300",),
                 ("sweep.iteration=[1,2,3,10]",)],
    "bootstrap": [("dataset.blobs.n=30000",), ("dataset.blobs.d=20",),
                  ("bootstrap.replicates=99",)],
    "combine": [("bootstrap.replicates=99",)],
    "figures": [("dataset.blobs.n=30000",), ("sweep.dataset=[blobs,iris]",)],
    "report": [("sweep.dataset=[blobs,iris]",)],
}  # fmt: skip
SAME_SECONDS = {("fit", "sweep.start=[short-em]")}  # every start is reckoned as the longest


@pytest.mark.parametrize("rule", RESOURCES)
def test_more_work_asks_for_more(rule, project):
    small = asked(project, rule)
    assert small[0] >= 50 * 2**20
    for more in GROWING[rule]:
        memory, seconds = asked(project, rule, *more)
        assert memory >= small[0]
        assert (seconds > small[1]) != ((rule, *more) in SAME_SECONDS)


def test_a_family_that_takes_longer_gets_more_time(project):
    changed = ("dataset.blobs.d=9", "sweep.k=[9]", "sweep.iteration=[1000]")
    quick, slow = (
        asked(project, "fit", *changed, f"sweep.covariance=[{family}]")[1]
        for family in ("full", "VVE")
    )
    assert slow > 5 * quick


def test_minutes_grow_with_attempts_and_shrink_with_cores(project):
    found = planned(project, "dataset.blobs.n=3000000", "sweep.iteration=[9000]", "sweep.seed=0")
    (block,) = found.plan.fit_blocks
    assert found.threads("fit")([block]) == ALL
    minutes, megabytes = found.runtime("fit"), found.mem_mb("fit")
    for rising in (
        [minutes([block], threads, 1) for threads in (64, 16, 4, 1)],
        [minutes([block], 4, attempt) for attempt in (1, 2, 3)],
        [megabytes([block], attempt) for attempt in (1, 2, 3)],
    ):
        assert all(a <= b for a, b in pairwise(rising))
        assert rising[0] < rising[-1]
    assert megabytes([block], 3) == pytest.approx(3 * megabytes([block], 1), abs=3)
    needed = found.plan.fit_blocks[block].seconds
    assert minutes([block], 1, 1) * 60 > 3 * needed
    assert Resources(0).minutes(1) == 5  # to begin at all


def test_the_tasks_of_an_array_ask_for_the_same(project):
    sizes = ("sweep.k=[2,40]", "sweep.seed=0..600", "dataset.blobs.n=20000")
    each = jobs(planned(project, *sizes), "fit")
    assert len(set(each)) > 1
    alike = set(jobs(planned(project, *sizes, "block.alike=true"), "fit"))
    assert alike == {
        Resources(*(max(getattr(d, f) for d in each) for f in Resources.__dataclass_fields__))
    }


def test_no_job_asks_for_cores_that_it_does_not_use(project):
    found = planned(project)
    assert found.of("figures").threads == found.of("evaluate").threads == MOST
    wide = planned(project, "dataset.blobs.n=600000")
    assert wide.of("evaluate").threads == ALL
    assert WIDE < 600_000 * 2


def test_only_jobs_of_a_second_stay_where_snakemake_is(project):
    assert planned(project, "sweep.dataset=[blobs,iris]").is_small
    assert not planned(project, "sweep.dataset=[blobs,iris]", "dataset.blobs.n=600000").is_small


def test_snakemake_hands_on_what_every_job_asks_for(command):
    said = command("gmmpipe", "run", *BASE, "--", "-n").out
    jobs = re.findall(r"^rule (\w+):\n(?:    .*\n)*?    resources: (.*)", said, re.MULTILINE)
    assert {name for name, _ in jobs} == {*RESOURCES, "publish", "all"}
    for name, resources in jobs:
        found = dict(pair.split("=") for pair in resources.split(", "))
        if name in RESOURCES:
            assert int(found["mem_mb"]) >= 550  # two Snakemakes besides
            assert int(found["runtime"]) >= 5


def test_every_process_that_makes_tables_has_its_memory(project):
    one = ("sweep.k=[1]", "sweep.covariance=[full]", "sweep.iteration=[1]", "sweep.start=[points]")
    few, many = (
        planned(project, *one, f"sweep.seed=0..{last}").of("evaluate").memory
        for last in (99, 19_999)
    )
    assert many > 3 * few
    wide = (*one, "dataset.blobs.n=600000")
    few, many = (
        planned(project, *wide, f"sweep.seed=0..{last}").of("evaluate").memory
        for last in (99, 19_999)
    )
    assert many < 1.5 * few  # threads share the passes of one process

"""What each job asks for: cores, memory and time, by a model of what its work costs.

Times are for a cluster's nodes and err on the long side: a job that is cut off is lost, one that
asks for too much waits a little. In its n-th attempt a job asks for n times as much.
"""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace
from math import ceil

from gmmpipe.data.source import LARGE
from gmmpipe.mixture.starts.registry import MOST_ROWS
from gmmpipe.results.dataset_tables import MOST_NUMBERS, MOST_SHOWN
from gmmpipe.store.plan import Plan
from gmmpipe.workflow import memory
from gmmpipe.workflow import processes as workers
from gmmpipe.workflow.pipeline import STAGES

LONG = 10.0  # seconds of one core from which a block gets all cores
ALL = 64  # cores: as many as there are
SHARED = workers.MOST  # processes that make tables or draw figures, at most
MARGIN = 3.0  # times the model's seconds: other processors, busy disks, EM's constants
AROUND = 500 * memory.MB  # two Snakemakes that a node runs around each job, at most
BEGIN = 300.0  # seconds until a job on a cold node has loaded its libraries, at the worst
START, START_ROW, START_PRODUCT = 2e-3, 2.2e-6, 35e-9  # seconds of short-em, the longest start
CELL, CELL_PRODUCT = 2e-3, 1e-7  # seconds of a row of fits.csv, of a sample in a component for it
VALUE = 2e-7  # seconds to check and write a value, or to parse a byte of text
REPLICATE = 0.05  # seconds to combine a replicate with others
CASE, SAMPLE = 60.0, 1e-3  # seconds of all figures of a data set, of each of its samples
PICTURES = 30 * memory.MB  # those of a data set, as text in a page
SMALL = 1_000_000  # values of a data set that are read and normalised in a second


@dataclass(frozen=True)
class Resources:
    """Bytes; seconds of one core that more cores shorten, and that they do not; useful cores.

    They leave out what Snakemake itself takes on a node, and the time until the work begins.
    """

    memory: float
    parallel: float = 0.0
    serial: float = 0.0
    threads: int = 1

    def minutes(self, threads: int) -> int:
        """Return whole minutes that suffice on so many cores if half of them do not help."""
        return ceil((BEGIN + MARGIN * (self.serial + 2 * self.parallel / (1 + threads))) / 60)


class JobResources:
    """The resources of the jobs of a plan, as functions of a job's wildcards for Snakemake."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._largest: dict[str, Resources] = {}

    def threads(self, rule: str) -> Callable[[Sequence[str]], int]:
        """Return what gives the cores of a job of a rule."""
        return lambda wildcards: self.of(rule, *wildcards).threads

    def mem_mb(self, rule: str) -> Callable[[Sequence[str], int], int]:
        """Return what gives the megabytes of a job of a rule."""
        return lambda wildcards, attempt: (
            attempt * ceil((AROUND + self.of(rule, *wildcards).memory) / memory.MB)
        )

    def runtime(self, rule: str) -> Callable[[Sequence[str], int, int], int]:
        """Return what gives the minutes of a job of a rule."""
        return lambda wildcards, threads, attempt: (
            attempt * self.of(rule, *wildcards).minutes(threads)
        )

    def of(self, rule: str, name: str = "") -> Resources:
        """Return the resources of a job of a rule; name: its wildcard.

        With block.alike it is the largest of all jobs of the rule, number by number.
        """
        estimate = RESOURCES[rule]
        if not STAGES[rule].section or not self.plan.block["alike"]:
            return estimate(self.plan, name)
        if rule not in self._largest:
            each = [astuple(estimate(self.plan, other)) for other in STAGES[rule].jobs(self.plan)]
            self._largest[rule] = Resources(*map(max, zip(*each, strict=True)))
        return self._largest[rule]

    def widest(self, block: str, free: int) -> int | None:
        """Return with how many features a block would fit into what is free.

        None where its covariances, D x D numbers whatever the family, are not what takes most.
        """
        entry = self.plan.fit_blocks[block]
        data, job = self.plan.data_of(entry.normalised), entry.config

        def takes(d: int) -> int:
            wide = replace(data, d=d)
            return memory.of_fit(wide, job.fit, job.k, len(job.seed), job.iteration)

        most = memory.widest(free, takes, data.d)
        return most if 2 * takes(data.d // 2) < takes(data.d) else None

    @property
    def is_small(self) -> bool:
        """Return whether reading and normalising takes a second for every data set."""
        return all(data.n * data.d <= SMALL for data in self.plan.data_sets.values())


def _generate(plan: Plan, name: str) -> Resources:
    data = plan.data_sets[name]
    seconds = VALUE * (data.n * data.d + data.bytes)
    in_parts = data.bytes >= LARGE or bool(data.files)
    return Resources(memory.of_generate(data, in_parts), 0, seconds)


def _normalise(plan: Plan, name: str) -> Resources:
    data = plan.data_of(name)
    return Resources(memory.of_normalise(data), 0, VALUE * data.n * data.d)


def _fit(plan: Plan, name: str) -> Resources:
    block = plan.fit_blocks[name]
    data, job = plan.data_of(block.normalised), block.config
    rows = min(data.n, MOST_ROWS)
    starts = sum(START + rows * (START_ROW + START_PRODUCT * k * data.d) for k in job.k)
    seeds = max(len(job.seed), job.fit.get("most_seeds", 0))  # where they may become so
    threads = 1 if block.seconds < LONG else ALL
    return Resources(block.memory, block.seconds, seeds * starts, threads)


def _evaluate(plan: Plan, _: str) -> Resources:
    seconds = 0.0
    for block in plan.fit_blocks.values():
        n, job = plan.data_of(block.normalised).n, block.config
        each = sum(CELL + CELL_PRODUCT * n * (k + 5) for k in job.k)
        seconds += each * len(job.seed) * len(job.iteration)
    processes = 1 if plan.is_wide else workers.n_processes(plan.n_cells)
    return Resources(processes * _tables(plan), 0, seconds, ALL if plan.is_wide else SHARED)


def _bootstrap(plan: Plan, name: str) -> Resources:
    block = plan.bootstrap_blocks[name]
    fits = [plan.fit_blocks[fit] for fit in block.fits]
    # all fits are read, then a block is like one
    memory_of_fits = [fit.memory for fit in fits]
    memory_of_resample = memory.of_bootstrap(
        plan.data_of(block.normalised), max(k for fit in fits for k in fit.config.k)
    )
    # they take turns: many for long ones
    threads = 1 if block.seconds < len(block.config.replicates) else ALL
    total = (
        memory_of_resample
        + max(memory_of_fits)
        + sum(memory_of_fits)
        - len(memory_of_fits) * memory.BASE
    )
    return Resources(total, block.seconds, 0, threads)


def _combine(plan: Plan, _: str) -> Resources:
    replicates = [len(b.config.replicates) for b in plan.bootstrap_blocks.values()]
    return Resources(_tables(plan), 0, CASE + REPLICATE * sum(replicates))


def _figures(plan: Plan, _: str) -> Resources:
    samples = (min(plan.data_sets[data].n, MOST_SHOWN) for data, _ in plan.cases())
    seconds = sum(CASE + SAMPLE * n for n in samples)
    return Resources(SHARED * (memory.DRAWING + _shown(plan)), seconds, 0, SHARED)


def _report(plan: Plan, _: str) -> Resources:
    cases = sum(1 for _ in plan.cases())
    return Resources(memory.PAGE + _shown(plan) + cases * PICTURES, 0, CASE * cases)


def _shown(plan: Plan) -> int:
    """Return about the bytes of the tables as figures and the report hold them."""
    numbers = 0
    for block in plan.fit_blocks.values():
        d, job = plan.data_of(block.normalised).d, block.config
        each = 2 * sum(job.k) * (d * d + d) * len(job.iteration) + job.iteration[-1]
        numbers += len(job.seed) * each
    return memory.of_shown(plan.n_cells, min(numbers, MOST_NUMBERS))


def _tables(plan: Plan) -> int:
    """Return about the bytes that making the tables takes: a block at a time, whatever N."""
    block, most = max(b.memory for b in plan.fit_blocks.values()), max(plan.config["sweep"]["k"])
    return int(block + max(memory.of_tables(data, most) for data in plan.data_sets.values()))


RESOURCES: dict[str, Callable[[Plan, str], Resources]] = {  # of each stage that Snakemake sends out
    "generate": _generate,
    "normalise": _normalise,
    "fit": _fit,
    "bootstrap": _bootstrap,
    "evaluate": _evaluate,
    "combine": _combine,
    "figures": _figures,
    "report": _report,
}

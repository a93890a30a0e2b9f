"""What each job asks for: cores, memory and time, by a model of what its work costs.

Times are for a cluster's nodes and err on the long side: a job that is cut off is lost, one that
asks for too much waits a little. In its n-th attempt a job asks for n times as much.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from math import ceil
from typing import Any

from gmmpipe.data.source import LARGE
from gmmpipe.mixture.starts.points import MOST_ROWS
from gmmpipe.results.dataset_tables import MOST_NUMBERS, MOST_SHOWN
from gmmpipe.store.plan import Study
from gmmpipe.workflow import memory
from gmmpipe.workflow import processes as workers

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
class Demand:
    """Bytes; seconds of one core that more cores shorten, and that they do not; cores worth having.

    They leave out what Snakemake itself takes on a node, and the time until the work begins.
    """

    memory: float
    shared: float = 0.0
    alone: float = 0.0
    threads: int = 1

    def minutes(self, threads: int) -> int:
        """Return whole minutes that suffice on so many cores, half of them in vain."""
        return ceil((BEGIN + MARGIN * (self.alone + 2 * self.shared / (1 + threads))) / 60)


class Demands:
    """Of the jobs of a study: functions of a job's wildcards that Snakemake calls."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._largest: dict[str, Demand] = {}

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

    def of(self, rule: str, name: str = "") -> Demand:
        """Return the demand of a job of a rule; name: what its wildcard says.

        With block.alike it is the largest of all jobs of the rule, number by number.
        """
        demand, section = RULES[rule]
        if not section or not self.study.plan["block"]["alike"]:
            return demand(self.study, name)
        if rule not in self._largest:
            each = [astuple(demand(self.study, other)) for other in self.study.plan[section]]
            self._largest[rule] = Demand(*map(max, zip(*each, strict=True)))
        return self._largest[rule]

    def widest(self, block: str, free: int) -> int | None:
        """Return with how many features a block would fit into what is free.

        None where its covariances, D x D numbers whatever the family, are not what takes most.
        """
        section = self.study.plan["fits"][block]
        data, config = _data(self.study, section["normalised"]), section["config"]
        ks, seeds, steps = config["k"], len(config["seed"]), config["iteration"]

        def takes(d: int) -> int:
            return memory.of_fit({**data, "d": d}, config["fit"], ks, seeds, steps)

        most = memory.widest(free, takes, data["d"])
        return most if 2 * takes(data["d"] // 2) < takes(data["d"]) else None

    @property
    def is_small(self) -> bool:
        """Return whether reading and normalising takes a second for every data set."""
        return all(d["n"] * d["d"] <= SMALL for d in self.study.plan["data"].values())


def _generate(study: Study, name: str) -> Demand:
    data = study.plan["data"][name]
    seconds = VALUE * (data["n"] * data["d"] + data["bytes"])
    in_parts = data["bytes"] >= LARGE or bool(data["files"])
    return Demand(memory.of_generate(data, in_parts), 0, seconds)


def _normalise(study: Study, name: str) -> Demand:
    data = _data(study, name)
    return Demand(memory.of_normalise(data), 0, VALUE * data["n"] * data["d"])


def _fit(study: Study, name: str) -> Demand:
    block = study.plan["fits"][name]
    n, d = _shape(study, block["normalised"])
    config, rows = block["config"], min(n, MOST_ROWS)
    starts = sum(START + rows * (START_ROW + START_PRODUCT * k * d) for k in config["k"])
    seeds = max(len(config["seed"]), config["fit"].get("most_seeds", 0))  # where they may become so
    threads = 1 if block["seconds"] < LONG else ALL
    return Demand(study.memory(name), block["seconds"], seeds * starts, threads)


def _evaluate(study: Study, _: str) -> Demand:
    seconds = 0.0
    for block in study.plan["fits"].values():
        n, _d = _shape(study, block["normalised"])
        each = sum(CELL + CELL_PRODUCT * n * (k + 5) for k in block["config"]["k"])
        seconds += each * len(block["config"]["seed"]) * len(block["config"]["iteration"])
    processes = 1 if study.is_wide else workers.worth(study.n_cells)
    return Demand(processes * _tables(study), 0, seconds, ALL if study.is_wide else SHARED)


def _bootstrap(study: Study, name: str) -> Demand:
    section = study.plan["bootstrap"][name]
    replicates = len(section["config"]["replicates"])
    # all fits are read, then a block is like one
    held = [study.memory(fit) for fit in section["fits"]]
    k = max(k for fit in section["fits"] for k in study.plan["fits"][fit]["config"]["k"])
    own = memory.of_bootstrap(_data(study, section["normalised"]), k)
    threads = 1 if section["seconds"] < replicates else ALL  # they take turns: many for long ones
    total = own + max(held) + sum(held) - len(held) * memory.BASE
    return Demand(total, section["seconds"], 0, threads)


def _combine(study: Study, _: str) -> Demand:
    replicates = [len(b["config"]["replicates"]) for b in study.plan["bootstrap"].values()]
    return Demand(_tables(study), 0, CASE + REPLICATE * sum(replicates))


def _figures(study: Study, _: str) -> Demand:
    shown = (min(study.plan["data"][data]["n"], MOST_SHOWN) for data, _ in study.cases())
    seconds = sum(CASE + SAMPLE * n for n in shown)
    return Demand(SHARED * (memory.DRAWING + _shown(study)), seconds, 0, SHARED)


def _report(study: Study, _: str) -> Demand:
    cases = sum(1 for _ in study.cases())
    return Demand(memory.PAGE + _shown(study) + cases * PICTURES, 0, CASE * cases)


def _shown(study: Study) -> int:
    """Return about the bytes of the tables as figures and the report hold them."""
    numbers = 0
    for block in study.plan["fits"].values():
        _n, d = _shape(study, block["normalised"])
        config = block["config"]
        each = (
            2 * sum(config["k"]) * (d * d + d) * len(config["iteration"]) + config["iteration"][-1]
        )
        numbers += len(config["seed"]) * each
    return memory.of_shown(study.n_cells, min(numbers, MOST_NUMBERS))


def _tables(study: Study) -> int:
    """Return about the bytes that making the tables takes: a block at a time, whatever N."""
    data, most = study.plan["data"].values(), max(study.plan["config"]["sweep"]["k"])
    block = max(block["memory"] for block in study.plan["fits"].values())
    return int(block + max(memory.of_tables(each, most) for each in data))


def _data(study: Study, normalised: str) -> Mapping[str, Any]:
    data: Mapping[str, Any] = study.plan["data"][study.plan["normalised"][normalised]["data"]]
    return data


def _shape(study: Study, normalised: str) -> tuple[int, int]:
    data = _data(study, normalised)
    return data["n"], data["d"]


# rule: its demand, and the section of a plan that has its jobs, if there are many
RULES: dict[str, tuple[Callable[[Study, str], Demand], str]] = {
    "generate": (_generate, "data"),
    "normalise": (_normalise, "normalised"),
    "fit": (_fit, "fits"),
    "evaluate": (_evaluate, ""),
    "bootstrap": (_bootstrap, "bootstrap"),
    "combine": (_combine, ""),
    "figures": (_figures, ""),
    "report": (_report, ""),
}

"""The stages of the pipeline in their order: what jobs read and make, and their parameters.

To add one: its module in ``stages`` with ``run``, its entry here, and what its jobs ask for in
``resources``; its tables name it in ``results.tables``. Where it has a section of the plan of its
own, also ``store.entries`` and ``store.plan``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gmmpipe.store import layout
from gmmpipe.store.jobs import BootstrapJob, FitJob, GenerateJob, NormaliseJob, PublishJob

if TYPE_CHECKING:
    from gmmpipe.store.plan import Plan

Paths = Callable[["Plan", str], Sequence[str]]  # of a job, by its name


@dataclass(frozen=True)
class Stage:
    """A stage: a rule of the workflow, a command, and the module of its name in ``stages``.

    section: of the plan, each entry of which is a job; without one there is one job for the
    version. inputs: the files that a job is made of; reads: those that its command names, where
    they are others. target: what its -o names, where that is not its first output. job: its
    parameters. several: how many INPUTs its command takes, as argparse says it. grows: whether its
    memory is compared with what is free before a run.
    """

    name: str
    purpose: str
    inputs: Paths
    outputs: Paths
    section: str = ""
    job: type | None = None
    reads: Paths | None = None
    target: Callable[[Plan], str] | None = None
    several: str = ""
    grows: bool = False

    def jobs(self, plan: Plan) -> list[str]:
        """Return the names of the jobs of a plan, none where there is nothing to make."""
        if self.section:
            return list(plan.entries(self.section))
        return [plan.label] if self.outputs(plan, "") else []

    def arguments(self, plan: Plan, name: str) -> list[str]:
        """Return the INPUTs of a job's command."""
        return list((self.reads or self.inputs)(plan, name))

    def destination(self, plan: Plan, name: str) -> str:
        """Return what -o of a job's command names."""
        return self.target(plan) if self.target else self.outputs(plan, name)[0]

    def parameters(self, plan: Plan, name: str) -> str:
        """Return a job's parameters as one JSON text, "{}" for none."""
        return plan.job(self.section, name) if self.section else "{}"


def _stored(section: str) -> Paths:
    return lambda _, name: [layout.stored(section, name)]


def _plan(plan: Plan, _: str) -> list[str]:
    return [plan.path]


def _table_paths(plan: Plan, stage: str = "") -> list[str]:
    from gmmpipe.results.tables import table_paths  # which needs numpy, and --help does not

    return table_paths(plan, stage)


def _tables(stage: str) -> Paths:
    return lambda plan, _: _table_paths(plan, stage)


def _folder_of_tables(plan: Plan) -> str:
    return f"{plan.folder}/{layout.TABLES}"


def _evaluated(plan: Plan, name: str) -> list[str]:
    """Return what the tables are of: the plan, and all that is made of the data but replicates."""
    return [*_plan(plan, name), *plan.data, *plan.normalisations, *plan.fits]


def _shown(plan: Plan, name: str) -> list[str]:
    """Return what figures and the report show."""
    return [*_plan(plan, name), *plan.data, *plan.normalisations, *_table_paths(plan)]


def _version(plan: Plan, name: str) -> list[str]:
    """Return all that a version consists of."""
    paths = (*plan.store, *_table_paths(plan), plan.captions, plan.report)
    return [*_plan(plan, name), *paths]


_LIST = (
    # The SHA-256 of a source is in the name of what is made of it, so the file is no input.
    Stage("generate", "read or generate one data set", lambda *_: [], _stored("data"), "data",
          GenerateJob, reads=lambda plan, name: plan.source(name), several="*", grows=True),
    Stage("normalise", "normalise one data set", lambda plan, name: [plan.raw(name)],
          _stored("normalised"), "normalised", NormaliseJob, grows=True),
    Stage("fit", "fit one block of mixtures by EM", lambda plan, name: plan.fitted(name),
          _stored("fits"), "fits", FitJob, several="+", grows=True),
    Stage("bootstrap", "refit one block of resampled data",
          lambda plan, name: plan.replicated(name), _stored("bootstrap"), "bootstrap",
          BootstrapJob, several="+", grows=True),
    Stage("evaluate", "turn the fits of a plan into tables", _evaluated,
          _tables("evaluate"), reads=_plan, target=_folder_of_tables, grows=True),
    Stage("combine", "combine the bootstrap of a plan into tables",
          lambda plan, _: [plan.path, *plan.data, *plan.bootstraps,
                           *_table_paths(plan, "evaluate")],
          _tables("combine"), reads=_plan, target=_folder_of_tables),
    Stage("figures", "draw the figures of a plan",
          lambda plan, name: [*_shown(plan, name), plan.origins], lambda plan, _: [plan.captions],
          reads=_plan, target=lambda plan: plan.figures),
    Stage("report", "bind figures and tables of a plan into one HTML file",
          lambda plan, name: [*_shown(plan, name), plan.origins, plan.captions],
          lambda plan, _: [plan.report], reads=_plan),
    # The link is no output: Snakemake would remove it before it can be moved.
    Stage("publish", "write the manifest of a plan and point `latest` at it", _version,
          lambda plan, _: [plan.marker], job=PublishJob, reads=_plan,
          target=lambda plan: layout.latest(plan.experiment)),
)  # fmt: skip
STAGES = {stage.name: stage for stage in _LIST}

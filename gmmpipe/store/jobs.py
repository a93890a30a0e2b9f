"""The parameters of a job, a class for each stage that has any: to JSON and back.

A job is written by the plan and may be typed by hand. Keys that are None are left out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Annotated, Any, TypeVar

from annotated_types import Len

from gmmpipe.errors import InputError
from gmmpipe.store.ranges import compact, expand

Section = dict[str, Any]
Numbers = Annotated[list[int], Len(1)]
Job = TypeVar("Job")
ABSENT = "absent"  # metadata of a field: what stands for None
OPTIONS = "options"  # a field of this name has all keys of the JSON that no other field has
BY_K = ("test", "stability")  # kinds of replicates that are of some K


@dataclass(frozen=True, kw_only=True)
class GenerateJob:
    """An entry of conf/dataset/ with its `kind`.

    sha256: that of a file when it was planned; text: the arrays made of a large text already.
    """

    options: Section
    sha256: str | None = None
    text: str | None = None


@dataclass(frozen=True, kw_only=True)
class NormaliseJob:
    """A normaliser: its `method` and the options of that."""

    options: Section


@dataclass(frozen=True, kw_only=True)
class FitJob:
    """A block of fits: each k with each seed; iteration: the counts at which snapshots are kept.

    coordinates: {axis: value} of the sweep but for k, seed and iteration; covariance, start and
    fit: entries of conf/. On a command line seeds may be "first..last".
    """

    coordinates: Section = field(default_factory=dict)
    covariance: Section
    start: Section
    fit: Section
    k: Numbers
    seed: Numbers
    iteration: Numbers


@dataclass(frozen=True, kw_only=True)
class BootstrapJob:
    """A block of replicates: of the tests or clusterings of some k, or of a kind of interval.

    refit: settings of ``likelihood_ratio.Refit``; replicates: their numbers.
    """

    coordinates: Section = field(default_factory=dict)
    covariance: Section
    refit: Section
    seed: int
    replicates: Numbers
    kind: str
    k: Numbers | None = None

    def __post_init__(self) -> None:
        if self.kind in BY_K and not self.k:
            raise InputError(f"k is {self.k}; give a list of whole numbers")


@dataclass(frozen=True, kw_only=True)
class PublishJob:
    """stages: {stage: digest of its code}, with which that of each artifact is compared."""

    stages: dict[str, str] = field(default_factory=dict)


def to_json(value: Any) -> Section:
    """Return a job, or an entry of a plan, as plain JSON types."""
    result: Section = {}
    for each in fields(value):
        inner = getattr(value, each.name)
        inner = each.metadata.get(ABSENT) if inner is None else inner
        if inner is not None:
            result[each.name] = to_json(inner) if is_dataclass(inner) else inner
    options: Section = result.pop(OPTIONS, {})
    return options | result


def as_text(job: Any) -> str:
    """Return a job as one JSON text for a command line, seeds as a range where they are one."""
    section = to_json(job)
    if isinstance(job, FitJob):
        section["seed"] = compact(job.seed)
    return json.dumps(section, sort_keys=True)


def from_json(kind: type[Job], value: Mapping[str, Any], where: str) -> Job:
    """Return the job of its JSON, checked; raises InputError, which begins with ``where``."""
    from gmmpipe.store.validate import valid

    names = {each.name for each in fields(kind)}  # type: ignore[arg-type]  # a dataclass
    values = {key: expand(inner) for key, inner in value.items() if key in names}
    other = {key: inner for key, inner in value.items() if key not in names}
    return valid(kind, values | ({OPTIONS: other} if OPTIONS in names else other), where)

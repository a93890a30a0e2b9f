"""What each configuration key may hold."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Annotated, Any, Literal, Self

from annotated_types import Ge, Le, Len
from pydantic import (
    BaseModel,
    Field,
    model_validator,
)

from gmmpipe.config import spans
from gmmpipe.data.kinds import DATASETS
from gmmpipe.data.normalise import NORMALISERS
from gmmpipe.errors import InputError, suggest
from gmmpipe.figures import FIGURES, Style
from gmmpipe.mixture.bootstrap.parameters import KINDS
from gmmpipe.mixture.em.options import FitOptions, RestartOptions
from gmmpipe.mixture.engines.choose import EXECUTORS
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.starts.registry import STARTS
from gmmpipe.results.words.language import require_font
from gmmpipe.store.validate import STRICT, check

# axis of the sweep -> the key that names the registry entry, the registry
REGISTRIES: dict[str, tuple[str, Mapping[str, Any]]] = {
    "dataset": ("kind", DATASETS),
    "normaliser": ("method", NORMALISERS),
    "covariance": ("family", FAMILIES),
    "start": ("method", STARTS),
}
TARGET_SECONDS = 30.0  # of one thread's work in a block: long against the second a job costs


@dataclass(frozen=True)
class Fit(RestartOptions, FitOptions):
    """How EM runs, and how many runs there are."""

    def __post_init__(self) -> None:
        """Check all values."""
        FitOptions.__post_init__(self)


@dataclass(frozen=True)
class Figures(Style):
    """What is drawn, in which files, and in which style."""

    names: Literal["all"] | tuple[str, ...] = "all"
    dpi: Annotated[int, Ge(50), Le(1200)] = 150
    formats: Annotated[tuple[Literal["png", "svg", "pdf", "gif"], ...], Len(1)] = (
        "png",
        "svg",
        "pdf",
        "gif",
    )


class Bootstrap(BaseModel):
    """How often, and how, fits are repeated on resampled data."""

    model_config = STRICT
    replicates: Annotated[int, Ge(0), Le(100_000)] = 0
    max_k: Annotated[int, Ge(0), Le(1_000)] = 5
    level: Annotated[float, Ge(1e-4), Le(0.5)] = 0.05
    kind: tuple[str, ...] = ("parametric", "nonparametric")
    stability: Annotated[int, Ge(0), Le(100)] = 0
    seed: Annotated[int, Ge(0), Le(2**32 - 1)] = 0
    starts: Annotated[int, Ge(1), Le(1_000)] = 2
    iterations: Annotated[int, Ge(1), Le(1_000_000)] = 1000
    tol: Annotated[float, Ge(0), Le(1)] = 1e-7


class Block(BaseModel):
    """How the work is cut into jobs: no number depends on it."""

    model_config = STRICT
    target_seconds: Annotated[float, Ge(0.01), Le(86_400)] = TARGET_SECONDS
    alike: bool = False


class Store(BaseModel):
    """What is kept beside results: no number depends on it."""

    model_config = STRICT
    keep_input_mb: Annotated[float, Ge(0), Le(1e9)] = 64.0


class Engine(BaseModel):
    """Who does the passes over the data: no number depends on it."""

    model_config = STRICT
    kind: Literal["local", *EXECUTORS] = "local"  # type: ignore[valid-type]  # a registry
    address: Annotated[str, Field(pattern=r"^(tcp|tls)://[A-Za-z0-9_.:\[\]-]{1,200}$")] | None = (
        None
    )
    workers: Annotated[int, Ge(1), Le(10_000)] | None = None

    @model_validator(mode="after")
    def _one_cluster(self) -> Self:
        if self.kind == "local" and (self.address or self.workers):
            raise InputError("address and workers are of a cluster; set engine.kind=dask")
        if self.address and self.workers:
            raise InputError("a scheduler at an address has its workers; leave workers out")
        return self


BLOCK = tuple(Block.model_fields)  # what a profile may set too


def options(axis: str, name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """Check the options of one named entry of ``axis``; return them whole."""
    key, registry = REGISTRIES[axis]
    where = f"{axis}.{name}"
    method = str(value.get(key))
    if method not in registry:
        raise InputError(suggest(f"{where}.{key}", method, sorted(registry)))
    rest = {k: v for k, v in value.items() if k != key}
    entry = registry[method]
    if not isinstance(entry, type):  # a family has no options of its own
        if rest:
            raise InputError(f"{where}.{next(iter(rest))}: covariance families take no options")
        return {key: method}
    return {key: method, **check(entry, rest, where)}


def check_figures(value: Any) -> dict[str, Any]:
    """Check the figures section; the names against the registry."""
    section = check(Figures, value, "figures")
    for name in [] if section["names"] == "all" else section["names"]:
        if name not in FIGURES:
            raise InputError(suggest("figures.names", name, sorted(FIGURES)))
    require_font(section["language"])
    return section


def check_bootstrap(value: Any) -> dict[str, Any]:
    """Check the bootstrap section; where it is off the rest does not matter."""
    section = check(Bootstrap, value, "bootstrap")
    for name in section["kind"]:
        if name not in KINDS:
            raise InputError(suggest("bootstrap.kind", name, sorted(KINDS)))
    if len(set(section["kind"])) < len(section["kind"]):
        raise InputError(f"bootstrap.kind names a kind twice: {section['kind']}")
    if section["replicates"] and not section["kind"] and not section["max_k"]:
        raise InputError("bootstrap: with max_k 0 and no kind there is nothing to do")
    least = ceil(1 / section["level"] - 1e-9) - 1  # p is 1 / (replicates + 1) at the least
    if section["max_k"] and 0 < section["replicates"] < least:
        raise InputError(
            f"bootstrap.replicates is {section['replicates']}: too few to reject anything at level"
            f" {section['level']}; give {least} or more"
        )
    on = section["replicates"] or section["stability"]
    return section if on else {"replicates": 0, "stability": 0}


def whole_numbers(where: str, value: Any, low: int, high: int) -> list[int]:
    """Return the sorted whole numbers that a list, a number or a span (``spans``) stands for.

    Raises InputError for anything else, for numbers outside ``low``..``high``, doubles and an
    empty axis.
    """
    items = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    numbers: list[int] = []
    for item in items:
        numbers += _whole(where, item, high - low + 1)
    if not numbers:
        raise InputError(f"{where} is empty; give a list such as [1, 2] or a range such as 1..6")
    for number in numbers:
        if not low <= number <= high:
            raise InputError(f"{where} holds {number}; allowed is {low}..{high}")
    if len(set(numbers)) < len(numbers):
        twice = next(a for a, b in pairwise(sorted(numbers)) if a == b)
        raise InputError(f"{where} holds {twice} twice; name each value once")
    return sorted(numbers)


def _whole(where: str, item: Any, longest: int) -> list[int]:
    if isinstance(item, int) and not isinstance(item, bool):
        return [item]
    ends = re.fullmatch(r"(\d{1,9})(\.\.|:|-)(\d{1,9})", str(item).replace(" ", ""))
    low, high = sorted((int(ends[1]), int(ends[3]))) if ends else (0, 0)
    if ends and item != f"{low}..{high}":
        raise InputError(f"{where} holds {item!r}; give {where}={low}..{high}")
    span = spans.numbers(where, item, longest) if spans.is_span(item) else []
    whole = [number for number in span if isinstance(number, int)]
    if not span or len(whole) < len(span):
        raise InputError(f"{where} holds {item!r}; expected a whole number or {spans.EXPECTED}")
    return whole

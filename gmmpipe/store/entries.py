"""The entries of a plan: data sets, normalised data, blocks of fits, blocks of replicates."""

from dataclasses import dataclass, field
from typing import Annotated, Any

from annotated_types import Ge, Len

from gmmpipe.store import validate
from gmmpipe.store.jobs import (
    ABSENT,
    BootstrapJob,
    FitJob,
    GenerateJob,
    NormaliseJob,
    Numbers,
    Section,
)

Count = Annotated[int, Ge(1)]
Names = Annotated[list[str], Len(1)]


@dataclass(frozen=True)
class _Fit:
    target: float
    restarts: int | str


@dataclass(frozen=True)
class _Sweep:
    dataset: Names
    normaliser: Names
    covariance: Names
    start: Names
    k: Numbers
    seed: Numbers
    iteration: Numbers


@dataclass(frozen=True)
class Settings:
    """What is read of the configuration that comes with results; there is more."""

    dataset: dict[str, Section]
    normaliser: dict[str, Section]
    covariance: dict[str, Section]
    start: dict[str, Section]
    fit: _Fit
    sweep: _Sweep
    figures: Section


@dataclass(frozen=True)
class Source:
    """The file of a data set, its digest, and the arrays made of it if it is a large text."""

    path: str
    sha256: str
    text: str | None = None


@dataclass(frozen=True)
class StartFile:
    """The file of a start, and where in the store it is."""

    path: str
    bytes: int
    sha256: str
    stored: str


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A data set: n rows of d features, of which ``missing`` values are missing.

    patterns: in how many patterns these are; total and positive: the sum of the weights of the
    rows and how many are positive, if they have weights; reading: see ``data.file_summary``;
    bytes and files: the size of the source, and what is in it if it is a folder; digested: what
    ``name`` is a digest of.
    """

    name: str
    dataset: str
    n: Count
    d: Count
    dropped: int = 0
    missing: int = 0
    patterns: int | None = None
    total: float | None = None
    positive: int | None = None
    reading: Section | None = None
    source: Source | None = field(default=None, metadata={ABSENT: {}})
    bytes: int = 0
    files: Section = field(default_factory=dict)
    config: Section = field(default_factory=dict)
    digested: Section = field(default_factory=dict)

    @property
    def usable(self) -> int:
        """Return the number of rows that count."""
        return self.n if self.positive is None else self.positive


@dataclass(frozen=True, kw_only=True)
class NormalisedData:
    """A data set, by the name of its entry, and how it is normalised."""

    name: str
    data: str
    config: Section


@dataclass(frozen=True, kw_only=True)
class FitBlock:
    """Fits of some normalised data, and about the seconds and bytes that they take."""

    name: str
    normalised: str
    source: StartFile | None = field(default=None, metadata={ABSENT: {}})
    config: FitJob
    seconds: float
    memory: int


@dataclass(frozen=True, kw_only=True)
class BootstrapBlock:
    """Replicates of the best of some blocks of fits."""

    name: str
    normalised: str
    fits: Names
    config: BootstrapJob
    seconds: float


Entry = DataSet | NormalisedData | FitBlock | BootstrapBlock
SECTIONS: dict[str, tuple[str, type[Entry]]] = {  # of a plan's file: where ``Plan`` has them
    "data": ("data_sets", DataSet),
    "normalised": ("normalised_data", NormalisedData),
    "fits": ("fit_blocks", FitBlock),
    "bootstrap": ("bootstrap_blocks", BootstrapBlock),
}


def job_of(entry: Entry) -> GenerateJob | NormaliseJob | FitJob | BootstrapJob:
    """Return the parameters of the job that makes an entry."""
    if isinstance(entry, DataSet):
        source = {"sha256": entry.source.sha256, "text": entry.source.text} if entry.source else {}
        return GenerateJob(options=entry.config, **source)
    return NormaliseJob(options=entry.config) if isinstance(entry, NormalisedData) else entry.config


def read(section: str, value: Any, where: str) -> dict[str, Any]:
    """Return the entries of a section of a plan's file, also of an older version's, by name.

    Raises InputError, which begins with ``where``, for what gmmpipe does not write.
    """
    if isinstance(value, dict):
        value = {name: _without_absent(entry) for name, entry in value.items()}
    return validate.entries(SECTIONS[section][1], value, where)


def _without_absent(entry: Any) -> Any:
    """Return an entry without a source that is {}."""
    if isinstance(entry, dict) and not entry.get("source", True):
        return {key: value for key, value in entry.items() if key != "source"}
    return entry

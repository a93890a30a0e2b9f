"""The entries of a plan: data sets, normalised data, blocks of fits, blocks of replicates."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from gmmpipe.store.jobs import ABSENT, BootstrapJob, FitJob, GenerateJob, NormaliseJob, Section


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
    n: int
    d: int
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
    fits: list[str]
    config: BootstrapJob
    seconds: float


Entry = DataSet | NormalisedData | FitBlock | BootstrapBlock
SECTIONS: dict[str, tuple[str, type[Entry]]] = {  # of a plan's file: where ``Plan`` has them
    "data": ("data_sets", DataSet),
    "normalised": ("normalised_data", NormalisedData),
    "fits": ("fit_blocks", FitBlock),
    "bootstrap": ("bootstrap_blocks", BootstrapBlock),
}
PARTS: dict[type, dict[str, type]] = {  # of entries, that have a class as well
    DataSet: {"source": Source},
    FitBlock: {"source": StartFile, "config": FitJob},
    BootstrapBlock: {"config": BootstrapJob},
}


def job_of(entry: Entry) -> GenerateJob | NormaliseJob | FitJob | BootstrapJob:
    """Return the parameters of the job that makes an entry."""
    if isinstance(entry, DataSet):
        source = {"sha256": entry.source.sha256, "text": entry.source.text} if entry.source else {}
        return GenerateJob(options=entry.config, **source)
    return NormaliseJob(options=entry.config) if isinstance(entry, NormalisedData) else entry.config


def read(kind: type, value: Mapping[str, Any]) -> Any:
    """Return an entry of its JSON, also of an older version's.

    Raises TypeError where something is missing.
    """
    names = {each.name for each in fields(kind)}
    parts = {key: inner for key, inner in value.items() if key in names}
    for key, part in PARTS.get(kind, {}).items():
        parts[key] = read(part, parts[key]) if parts.get(key) else None
    return kind(**parts)

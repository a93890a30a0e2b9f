"""The plan of a version: names in, paths and job parameters out."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from gmmpipe.errors import InputError
from gmmpipe.store import artifacts, layout, validate
from gmmpipe.store.entries import (
    SECTIONS,
    BootstrapBlock,
    DataSet,
    Entry,
    FitBlock,
    NormalisedData,
    Settings,
    job_of,
    read,
)
from gmmpipe.store.jobs import Section, as_text, to_json
from gmmpipe.store.layout import STORE, stored
from gmmpipe.store.names import STORED

AXES = ("dataset", "normaliser", "covariance", "start", "k", "seed", "iteration")  # of a sweep
WIDE = 2**20  # numbers


def fit_of(config: Mapping[str, Any], coordinates: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the section `fit` at a point of the sweep, but for what has an axis of its own."""
    preset = coordinates.get("fit.preset")
    section: dict[str, Any] = config["fit"] if preset is None else config["presets"][preset]
    return section


def outer_axes(sweep: Mapping[str, Any]) -> list[str]:
    """Return the axes of a sweep that have dotted names, e.g. fit.tol."""
    return [axis for axis in sweep if "." in axis]


@dataclass(frozen=True)
class Plan:
    """One version of one experiment; each entry is known by its name in the store.

    config: what results depend on; block: how the work is cut into jobs; path: of its file.
    """

    experiment: str
    config: Section
    block: Section
    data_sets: dict[str, DataSet]
    normalised_data: dict[str, NormalisedData]
    fit_blocks: dict[str, FitBlock]
    bootstrap_blocks: dict[str, BootstrapBlock] = field(default_factory=dict)
    version: str = ""
    path: str = field(default="", compare=False)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Return the plan in a file; raises InputError for anything else."""
        contents, named = artifacts.read_json(path), ("experiment", "config", "version")
        if not isinstance(contents, dict) or not contents.keys() >= {*named, *SECTIONS}:
            raise InputError(f"{path}: not a plan; `gmmpipe run` writes them in {STORE}/plans/")
        validate.refuse_other(Settings, contents["config"], f"{path}: config")
        block = contents.get("block", {})
        if not isinstance(block, dict):
            raise InputError(f"{path}: block is {block!r:.99}; run the experiment again")
        entries: dict[str, Any] = {
            where: read(section, contents[section], f"{path}: {section}")
            for section, (where, _) in SECTIONS.items()
        }
        parts = {key: contents[key] for key in named}
        plan = cls(block=block, path=str(path), **parts, **entries)
        plan._refuse_odd_names()
        plan._refuse_loose_ends()
        return plan

    def to_json(self) -> Section:
        """Return the plan as plain JSON types."""
        contents: Section = {
            "experiment": self.experiment,
            "config": self.config,
            "block": self.block,
        }
        for section in SECTIONS:
            contents[section] = {k: to_json(entry) for k, entry in self.entries(section).items()}
        return {**contents, "version": self.version}

    def _refuse_odd_names(self) -> None:
        """Raise InputError for names that are no parts of a path, as only a forged plan has."""
        names = [self.experiment, self.version]
        for section in SECTIONS:
            for name, entry in self.entries(section).items():
                links = ("dataset", "data", "normalised")
                names += [name, *getattr(entry, "fits", ())]
                names += [getattr(entry, link) for link in links if hasattr(entry, link)]
        for name in names:
            if not (isinstance(name, str) and re.fullmatch(STORED, name)):
                raise InputError(f"{self.path}: {name!r} names no artifact; run again")

    def _refuse_loose_ends(self) -> None:
        """Raise InputError where an entry names another that is not there, or lacks an axis."""
        replicated = self.bootstrap_blocks.values()
        blocks: list[FitBlock | BootstrapBlock] = [*self.fit_blocks.values(), *replicated]
        named = {data.data for data in self.normalised_data.values()} - self.data_sets.keys()
        named |= {block.normalised for block in blocks} - self.normalised_data.keys()
        named |= {fit for block in replicated for fit in block.fits} - self.fit_blocks.keys()
        for name in named:
            raise InputError(f"{self.path}: has no entry {name!r}, which another names; run again")
        axes = {"dataset", *self.outer}
        if not blocks or any(axes - block.config.coordinates.keys() for block in blocks):
            named_axes = " or ".join(sorted(axes))
            raise InputError(f"{self.path}: some fits have no {named_axes}; run again")

    def entries(self, section: str) -> Mapping[str, Entry]:
        """Return the entries of a section of the plan's file by name."""
        result: Mapping[str, Entry] = getattr(self, SECTIONS[section][0])
        return result

    def job(self, section: str, name: str) -> str:
        """Return a job's parameters as one JSON text: Snakemake compares params as a bare set."""
        return as_text(job_of(self.entries(section)[name]))

    @property
    def folder(self) -> str:
        """Return the folder of the version."""
        return layout.version(self.experiment, self.version)

    @property
    def label(self) -> str:
        """Return what logs of the whole version are named after."""
        return f"{self.experiment}-{self.version}"

    @property
    def origins(self) -> str:
        """Return the path of {overrides, own, origins}: the call, and where each value was set."""
        return str(layout.origins(self.path))

    @property
    def engine(self) -> str:
        """Return the section `engine` that was asked for last, as JSON."""
        path = layout.engine(self.path)
        return json.dumps(artifacts.read_json(path)) if path.is_file() else "{}"

    @property
    def outer(self) -> list[str]:
        """Return the axes of the sweep that have dotted names, e.g. fit.tol."""
        return outer_axes(self.config["sweep"])

    @property
    def n_cells(self) -> int:
        """Return the number of cells of the sweep, those of further restarts aside."""
        jobs = [block.config for block in self.fit_blocks.values()]
        return sum(len(job.k) * len(job.seed) * len(job.iteration) for job in jobs)

    @property
    def is_wide(self) -> bool:
        """Return whether some data set is so large that threads are to share each pass over it."""
        return any(data.n * data.d > WIDE for data in self.data_sets.values())

    @property
    def imputes(self) -> bool:
        """Return whether some data set misses values."""
        return any(data.missing for data in self.data_sets.values())

    @property
    def fits(self) -> list[str]:
        """Return the paths of all fitted blocks."""
        return [self.fit(block) for block in self.fit_blocks]

    @property
    def store(self) -> list[str]:
        """Return the paths of all that the version has in the store."""
        return [*self.data, *self.normalisations, *self.fits, *self.bootstraps]

    @property
    def figures(self) -> str:
        """Return the folder of the figures."""
        return f"{self.folder}/{layout.FIGURES}"

    @property
    def captions(self) -> str:
        """Return the path of the captions, which are written when all figures are drawn."""
        return f"{self.figures}/{layout.CAPTIONS}"

    def figure_files(self) -> list[Path]:
        """Return the captions and the figures that have one; other files there are a person's."""
        captions = Path(self.captions)
        if not captions.exists():
            return []
        named = {captions} | self.figure_paths(artifacts.read_json(captions))
        return sorted(path for path in named if path.is_file())

    def figure_paths(self, stems: Iterable[str]) -> set[Path]:
        """Return where the files of these figures are, in all formats of the configuration."""
        kinds = self.config["figures"].get("formats", ())
        return {Path(self.figures, f"{stem}.{kind}") for stem in stems for kind in kinds}

    @property
    def report(self) -> str:
        """Return the path of the report."""
        return f"{self.folder}/{layout.REPORT}"

    @property
    def marker(self) -> str:
        """Return the path of the file that says that `latest` points at a published version."""
        return layout.marker(self.experiment)

    @property
    def data(self) -> list[str]:
        """Return the paths of all data sets."""
        return [self.stored(name) for name in self.data_sets]

    @property
    def normalisations(self) -> list[str]:
        """Return the paths of all normalised data sets."""
        return [stored("normalised", name) for name in self.normalised_data]

    @property
    def bootstraps(self) -> list[str]:
        """Return the paths of all blocks of bootstrap replicates; none where it is off."""
        return [stored("bootstrap", block) for block in self.bootstrap_blocks]

    @property
    def drawn(self) -> dict[str, str]:
        """Return {data set in the store: name of its text file} of those drawn at random."""
        drawn = {k: data.dataset for k, data in self.data_sets.items() if "seed" in data.config}
        names = list(drawn.values())
        return {k: f"{n if names.count(n) == 1 else k}.data" for k, n in drawn.items()}

    def replicated(self, block: str) -> list[str]:
        """Return the inputs of a block of replicates: the normalised data, then the fits."""
        entry = self.bootstrap_blocks[block]
        return [stored("normalised", entry.normalised), *map(self.fit, entry.fits)]

    def fitted(self, block: str) -> list[str]:
        """Return the inputs of a block: the normalised data, and its stored start if any."""
        source = self.fit_blocks[block].source
        return [self.normalised(block), *([source.stored] if source else [])]

    def fit(self, block: str) -> str:
        """Return the path of a fitted block."""
        return stored("fits", block)

    def stored(self, data: str) -> str:
        """Return the path of a data set in the store."""
        return stored("data", data)

    def source(self, data: str) -> list[str]:
        """Return the input file of a data set, or nothing for a generated one."""
        source = self.data_sets[data].source
        return [source.path] if source else []

    def normalised(self, block: str) -> str:
        """Return the path of the normalised data that a block fits."""
        return stored("normalised", self.fit_blocks[block].normalised)

    def raw(self, normalised: str) -> str:
        """Return the path of the data set that was normalised."""
        return self.stored(self.normalised_data[normalised].data)

    def data_of(self, normalised: str) -> DataSet:
        """Return the data set that was normalised."""
        return self.data_sets[self.normalised_data[normalised].data]

    def cases(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (data set in the store, coordinates) of each data set at each outer point."""
        seen = []
        for block in self.fit_blocks.values():
            coordinates = {
                axis: block.config.coordinates[axis] for axis in ("dataset", *self.outer)
            }
            if coordinates not in seen:
                seen.append(coordinates)
                yield self.normalised_data[block.normalised].data, coordinates

"""A frozen plan, read: names in, paths and job parameters out."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gmmpipe.errors import InputError, one_line
from gmmpipe.results.columns import AXES
from gmmpipe.results.tables import bootstrap_files, table_files
from gmmpipe.store import artifacts, layout
from gmmpipe.store.layout import STORE, stored, table
from gmmpipe.store.names import STORED
from gmmpipe.store.ranges import spanned

WIDE = 2**20  # numbers
SECTIONS = {"experiment", "version", "config", "data", "normalised", "fits", "bootstrap"}


class Study:
    """One version of one experiment; ``path`` is its frozen plan."""

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self.plan: dict[str, Any] = artifacts.read_json(path)
        if not isinstance(self.plan, dict) or not SECTIONS.issubset(self.plan):
            raise InputError(f"{path}: not a plan; `gmmpipe run` writes them in {STORE}/plans/")
        self.experiment: str = self.plan["experiment"]
        self.version: str = self.plan["version"]
        self.folder = layout.version(self.experiment, self.version)
        self._refuse_odd_names()

    def _refuse_odd_names(self) -> None:
        """Raise InputError for names that are no parts of a path, as only a forged plan has."""
        names = [self.experiment, self.version]
        for section in ("data", "normalised", "fits", "bootstrap"):
            for name, entry in self.plan[section].items():
                names += [name, *entry.get("fits", ())]
                names += [entry[key] for key in ("dataset", "data", "normalised") if key in entry]
        for name in names:
            if not re.fullmatch(STORED, str(name)):
                raise InputError(f"{self.path}: {name!r} names no artifact; run anew")

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
        return [axis for axis in self.plan["config"]["sweep"] if axis not in AXES]

    @property
    def n_cells(self) -> int:
        """Return the number of cells of the sweep, those of further restarts aside."""
        blocks = [block["config"] for block in self.plan["fits"].values()]
        return sum(len(b["k"]) * len(b["seed"]) * len(b["iteration"]) for b in blocks)

    @property
    def is_wide(self) -> bool:
        """Return whether some data set is so large that threads are to share each pass over it."""
        return any(data["n"] * data["d"] > WIDE for data in self.plan["data"].values())

    @property
    def fits(self) -> list[str]:
        """Return the paths of all fitted blocks."""
        return [self.fit(block) for block in self.plan["fits"]]

    @property
    def store(self) -> list[str]:
        """Return the paths of all that the version has in the store."""
        return [*self.data, *self.normalisations, *self.fits, *self.bootstraps]

    @property
    def marker(self) -> str:
        """Return the path of the file that says that `latest` points at a published version."""
        return layout.marker(self.experiment)

    @property
    def data(self) -> list[str]:
        """Return the paths of all data sets."""
        return [self.stored(name) for name in self.plan["data"]]

    @property
    def normalisations(self) -> list[str]:
        """Return the paths of all normalised data sets."""
        return [stored("normalised", name) for name in self.plan["normalised"]]

    @property
    def tables(self) -> list[str]:
        """Return the paths of all files of tables."""
        names = [*table_files(self.imputes), *self.drawn.values()]
        return [table(self.folder, name, "") for name in names]

    @property
    def imputes(self) -> bool:
        """Return whether some data set misses values."""
        return any(data["missing"] for data in self.plan["data"].values())

    @property
    def bootstraps(self) -> list[str]:
        """Return the paths of all blocks of bootstrap replicates; none where it is off."""
        return [stored("bootstrap", block) for block in self.plan["bootstrap"]]

    @property
    def summaries(self) -> list[str]:
        """Return the paths of the tables that combine the replicates; none where it is off."""
        return self.summary_paths if self.plan["bootstrap"] else []

    @property
    def summary_paths(self) -> list[str]:
        """Return the paths that the tables of the bootstrap have where it is on."""
        return [table(self.folder, name, "") for name in bootstrap_files()]

    @property
    def drawn(self) -> dict[str, str]:
        """Return {data set in the store: name of its text file} of those drawn at random."""
        drawn = {k: d["dataset"] for k, d in self.plan["data"].items() if "seed" in d["config"]}
        names = list(drawn.values())
        return {k: f"{n if names.count(n) == 1 else k}.data" for k, n in drawn.items()}

    def memory(self, block: str) -> int:
        """Return about the bytes that fitting a block takes."""
        return int(self.plan["fits"][block]["memory"])

    def replicated(self, block: str) -> list[str]:
        """Return the inputs of a block of replicates: the normalised data, then the fits."""
        section = self.plan["bootstrap"][block]
        normalised = stored("normalised", section["normalised"])
        return [normalised, *map(self.fit, section["fits"])]

    def fitted(self, block: str) -> list[str]:
        """Return the inputs of a block: the normalised data, and its stored start if any."""
        source = self.plan["fits"][block].get("source")
        return [self.normalised(block), *([source["stored"]] if source else [])]

    def fit(self, block: str) -> str:
        """Return the path of a fitted block."""
        return stored("fits", block)

    def stored(self, data: str) -> str:
        """Return the path of a data set in the store."""
        return stored("data", data)

    def source(self, data: str) -> list[str]:
        """Return the input file of a data set, or nothing for a generated one."""
        source = self.plan["data"][data]["source"]
        return [source["path"]] if source else []

    def normalised(self, block: str) -> str:
        """Return the path of the normalised data that a block fits."""
        return stored("normalised", self.plan["fits"][block]["normalised"])

    def raw(self, normalised: str) -> str:
        """Return the path of the data set that was normalised."""
        return self.stored(self.plan["normalised"][normalised]["data"])

    def section(self, stage: str, name: str) -> str:
        """Return a job's parameters as one JSON text: Snakemake compares params as a bare set."""
        section = self.plan[stage][name]
        other = section["source"] if stage == "data" else {}
        if stage == "fits":
            other = {"seed": spanned(section["config"]["seed"])}
        return json.dumps({**section["config"], **other}, sort_keys=True)

    def failures(self) -> str | None:
        """Return one line on the cells that failed; None if none did, or it is not to matter.

        That is what fit.on_failure says. The tables must be there.
        """
        rows = self._rows("failed")
        if not rows or self.plan["config"]["fit"]["on_failure"] == "continue":
            return None
        cells = {tuple(row[axis] for axis in (*AXES[:-1], *self.outer)) for row in rows}
        at = ", ".join(f"{axis} {rows[0][axis]}" for axis in AXES[:-1])
        lost = "1 fit failed" if len(cells) == 1 else f"{len(cells)} fits failed, the first"
        return one_line(
            f"{lost} ({at}): {rows[0]['reason']};"
            f" see {table(self.folder, 'failed', '.csv')} (fit.on_failure=continue lets them pass)"
        )

    def _rows(self, name: str) -> list[dict[str, str]]:
        text = artifacts.read(table(self.folder, name, ".csv")).decode()
        return list(csv.DictReader(io.StringIO(text)))

    def cases(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (data set in the store, coordinates) of each data set at each outer point."""
        seen = []
        for block in self.plan["fits"].values():
            at = {axis: block["config"]["coordinates"][axis] for axis in ("dataset", *self.outer)}
            data = self.plan["normalised"][block["normalised"]]["data"]
            if at not in seen:
                seen.append(at)
                yield data, at

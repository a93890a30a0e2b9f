"""The second pass: the rows of all parts in order, their components renumbered, written."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from gmmpipe.mixture.defects import numbered, renumbered, sentence
from gmmpipe.mixture.diagnostics.matching import NOISE, overlaps_of_labels, renumber
from gmmpipe.mixture.diagnostics.metrics import Codes
from gmmpipe.mixture.diagnostics.restarts import NONE
from gmmpipe.mixture.mixture import FIRST, Indices
from gmmpipe.results.build.assess import Part
from gmmpipe.results.build.best import Group, Optima, Reference, group_of, labels_of
from gmmpipe.results.build.schemas import decoded, encoded
from gmmpipe.results.build.stability import MOST_RUNS, stability
from gmmpipe.results.columns import DEFECTS, MODEL
from gmmpipe.results.tables import LONG
from gmmpipe.store import artifacts

NO_OPTIMA: Indices = np.empty(0, np.int64)  # the optima of a part without fits
RowBytes = Mapping[str, int]  # about what a row of each long table takes


class TableMerger:
    """Merges parts into the long tables of a version; keeps what other tables are made of.

    ``parameters`` has the rows of the cells in ``best``, ``stability`` is the table of that name.
    """

    def __init__(
        self,
        schemas: Mapping[str, pa.Schema],
        references: Mapping[Group, Reference],
        best: pd.DataFrame,
        outer: list[str],
    ) -> None:
        self._schemas, self._references, self._outer = schemas, references, outer
        self._model = ["dataset", *outer, *MODEL]
        self._run = [*self._model, "start"]
        runs = best[self._run].itertuples(index=False, name=None)
        ends = best[["seed", "iteration"]].itertuples(index=False, name=None)
        self._best: dict[Group, tuple[int, int]] = dict(zip(runs, ends, strict=True))
        self._parameters: list[pa.Table] = []
        self._stability: list[pd.DataFrame] = []

    def write(
        self, parts: Sequence[Part], optima: Optima, scratch: str, folder: str, size: RowBytes
    ) -> None:
        """Write fits, parameters and trajectories, and fits and failed as text; parts in order."""
        with ExitStack() as stack:
            write = {}
            for name in LONG:
                rows = sum(part.rows[name] for part in parts)
                opened = artifacts.appending(
                    f"{folder}/{name}.parquet", self._schemas[name], rows, size[name]
                )
                write[name] = stack.enter_context(opened).append
            write_fits, write_failed = [
                stack.enter_context(artifacts.appending_csv(f"{folder}/{name}.csv"))
                for name in ("fits", "failed")
            ]
            for _, group in groupby(parts, lambda part: (repr(part.point), part.k)):
                for tables in self._merged(list(group), optima, scratch):
                    for name in LONG:
                        write[name](tables[name])
                    readable = tables["fits"].drop_columns([DEFECTS])  # which reason says
                    write_fits(readable)
                    write_failed(readable.filter(pc.equal(readable["status"], "failed")))

    @property
    def parameters(self) -> pd.DataFrame:
        """Return the rows of parameters of the cells in ``best``."""
        empty = self._schemas["parameters"].empty_table()
        result: pd.DataFrame = pa.concat_tables([empty, *self._parameters]).to_pandas()
        return result

    @property
    def stability(self) -> pd.DataFrame:
        """Return how far the seeds agree."""
        tables = self._stability or [stability(pd.DataFrame(), self._outer)]
        return pd.concat(tables, ignore_index=True)

    def _merged(
        self, parts: Sequence[Part], optima: Optima, scratch: str
    ) -> Iterator[dict[str, pa.Table]]:
        """Yield the rows of one point and K, slice by slice."""
        runs: list[dict[str, Any]] = []
        known_numbers: dict[bytes, Indices] = {}
        for part in parts:
            names, optimum = (*LONG, "ends"), optima.get((part.block, part.k), NO_OPTIMA)
            for slices in zip(*(part.read(scratch, name) for name in names), strict=True):
                tables = dict(zip(names, slices, strict=True))
                ends = tables["ends"]
                numbers, labels = self._numbered(part, ends, known_numbers)
                seeds, reached = ends["seed"].to_pylist(), optimum[: len(ends)]
                optimum = optimum[len(ends) :]
                fits = _with_optimum(tables["fits"], dict(zip(seeds, reached, strict=True)))
                tables["fits"] = _explained(fits, seeds, numbers)
                tables["parameters"] = _reordered(tables["parameters"], numbers)
                self._keep(part, tables["parameters"])
                runs += _sound(part, ends, labels)[: MOST_RUNS - len(runs)]
                yield tables
        if len(runs) > 1:
            self._stability.append(stability(pd.DataFrame(runs), self._outer))

    def _numbered(
        self, part: Part, ends: pa.Table, known_numbers: dict[bytes, Indices]
    ) -> tuple[npt.NDArray[np.int64], Codes]:
        """Return the number of each component of each fit (F, K), and labels by these (F, P).

        known: the numbers that follow from a table of overlaps, for the same reference.
        """
        labels = labels_of(ends)
        numbers = np.zeros((len(labels), part.k), np.int64)
        if part.k == 1 or not len(labels):
            return numbers, labels
        reference = self._references[group_of(part, self._model)]
        same_start = reference.start == part.point["start"]
        overlaps = overlaps_of_labels(labels, reference.labels, part.k, part.weight)
        for i, (seed, table) in enumerate(zip(ends["seed"].to_pylist(), overlaps, strict=True)):
            if same_start and seed == reference.seed:
                numbers[i] = reference.numbers
                continue
            key = table.tobytes()
            if key not in known_numbers:
                known_numbers[key] = renumber(table, reference.numbers)
            numbers[i] = known_numbers[key]
        renumbered = np.take_along_axis(numbers, np.maximum(labels, 0), axis=1)
        return numbers, np.where(labels == NOISE, NOISE, renumbered)

    def _keep(self, part: Part, parameters: pa.Table) -> None:
        """Keep the rows of the cell in ``best``, if it is here."""
        if (cell := self._best.get(group_of(part, self._run))) is not None:
            seed, iteration = cell
            is_cell = pc.and_(
                pc.equal(parameters["seed"], seed), pc.equal(parameters["iteration"], iteration)
            )
            self._parameters.append(parameters.filter(is_cell))


def _with_optimum(fits: pa.Table, optimum: Mapping[int, int]) -> pa.Table:
    """Return rows of fits with the number of the optimum in which each run ended, 0 for none."""
    numbers = [optimum.get(seed, NONE) + FIRST for seed in fits["seed"].to_pylist()]
    return _with_column(fits, "optimum", pa.array(numbers, pa.int64()))


def _explained(fits: pa.Table, seeds: Sequence[int], numbers: npt.NDArray[np.int64]) -> pa.Table:
    """Return rows of fits whose defects have the numbers of components, and say the reason.

    A cell that failed has no defects: its reason is known already.
    """
    cells = decoded(fits[DEFECTS])
    if not any(cells):
        return fits
    by_seed = dict(zip(seeds, (numbers + FIRST).tolist(), strict=True))
    defects = [
        renumbered(cell, by_seed[seed]) if cell else ()
        for seed, cell in zip(fits["seed"].to_pylist(), cells, strict=True)
    ]
    former = fits["reason"].to_pylist()
    reasons = [sentence(d, numbered) or why for d, why in zip(defects, former, strict=True)]
    fits = _with_column(fits, "reason", pa.array(reasons, fits["reason"].type))
    return _with_column(fits, DEFECTS, encoded(defects))


def _reordered(parameters: pa.Table, numbers: npt.NDArray[np.int64]) -> pa.Table:
    """Return rows of parameters renumbered, each cell's in the new order.

    They are those of F fits, S snapshots of each and K components of each; numbers (F, K).
    """
    n_fits, k = numbers.shape
    if (numbers == np.arange(k)).all():
        return parameters
    order = np.argsort(numbers, axis=1)[:, None]
    cells = np.arange(0, parameters.num_rows, k).reshape(n_fits, -1, 1)
    moved = parameters.take((cells + order).ravel())
    return _with_column(moved, "component", parameters["component"])


def _with_column(table: pa.Table, name: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(place), values)


def _sound(part: Part, ends: pa.Table, labels: Codes) -> list[dict[str, Any]]:
    """Return the fits that count for the stability."""
    key = {**part.point, "k": part.k, "degenerate": False, "weight": part.weight}
    seeds = zip(ends["seed"].to_pylist(), ends["sound"].to_pylist(), labels, strict=True)
    return [
        {**key, "seed": seed, "labels": row}
        for seed, sound, row in seeds
        if sound and seed >= 0  # others start from a better fit, and are no draws
    ]

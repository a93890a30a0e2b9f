"""The first pass: the fits of a block assessed, their rows left in scratch, a summary returned."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from gmmpipe.mixture import fit_arrays
from gmmpipe.mixture.mixture import Array
from gmmpipe.results.build.data import Data
from gmmpipe.results.build.measure import BlockContext, Cell, SliceRows, is_noisy
from gmmpipe.results.build.ranking import rivals
from gmmpipe.results.build.schemas import schemas
from gmmpipe.results.columns import DEFECTS
from gmmpipe.store import artifacts
from gmmpipe.store.plan import Plan

MOST_NUMBERS = 2**20  # of the rows of a slice, about


@dataclass(frozen=True)
class Part:
    """What is known of the fits of one K in one block; their rows are in scratch.

    block: its index in ``order``; batches: those of its rows in the files of the block; rows: of
    each long table; candidates: the rows of fits of which one may win; likeliest: whether it is
    degenerate, the log-likelihood, the batch and the row of the end to follow where none wins;
    weight: of the samples by which fits are compared.
    """

    block: int
    point: Mapping[str, Any]
    k: int
    seed: int
    batches: tuple[int, ...]
    rows: Mapping[str, int]
    candidates: pa.Table
    likeliest: tuple[bool, float, int, int] | None
    weight: Array

    def read(self, scratch: str, table: str) -> Iterator[pa.Table]:
        """Yield the rows of a long table, or the ends, slice by slice, in the order of seeds."""
        for batch in self.batches:
            yield artifacts.read_batch(f"{scratch}/{self.block}.{table}", batch)


def order(plan: Plan) -> list[str]:
    """Return all blocks, those of the same normalised data one after another."""
    names = list(plan.fit_blocks)
    indices = list(dict.fromkeys(map(plan.normalised, names)))
    return sorted(names, key=lambda name: indices.index(plan.normalised(name)))


def points(plan: Plan) -> list[dict[str, Any]]:
    """Return the coordinates of every block, in ``order``."""
    return [plan.fit_blocks[name].config.coordinates for name in order(plan)]


def schemas_of(plan: Plan) -> dict[str, pa.Schema]:
    """Return the schemas of the long tables, and of the ends, of a version."""
    noisy = any(is_noisy(block.config) for block in plan.fit_blocks.values())
    return schemas(points(plan), noisy)


def assess(path: str, scratch: str, threads: int, share: int, shares: int) -> list[Part]:
    """Assess one in so many of the blocks, beginning with number ``share``."""
    plan = Plan.read(path)
    table_schemas, blocks = schemas_of(plan), order(plan)
    parts: list[Part] = []
    normalised, data = "", None
    for index in range(share, len(blocks), shares):
        block = blocks[index]
        if data is None or normalised != plan.normalised(block):
            normalised, data = plan.normalised(block), Data(plan, block, threads)
        job = plan.fit_blocks[block].config
        arrays = artifacts.read_arrays(plan.fit(block))
        cells: list[Cell] = [*fit_arrays.from_arrays(arrays), *fit_arrays.failed_in(arrays)]
        parts += _block(cells, BlockContext(job, data, table_schemas), scratch, index)
    return parts


def _block(cells: Sequence[Cell], block: BlockContext, scratch: str, index: int) -> list[Part]:
    """Write the rows of a block; return its parts."""
    batches: dict[str, list[pa.RecordBatch]] = {name: [] for name in block.schemas}
    parts = []
    for k in sorted({cell.k for cell in cells}):
        of_k = sorted((cell for cell in cells if cell.k == k), key=lambda cell: cell.seed)
        first = len(batches["fits"])
        for some in _slices(of_k, block.job.iteration, block.data):
            for name, batch in SliceRows(some, block).batches().items():
                batches[name].append(batch)
        tables = {name: pa.Table.from_batches(batches[name][first:]) for name in batches}
        parts.append(
            Part(
                index,
                block.job.coordinates,
                k,
                of_k[0].seed,
                tuple(range(first, len(batches["fits"]))),
                {name: table.num_rows for name, table in tables.items()},
                _candidates(tables["fits"]),
                _likeliest(batches["ends"], first),
                block.data.compared_weight,
            )
        )
    for name, parts_of_table in batches.items():
        artifacts.write_batches(f"{scratch}/{index}.{name}", parts_of_table)
    return parts


def _slices(
    cells: Sequence[Cell], snapshots: Sequence[int], data: Data
) -> Iterator[Sequence[Cell]]:
    """Yield the cells of one K, so many at a time that their rows are of bounded size."""
    d = data.x.shape[1]
    rows = len(snapshots) * cells[0].k * 2 * (d + 1) ** 2
    width = max(1, MOST_NUMBERS // (rows + snapshots[-1] + len(data.assess.compared)))
    for first in range(0, len(cells), width):
        yield cells[first : first + width]


def _candidates(fits: pa.Table) -> pa.Table:
    names = ("log_likelihood", "log_prior", "degenerate", "iteration")
    log_likelihood, log_prior, degenerate, iteration = (fits[name].to_numpy() for name in names)
    objective = log_likelihood + log_prior
    sound = fits.drop_columns([DEFECTS])  # what may win has none
    return sound.take(rivals(objective, ~degenerate, iteration)).combine_chunks()


def _likeliest(ends: Sequence[pa.RecordBatch], first: int) -> tuple[bool, float, int, int] | None:
    """Return the sound end of highest log-likelihood, or of all; of equals the first."""
    result = None
    for place in range(first, len(ends)):
        names = ("sound", "log_likelihood")
        sound, values = (ends[place].column(n).to_numpy(zero_copy_only=False) for n in names)
        if not len(values):
            continue
        row = int(np.lexsort((-values, ~sound))[0])
        best = (not bool(sound[row]), float(values[row]), place, row)
        if result is None or (best[0], -best[1]) < (result[0], -result[1]):
            result = best
    return result

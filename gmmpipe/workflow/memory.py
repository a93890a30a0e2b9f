"""How much memory a stage takes.

What a process holds itself is counted, not the pages of files that it maps. The constants are
measured: tests/workflow/test_memory.py and benchmarks/pipeline.py compare them with what jobs take.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gmmpipe.mixture.diagnostics.convergence import TOGETHER
from gmmpipe.mixture.diagnostics.ties import MOST_ROWS as TIED_ROWS
from gmmpipe.mixture.slices import SLICE
from gmmpipe.mixture.starts.registry import MOST_ROWS as START_ROWS
from gmmpipe.store.arrays import MAPPED
from gmmpipe.store.entries import DataSet
from gmmpipe.store.free_memory import COPIES

MB = 2**20
NUMPY = 50 * MB  # an interpreter with numpy
READERS = 100 * MB  # ... and a library that reads or draws data
BASE = 230 * MB  # ... and scipy, compiling kernels where no cache has them; 80 where one has
TABLES = 110 * MB  # pandas and Arrow, and the rows that are on their way into files
PAGE = 150 * MB  # an interpreter with pandas and matplotlib, and a page
DRAWING = 340 * MB  # ... and pictures of a data set as they are drawn
PARTS = 150 * MB  # the parts in which a large file is read
ROW = 500  # of fits.csv, as a data frame
MATRICES = 24  # D x D for each component of the fits at work: scatter, factors, their checks
TEXT = 30  # times the bytes of a text, while its cells are words


def of_data(n: int, d: int) -> int:
    """Return the bytes of an array of the store in memory: none where it stays in its file."""
    size = 8 * n * d
    return size if size < MAPPED else 0


def _read(data: DataSet) -> int:
    """Return the bytes of normalised rows, and of their weights if they have any, and of a copy."""
    return 2 * of_data(data.n, data.d + (data.total is not None))


def of_generate(data: DataSet, in_parts: bool) -> int:
    """Return about the bytes that reading or drawing a data set takes."""
    if in_parts:
        return NUMPY + READERS + PARTS
    return int(NUMPY + READERS + TEXT * data.bytes + 8 * COPIES * data.n * (data.d + 1))


def of_normalise(data: DataSet) -> int:
    """Return about the bytes that normalising takes."""
    return int(NUMPY + 2 * of_data(data.n, data.d) + 8 * 6 * min(data.n, SLICE) * data.d)


def of_fit(
    data: DataSet, fit: Mapping[str, Any], ks: Sequence[int], seeds: int, iteration: Sequence[int]
) -> int:
    """Return about the bytes that a block takes, every k with every seed.

    fit: the section of that name. Data that stay in their file cost nothing, but for what is done
    on all rows at once: noise, missing values, rows of weight 0.
    """
    n, d, k = data.n, data.d, max(ks)
    mixtures = seeds * sum(ks) * (len(iteration) + 2) * (d * d + d + 1)
    trajectories = seeds * len(ks) * (iteration[-1] + 1) + TOGETHER
    rows = min(n, START_ROWS)  # of which a start may share every one among all components
    numbers = rows * (COPIES * d + 2 + k) + 3 * mixtures + 2 * trajectories
    numbers += MATRICES * sum(ks) * d * d
    if fit.get("noise", 0) > 0:
        numbers += n * (2 * k + 8)
    if data.missing:
        numbers += n * (3 * d + 6)
    if data.usable < n:
        numbers += n * (d + 1)
    return int(BASE + _read(data) + 8 * numbers)


def widest(free: int, takes: Callable[[int], int], d: int) -> int:
    """Return with how many of d features a block takes no more than is free.

    takes: the bytes that it takes with so many.
    """
    return bisect_right(range(d + 1), free, key=takes) - 1


def of_tables(data: DataSet, k: int) -> int:
    """Return about the bytes that making tables of mixtures of up to k components takes.

    Drawn data are compared with the truth all at once, missing values imputed so.
    """
    n, d = data.n, data.d
    numbers = min(n, SLICE) * (6 * k + 2 * d) + min(n, TIED_ROWS) * (k + 2 * d)
    if "seed" in data.config:
        numbers += n * (4 * k + 2)
    if data.missing:
        numbers += 3 * n * d
    return int(TABLES + _read(data) + 8 * numbers)


def of_shown(cells: int, numbers: int) -> int:
    """Return about the bytes of the tables as figures and the report hold them.

    cells: rows of fits.csv. numbers: of the parameters and trajectories that are read at a time.
    """
    return ROW * cells + 8 * COPIES * numbers


def of_bootstrap(data: DataSet, k: int) -> int:
    """Return about the bytes that a resample and its fits of k components take, without others."""
    n, d = max(data.n, round(data.total or 0)), data.d
    return int(8 * n * (4 * d + k + 6))

"""How the samples lie in memory: blocks of feature rows, samples along the SIMD lanes.

A slot of memory holds a block: each feature is a row, rows are ``stride`` apart, the sample
weights are the row after. Blocks are padded to whole vectors with samples of weight 0, features
to whole tiles with zeros.
"""

from typing import NamedTuple

import numpy as np

from gmmpipe.mixture.kernels.simd import LANES
from gmmpipe.mixture.mixture import Array

TILE = 4  # features: the square of a tile, in vectors, fills half the registers
BATCH = 32  # samples whose deviations are laid out at a time, to be added one by one
_BLOCK = 256  # samples: a block's densities and features stay in the first two caches
GROUPS = _BLOCK // LANES  # vectors of a block, at most
PRUNED, PAUSE, PAIRS = range(3)  # of a block's state: whether it is pruned, passes until it may be,
# and how many pairs of eight samples and a best component there were when it was sorted
_CHUNKS = 32  # partial sums: work for as many threads
_RESIDENT = 8_000_000  # doubles; larger data are laid out again in each pass, never copied whole


class Shape(NamedTuple):
    """Lengths that are constants of the compiled code; the elements themselves mean nothing.

    dims has as many elements as a tile has features; lower as many as a tile on the diagonal
    holds of a matrix (``len(dims)`` of them: axis-aligned, no products between features); square
    as many as any other tile (one: there is a single tile, D <= 4).
    """

    dims: tuple[int, ...]
    lower: tuple[int, ...]
    square: tuple[int, ...]


class Layout(NamedTuple):
    """Sizes, functions of N and D: how n samples of d features are cut and laid out.

    The features are padded to ``width`` in ``tiles``, a matrix over them to ``size`` elements;
    ``blocks`` of ``block`` samples go in ``chunks``. resident (1): each block has its own slot of
    ``slot`` doubles; otherwise each thread has one. step: from one sample's weight to the next
    one's where samples are laid out again; 0: they all share one.
    """

    n: int
    d: int
    tiles: int
    width: int
    size: int
    block: int
    blocks: int
    chunks: int
    stride: int
    slot: int
    resident: int
    step: int = 1


class Rows(NamedTuple):
    """Where the rows of a thread's ``work``, ``stride`` doubles apart, begin.

    First the densities of each component, then their sums, the reference in bits that they are
    relative to, and a tile of weighted deviations. Where features fill several tiles, the moments
    of few samples follow. used: for each component, whether it has any in this chunk; listing: the
    samples of a block; plain, weighted: a batch of deviations, ``lanes`` (whole vectors) doubles a
    sample; moments: for each component, ``each`` doubles. Then what ``pruning`` needs: sorted: the
    features of the block, sorted; sums and tops in that order; row: a component's densities in the
    order of the samples; lows: the lowest of eight tops; masks: a number for each component.
    """

    stride: int
    sums: int
    tops: int
    tile: int
    used: int
    listing: int
    plain: int
    weighted: int
    moments: int
    lanes: int
    each: int
    sorted: int
    sorted_sums: int
    sorted_tops: int
    row: int
    lows: int
    masks: int
    end: int


def rows_of(layout: Layout, k: int) -> Rows:
    """Return the rows of ``work`` for k components."""
    stride, used = layout.stride, (k + 2 + TILE) * layout.stride
    if layout.tiles == 1:
        return Rows(
            stride, k * stride, (k + 1) * stride, (k + 2) * stride, used, used, used, used, used,
            0, 0, used, used, used, used, used, used, used,
        )  # fmt: skip
    lanes = (layout.width + LANES - 1) // LANES * LANES
    tiles = lanes // LANES
    second = lanes if layout.size == layout.width else tiles * (tiles + 1) // 2 * LANES * LANES
    each = LANES + lanes + second
    listing = used + (k + LANES - 1) // LANES * LANES
    plain = listing + stride
    moments = plain + 2 * BATCH * lanes
    ordered = moments + k * each
    rest = ordered + layout.width * stride
    return Rows(
        stride, k * stride, (k + 1) * stride, (k + 2) * stride, used, listing, plain,
        plain + BATCH * lanes, moments, lanes, each, ordered, rest, rest + stride,
        rest + 2 * stride, rest + 3 * stride, rest + 3 * stride + GROUPS,
        rest + 3 * stride + GROUPS + listing - used,
    )  # fmt: skip


class State(NamedTuple):
    """Where the state of the pruning of a block, doubles, has what; see ``pruning``.

    order: which sample is where; best: its likeliest component in the last pass. hints: for each
    component, a bit for each eight of which some sample has it as its best. bounds: for each
    component and eight, the least distance of a sample in sqrt(bits), or less.
    """

    order: int
    best: int
    hints: int
    bounds: int
    end: int


def state_of(layout: Layout, k: int) -> State:
    """Return where the state of a block has what, for k components."""
    best, hints = LANES + layout.stride, LANES + 2 * layout.stride
    bounds = hints + (k + LANES - 1) // LANES * LANES
    return State(LANES, best, hints, bounds, bounds + k * GROUPS)


def plan(n: int, d: int, axis_aligned: bool) -> tuple[Shape, Layout]:
    """Return how n samples of d features are laid out and cut; the cut depends on n alone."""
    tile = min(d, TILE)
    tiles = -(-d // tile)
    lower = tile if axis_aligned else tile * (tile + 1) // 2
    size = tiles * lower + (0 if axis_aligned else tile * tile * tiles * (tiles - 1) // 2)
    block = -(-n // (-(-n // _BLOCK) * LANES)) * LANES
    blocks = -(-n // block)
    stride = block + (LANES if tiles > 1 else 0)  # powers of two would share cache sets
    width = tiles * tile
    square = tile * tile if tiles > 1 else 1
    return (
        Shape((0,) * tile, (0,) * lower, (0,) * square),
        Layout(
            n, d, tiles, width, size, block, blocks, min(blocks, _CHUNKS), stride,
            (width + 1) * stride, int(n * d <= _RESIDENT),
        ),
    )  # fmt: skip


def part(whole: Layout, chunk: int) -> tuple[slice, Layout]:
    """Return the rows of a chunk, and the layout of these alone: one chunk of the same blocks."""
    first, last = (c * whole.blocks // whole.chunks for c in (chunk, chunk + 1))
    rows = slice(first * whole.block, min(last * whole.block, whole.n))
    return rows, whole._replace(n=rows.stop - rows.start, blocks=last - first, chunks=1)


def places(d: int, axis_aligned: bool) -> np.ndarray:
    """Return where a tiled triangular matrix has its element (i, j), j <= i; others are 0.

    Tile after tile, row by row of tiles; the last tile of a row is a triangle and in row order,
    the others are in column order. Axis-aligned: the diagonal. (D, D) of int64.
    """
    table = np.zeros((d, d), np.int64)
    tile = min(d, TILE)
    at = 0
    for row in range(0, d, tile):
        for column in range(0, 0 if axis_aligned else row, tile):
            square = np.arange(at, at + tile * tile).reshape(tile, tile).T
            table[row : row + tile, column : column + tile] = square[: d - row]
            at += tile * tile
        for i in range(tile):
            for j in range(i if axis_aligned else 0, i + 1):
                if row + i < d:
                    table[row + i, row + j] = at
                at += 1
    return table


def fill_all(layout: Layout, x: Array, weight: Array, slots: Array) -> None:
    """Lay out x (N, D) and weight (N,) block by block in the slots (all zeros), one for each."""
    rows = slots.reshape(layout.blocks, layout.width + 1, layout.stride)
    for block in range(layout.blocks):
        first = block * layout.block
        last = min(first + layout.block, layout.n)
        rows[block, : layout.d, : last - first] = x[first:last].T
        rows[block, : layout.d, last - first : layout.block] = x[last - 1, :, None]
        rows[block, layout.width, : last - first] = weight[first:last]

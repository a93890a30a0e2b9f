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
_BLOCK = 256  # samples: a block's densities and features stay in the first two caches
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

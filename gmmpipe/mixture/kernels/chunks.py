"""The pass over one chunk of samples, as a C function for each shape of tiles."""

from collections.abc import Callable

from numba import types

from gmmpipe.mixture.kernels.layout import Layout
from gmmpipe.mixture.kernels.passes import (  # fmt: skip
    UNDERFLOW,
    Model,
    densities,
    far_densities,
    inlined,
    likelihood,
    log_densities,
    moments,
)
from gmmpipe.mixture.kernels.simd import LANES
from gmmpipe.mixture.kernels.tiles import columns, store_rows

_INTEGER, _DOUBLES = types.int64, types.CPointer(types.float64)
SIGNATURE = types.void(
    types.CPointer(_INTEGER), _DOUBLES, _DOUBLES, _DOUBLES, _INTEGER, _INTEGER, _INTEGER,
    _DOUBLES, _DOUBLES, _DOUBLES, _DOUBLES, _DOUBLES, _DOUBLES,
)  # fmt: skip


@inlined
def _layout(sizes):
    """Return the layout from its array."""
    return Layout(
        sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5], sizes[6], sizes[7], sizes[8],
        sizes[9], sizes[10], sizes[11],
    )  # fmt: skip


@inlined
def _fill(shape, layout, x, weight, block, slots, at):
    """Lay a block out in slots from ``at``, as ``layout.fill_all`` does.

    Where one tile has all features, eight samples at a time: else that takes half the pass.
    """
    dims, _, square = shape
    first, d, stride = block * layout.block, layout.d, layout.stride
    held = min(layout.block, layout.n - first)
    whole = held // LANES * LANES if len(square) == 1 else 0
    for b in range(0, whole, LANES):
        store_rows(slots, at + b, stride, columns(dims, x, (first + b) * d))
    for b in range(whole, layout.block):
        sample = first + min(b, held - 1)
        for i in range(d):
            slots[at + i * stride + b] = x[sample * d + i]
    weights = at + layout.width * stride
    for b in range(held):
        slots[weights + b] = weight[(first + b) * layout.step]
    for b in range(held, layout.block):
        slots[weights + b] = 0.0


@inlined
def _block(shape, layout, x, weight, slots, block, rank):
    """Return how many samples a block has, in whole vectors, and where they lie."""
    n = min(layout.block, layout.n - block * layout.block)
    at = block * layout.slot
    if layout.resident == 0:
        at = rank * layout.slot
        _fill(shape, layout, x, weight, block, slots, at)
    return (n + LANES - 1) // LANES * LANES, at


def chunk_pass(*shape: tuple[int, ...]) -> Callable[..., None]:
    """Return the pass over one chunk, for a shape of tiles."""

    def chunk_pass(
        sizes, x, weight, slots, chunk, rank, k, peaks, means, centres, factors, work, out
    ):
        """Set out to the log-likelihood in bits, then count and moments of each component."""
        layout = _layout(sizes)
        model = Model(k, peaks, means, centres, factors)
        n_moments = 1 + layout.width + layout.size
        for entry in range(1 + k * n_moments):
            out[entry] = 0.0
        first = chunk * layout.blocks // layout.chunks
        for block in range(first, (chunk + 1) * layout.blocks // layout.chunks):
            n, at = _block(shape, layout, x, weight, slots, block, rank)
            if not densities(shape, layout, model, n, slots, at, work) > UNDERFLOW:
                far_densities(shape, layout, model, n, slots, at, work)
            out[0] += likelihood(layout, model, n, slots, at, work)
            for j in range(k):
                moments(shape, layout, model, n, slots, at, work, j, out, 1 + j * n_moments)

    return chunk_pass


def chunk_densities(*shape: tuple[int, ...]) -> Callable[..., None]:
    """Return the pass over one chunk that keeps the densities, for a shape of tiles."""

    def chunk_densities(
        sizes, x, weight, slots, chunk, rank, k, peaks, means, centres, factors, work, out
    ):
        """Set out, (n, k) by rows, to log2 of weight times density of all samples."""
        layout = _layout(sizes)
        model = Model(k, peaks, means, centres, factors)
        first = chunk * layout.blocks // layout.chunks
        for block in range(first, (chunk + 1) * layout.blocks // layout.chunks):
            n, at = _block(shape, layout, x, weight, slots, block, rank)
            log_densities(shape, layout, model, n, slots, at, work)
            start = block * layout.block
            for b in range(min(layout.block, layout.n - start)):
                for j in range(k):
                    out[(start + b) * k + j] = work[j * n + b]

    return chunk_densities

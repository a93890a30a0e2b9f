"""The pass over one chunk of samples, as a C function for each shape of tiles."""

from collections.abc import Callable

from numba import types

from gmmpipe.mixture.kernels.layout import Layout
from gmmpipe.mixture.kernels.moments import (  # fmt: skip
    begin_sparse,
    end_sparse,
    moments,
    moments_where_any,
)
from gmmpipe.mixture.kernels.passes import (  # fmt: skip
    UNDERFLOW,
    Model,
    densities,
    inlined,
    likelihood,
    log_densities,
    relative_densities,
    rows_of,
)
from gmmpipe.mixture.kernels.pruning import (  # fmt: skip
    adapt,
    learn,
    pruned,
    pruned_densities,
    unsorted_row,
)
from gmmpipe.mixture.kernels.records import NO_STATE
from gmmpipe.mixture.kernels.simd import LANES
from gmmpipe.mixture.kernels.tiles import columns, store_rows

_INTEGER, _DOUBLES = types.int64, types.CPointer(types.float64)
SIGNATURE = types.void(
    types.CPointer(_INTEGER), _DOUBLES, _DOUBLES, _DOUBLES, _INTEGER, _INTEGER, _INTEGER,
    _DOUBLES, _DOUBLES, _DOUBLES, _DOUBLES, _DOUBLES, _DOUBLES, types.CPointer(_INTEGER), _INTEGER,
    _DOUBLES, _DOUBLES, _INTEGER,
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


@inlined
def _zeros(layout, k, out):
    """Set the sums of a chunk to 0; return how many there are of a component."""
    n_moments = 1 + layout.width + layout.size
    for entry in range(1 + k * n_moments):
        out[entry] = 0.0
    return n_moments


@inlined
def _whole_block(shape, layout, model, n, x, block, slots, at, state, known, work, out):
    """Add a block to the sums of its chunk."""
    n_moments, first, pairs = 1 + layout.width + layout.size, block * layout.block, 0
    relative_densities(shape, layout, model, n, slots, at, work)
    out[0] += likelihood(layout, model, n, slots, at, work)
    for j in range(model.k):
        pairs += moments_where_any(
            shape, layout, model, n, x, first, slots, at, work, j * layout.stride, j, out,
            1 + j * n_moments,
        )  # fmt: skip
    if known != NO_STATE:
        learn(layout, model, n, min(n, layout.n - first), pairs, state, block, work)


@inlined
def _pruned_block(shape, layout, model, n, x, block, slots, at, drifts, state, work, out):
    """Add a block to the sums of its chunk, to the same bits as ``_whole_block``."""
    n_moments, first = 1 + layout.width + layout.size, block * layout.block
    row = rows_of(layout, model.k).row
    evaluated = pruned_densities(shape, layout, model, n, x, first, drifts, state, block, work)
    out[0] += likelihood(layout, model, n, slots, at, work)
    for j in range(model.k):
        if unsorted_row(layout, model, n, state, block, work, j):
            moments_where_any(
                shape, layout, model, n, x, first, slots, at, work, row, j, out,
                1 + j * n_moments,
            )  # fmt: skip
    adapt(layout, model, n, evaluated, state, block, work)


def chunk_pass(*shape: tuple[int, ...]) -> Callable[..., None]:
    """Return the pass over one chunk, for a shape of tiles."""

    def one_tile(
        sizes, x, weight, slots, chunk, rank, k, peaks, means, centres, factors, work, out, owners,
        epoch, _drifts, _state, _known,
    ):  # fmt: skip
        """Set out to the log-likelihood in bits, then count and moments of each component."""
        layout = _layout(sizes)
        model, n_moments = Model(k, peaks, means, centres, factors), _zeros(layout, k, out)
        first = chunk * layout.blocks // layout.chunks
        for block in range(first, (chunk + 1) * layout.blocks // layout.chunks):
            if owners[chunk] >> 8 >= epoch:  # another thread was faster
                return
            n, at = _block(shape, layout, x, weight, slots, block, rank)
            if not densities(shape, layout, model, n, slots, at, work) > UNDERFLOW:
                relative_densities(shape, layout, model, n, slots, at, work)
            out[0] += likelihood(layout, model, n, slots, at, work)
            for j in range(k):
                moments(
                    shape, layout, model, n, slots, at, work, j * layout.stride, j, out,
                    1 + j * n_moments,
                )  # fmt: skip

    def tiles(
        sizes, x, weight, slots, chunk, rank, k, peaks, means, centres, factors, work, out, owners,
        epoch, drifts, state, known,
    ):  # fmt: skip
        """Set out to the log-likelihood in bits, then count and moments of each component.

        known: what of the state may be used, see ``records``.
        """
        layout = _layout(sizes)
        model = Model(k, peaks, means, centres, factors)
        _zeros(layout, k, out)
        begin_sparse(layout, k, work)
        first = chunk * layout.blocks // layout.chunks
        for block in range(first, (chunk + 1) * layout.blocks // layout.chunks):
            if owners[chunk] >> 8 >= epoch:  # another thread was faster
                return
            n, at = _block(shape, layout, x, weight, slots, block, rank)
            if pruned(layout, model, state, block, known):
                _pruned_block(
                    shape, layout, model, n, x, block, slots, at, drifts, state, work, out
                )
            else:
                _whole_block(shape, layout, model, n, x, block, slots, at, state, known, work, out)
        end_sparse(shape, layout, k, work, out)

    return one_tile if len(shape[2]) == 1 else tiles


def chunk_densities(*shape: tuple[int, ...]) -> Callable[..., None]:
    """Return the pass over one chunk that keeps the densities, for a shape of tiles."""

    def chunk_densities(
        sizes, x, weight, slots, chunk, rank, k, peaks, means, centres, factors, work, out, _owners,
        _epoch, _drifts, _state, _known,
    ):  # fmt: skip
        """Set out, (n, k) by rows, to log2 of weight times density of all samples."""
        layout = _layout(sizes)
        model, place = Model(k, peaks, means, centres, factors), rows_of(layout, k)
        first = chunk * layout.blocks // layout.chunks
        for block in range(first, (chunk + 1) * layout.blocks // layout.chunks):
            n, at = _block(shape, layout, x, weight, slots, block, rank)
            log_densities(shape, layout, model, n, slots, at, work)
            start = block * layout.block
            for b in range(min(layout.block, layout.n - start)):
                for j in range(k):
                    out[(start + b) * k + j] = work[j * place.stride + b]

    return chunk_densities

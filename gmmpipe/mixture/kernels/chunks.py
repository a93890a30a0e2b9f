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
    LN2,
    UNDERFLOW,
    Model,
    densities,
    inlined,
    likelihood,
    log_densities,
    log_sums,
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
        model, place = Model(k, peaks, means, centres, factors), rows_of(layout, k)
        n_moments = _zeros(layout, k, out)
        begin_sparse(layout, k, work)
        first = chunk * layout.blocks // layout.chunks
        for block in range(first, (chunk + 1) * layout.blocks // layout.chunks):
            if owners[chunk] >> 8 >= epoch:  # another thread was faster
                return
            n, at = _block(shape, layout, x, weight, slots, block, rank)
            since, evaluated, pairs = block * layout.block, 0, 0
            prunes = pruned(layout, model, state, block, known)
            if prunes:
                evaluated = pruned_densities(
                    shape, layout, model, n, x, since, drifts, state, block, work
                )
            else:
                relative_densities(shape, layout, model, n, slots, at, work)
            out[0] += likelihood(layout, model, n, slots, at, work)
            for j in range(k):
                row = place.row if prunes else j * place.stride
                if not prunes or unsorted_row(layout, model, n, state, block, work, j):
                    pairs += moments_where_any(
                        shape, layout, model, n, x, since, slots, at, work, row, j, out,
                        1 + j * n_moments,
                    )  # fmt: skip
            if prunes:
                adapt(layout, model, n, evaluated, state, block, work)
            elif known != NO_STATE:
                samples = min(n, layout.n - since)
                learn(layout, model, n, samples, pairs, state, block, work)
        end_sparse(shape, layout, k, work, out)

    return one_tile if len(shape[2]) == 1 else tiles


def chunk_densities(*shape: tuple[int, ...]) -> Callable[..., None]:
    """Return the pass over one chunk that keeps what is computed, for a shape of tiles."""

    def chunk_densities(
        sizes, x, weight, slots, chunk, rank, k, peaks, means, centres, factors, work, out, _owners,
        _epoch, totals, _state, _known,
    ):  # fmt: skip
        """Set totals (n,) to log p(x), out (n, k) by rows to log responsibilities, in nats."""
        layout = _layout(sizes)
        model, place = Model(k, peaks, means, centres, factors), rows_of(layout, k)
        first = chunk * layout.blocks // layout.chunks
        for block in range(first, (chunk + 1) * layout.blocks // layout.chunks):
            n, at = _block(shape, layout, x, weight, slots, block, rank)
            log_densities(shape, layout, model, n, slots, at, work)
            log_sums(layout, k, n, work)
            start = block * layout.block
            for b in range(min(layout.block, layout.n - start)):
                top, bits = work[place.tops + b], work[place.sums + b]
                totals[start + b] = (top + bits) * LN2
                for j in range(k):  # far away top + bits is top
                    out[(start + b) * k + j] = (work[j * place.stride + b] - top - bits) * LN2

    return chunk_densities

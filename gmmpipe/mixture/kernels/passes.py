"""One pass over a block of samples: densities, responsibilities and moments, fused.

Logarithms are to base 2 (bits), which spares ``exp`` a multiplication. The responsibilities live
in ``work``, a row per component, then come the rows of their sums, their tops and one tile of
weighted features; nothing is kept beyond the block. Matrices are triangular and in tiles, see
``layout``. All arrays are bare pointers to doubles; lengths of the shape's tuples are constants.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from gmmpipe.mixture.kernels.simd import (  # fmt: skip
    LANES,
    exp2,
    fma,
    load,
    log2,
    lowest,
    maximum,
    minimum,
    spread,
    spread_at,
    store,
    total,
)
from gmmpipe.mixture.kernels.tiles import (  # fmt: skip
    add_outer,
    add_product,
    add_scaled,
    add_squares,
    add_totals,
    added,
    difference,
    rows,
    scaled,
    spread_rows,
    store_rows,
    zeros,
)

UNDERFLOW = 2.0**-900  # sums of densities below, relative to the highest peak, lack terms
_FARTHEST = 1e300  # a distance that leaves logarithms finite

inlined = njit(nogil=True, error_model="numpy", forceinline=True)


class Model(NamedTuple):
    """A mixture of k components as the pass wants it.

    peaks (k,): log2 of weight times density at the mean. means, centres (k * width,): where the
    densities are taken about and where the moments are. factors (k * size,): tiled triangles F
    with |F (x - mean)|^2 the fall from the peak in bits.
    """

    k: int
    peaks: Any
    means: Any
    centres: Any
    factors: Any


@inlined
def _deviations(dims, stride, x, at, points, point):
    """Return a tile's features minus those of the point, for eight samples."""
    return difference(rows(dims, x, at, stride), spread_rows(dims, points, point))


@inlined
def distance(shape, layout, x, at, means, mean, factors, f):
    """Return |factor (x - mean)|^2 of the eight samples at ``at``, tile row by tile row."""
    dims, lower, square = shape
    q = spread(0.0)
    for tile in range(1 if len(square) == 1 else layout.tiles):
        row = tile * len(dims)
        y = zeros(dims)
        if len(square) > 1 and len(lower) > len(dims):
            for j in range(row):
                d = load(x, at + j * layout.stride) - spread_at(means, mean + j)
                y = add_scaled(y, spread_rows(dims, factors, f), d)
                f += len(dims)
        d = _deviations(dims, layout.stride, x, at + row * layout.stride, means, mean + row)
        q = add_squares(q, add_product(y, spread_rows(lower, factors, f), d))
        f += len(lower)
    return q


@inlined
def densities(shape, layout, model, n, x, at, work):
    """Fill work with the densities over the highest peak; return the least of their sums."""
    sums, tops = model.k * n, (model.k + 1) * n
    top = model.peaks[0]
    for k in range(1, model.k):
        top = max(top, model.peaks[k])
    least = spread(1.0)
    for b in range(0, n, LANES):
        total_density = spread(0.0)
        for k in range(model.k):
            q = distance(
                shape, layout, x, at + b, model.means, k * layout.width, model.factors,
                k * layout.size,
            )  # fmt: skip
            density = exp2(spread(model.peaks[k] - top) - q)
            store(work, k * n + b, density)
            total_density = total_density + density
        store(work, sums + b, total_density)
        store(work, tops + b, spread(top))
        least = minimum(total_density, least)
    return lowest(least)


@inlined
def log_densities(shape, layout, model, n, x, at, work):
    """Fill work with log2 of weight times density, and tops with the highest of each sample."""
    tops = (model.k + 1) * n
    for b in range(0, n, LANES):
        store(work, tops + b, spread(-np.inf))
    for k in range(model.k):
        for b in range(0, n, LANES):
            q = distance(
                shape, layout, x, at + b, model.means, k * layout.width, model.factors,
                k * layout.size,
            )  # fmt: skip
            bits = spread(model.peaks[k]) - minimum(q, spread(_FARTHEST))
            store(work, k * n + b, bits)
            store(work, tops + b, maximum(bits, load(work, tops + b)))


@inlined
def far_densities(shape, layout, model, n, x, at, work):
    """Fill work with the densities over the highest of each sample: some term is 1."""
    sums, tops = model.k * n, (model.k + 1) * n
    log_densities(shape, layout, model, n, x, at, work)
    for b in range(0, n, LANES):
        store(work, sums + b, spread(0.0))
    for k in range(model.k):
        for b in range(0, n, LANES):
            density = exp2(load(work, k * n + b) - load(work, tops + b))
            store(work, k * n + b, density)
            store(work, sums + b, load(work, sums + b) + density)


@inlined
def likelihood(layout, model, n, x, at, work):
    """Return the weighted sum of log2 densities; turn sums into sample weight / sum."""
    sums, tops, weights = model.k * n, (model.k + 1) * n, at + layout.width * layout.stride
    bits = spread(0.0)
    for b in range(0, n, LANES):
        weight, density = load(x, weights + b), load(work, sums + b)
        bits = fma(weight, log2(density) + load(work, tops + b), bits)
        store(work, sums + b, weight / density)
    return total(bits)


@inlined
def _tile_moments(shape, layout, n, x, at, points, point, work, k, sums, out, first, second):
    """Add to out one tile's moments about the point, weighted; return the component's count.

    The weighted deviations are kept after the tops, for the square tiles of the same row.
    """
    dims, lower, square = shape
    count, means, products = spread(0.0), zeros(dims), zeros(lower)
    for b in range(0, n, LANES):
        r = load(work, k * n + b) * load(work, sums + b)
        d = _deviations(dims, layout.stride, x, at + b, points, point)
        rd = scaled(d, r)
        if len(square) > 1:
            store_rows(work, sums + 2 * n + b, n, rd)
        count = count + r
        means = added(means, rd)
        products = add_outer(products, rd, d)
    add_totals(out, first, means)
    add_totals(out, second, products)
    return total(count)


@inlined
def _square_moments(shape, layout, n, x, at, points, point, work, weighted, out, second):
    """Add to out the products of a tile of deviations with the weighted ones of the row."""
    dims = shape[0]
    products = zeros(shape[2])
    for b in range(0, n, LANES):
        d = _deviations(dims, layout.stride, x, at + b, points, point)
        products = add_outer(products, rows(dims, work, weighted + b, n), d)
    add_totals(out, second, products)


@inlined
def moments(shape, layout, model, n, x, at, work, k, out, o):
    """Add to out[o:] count, first and second moments of component k about its centre."""
    dims, lower, square = shape
    side, sums, centre = len(dims), model.k * n, k * layout.width
    second = o + 1 + layout.width
    for tile in range(1 if len(square) == 1 else layout.tiles):
        row = tile * side
        diagonal = second + (row * side if len(lower) > side else 0)
        count = _tile_moments(
            shape, layout, n, x, at + row * layout.stride, model.centres, centre + row, work, k,
            sums, out, o + 1 + row, diagonal,
        )  # fmt: skip
        if tile == 0:
            out[o] += count
        if len(square) > 1 and len(lower) > side:
            for column in range(0, row, side):
                _square_moments(
                    shape, layout, n, x, at + column * layout.stride, model.centres,
                    centre + column, work, sums + 2 * n, out, second + column * side,
                )  # fmt: skip
        second = diagonal + len(lower)

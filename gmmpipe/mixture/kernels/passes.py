"""The E step of a block of samples: their densities under each component, and their likelihood.

Logarithms are to base 2 (bits), which spares ``exp`` a multiplication. The densities are in
``work``, a row per component, see ``layout.Rows``; nothing is kept beyond the block. Matrices are
triangular and in tiles, see ``layout``. All arrays are bare pointers to doubles; lengths of the
shape's tuples are constants.

Where a component's density is below 2^-60 of the highest of a sample, its responsibility may be
exactly 0, and always is where features fill several tiles: it is lost in the sums anyhow, and
neither its products (which become subnormal, and slow, further down) nor its moments cost time.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from gmmpipe.mixture.kernels import layout as _layout
from gmmpipe.mixture.kernels.simd import (  # fmt: skip
    LANES,
    exp2,
    fma,
    lanes_above,
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
    add_product,
    add_scaled,
    add_squares,
    difference,
    rows,
    spread_rows,
    zeros,
)

LN2 = np.log(2.0)
UNDERFLOW = 2.0**-340  # sums of densities below, relative to the highest peak, lack terms
NEGLIGIBLE = -60.0  # bits below a sample's highest density from which another is 0
_LEAST = -400.0  # bits below the highest peak from which a density is 0: UNDERFLOW, NEGLIGIBLE
ALL = (1 << LANES) - 1  # the bits of eight samples
FARTHEST = 1e300  # a distance that leaves logarithms finite

inlined = njit(nogil=True, error_model="numpy", forceinline=True)
# used once: a function of its own takes its time to compile, with all those arguments
merged = njit(nogil=True, error_model="numpy", inline="always")
rows_of, state_of = inlined(_layout.rows_of), inlined(_layout.state_of)


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
def deviations(dims, stride, x, at, points, point):
    """Return a tile's features minus those of the point, for eight samples."""
    return difference(rows(dims, x, at, stride), spread_rows(dims, points, point))


@inlined
def distance(shape, layout, x, at, means, mean, factors, f, limit, leave):
    """Return |factor (x - mean)|^2 of the eight samples at ``at``, tile row by tile row.

    leave: where all are above the limit, return what is more than that and not more than they.
    """
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
        d = deviations(dims, layout.stride, x, at + row * layout.stride, means, mean + row)
        q = add_squares(q, add_product(y, spread_rows(lower, factors, f), d))
        f += len(lower)
        if leave and lanes_above(q, limit) == ALL:
            break
    return q


@inlined
def densities(shape, layout, model, n, x, at, work):
    """Fill work with the densities over the highest peak; return the least of their sums."""
    place = rows_of(layout, model.k)
    top = model.peaks[0]
    for k in range(1, model.k):
        top = max(top, model.peaks[k])
    least = spread(1.0)
    for b in range(0, n, LANES):
        total_density = spread(0.0)
        for k in range(model.k):
            q = distance(
                shape, layout, x, at + b, model.means, k * layout.width, model.factors,
                k * layout.size, spread(0.0), False,
            )  # fmt: skip
            density = exp2(spread(model.peaks[k] - top) - q, spread(_LEAST))
            store(work, k * place.stride + b, density)
            total_density = total_density + density
        store(work, place.sums + b, total_density)
        store(work, place.tops + b, spread(top))
        least = minimum(total_density, least)
    return lowest(least)


@inlined
def log_densities(shape, layout, model, n, x, at, work):
    """Fill work with log2 of weight times density, and tops with the highest of each sample."""
    place = rows_of(layout, model.k)
    for b in range(0, n, LANES):
        store(work, place.tops + b, spread(-np.inf))
    for k in range(model.k):
        for b in range(0, n, LANES):
            q = distance(
                shape, layout, x, at + b, model.means, k * layout.width, model.factors,
                k * layout.size, spread(0.0), False,
            )  # fmt: skip
            bits = spread(model.peaks[k]) - minimum(q, spread(FARTHEST))
            store(work, k * place.stride + b, bits)
            store(work, place.tops + b, maximum(bits, load(work, place.tops + b)))


@inlined
def relative_densities(shape, layout, model, n, x, at, work):
    """Fill work with the densities over the highest of each sample: some term is 1."""
    place = rows_of(layout, model.k)
    log_densities(shape, layout, model, n, x, at, work)
    for b in range(0, n, LANES):
        top, total_density = load(work, place.tops + b), spread(0.0)
        for k in range(model.k):
            at_k = k * place.stride + b
            density = exp2(load(work, at_k) - top, spread(NEGLIGIBLE))
            store(work, at_k, density)
            total_density = total_density + density
        store(work, place.sums + b, total_density)


@inlined
def log_sums(layout, k, n, work):
    """Set sums to the bits by which the sum of densities is above the highest."""
    place = rows_of(layout, k)
    for b in range(0, n, LANES):
        top, density = load(work, place.tops + b), spread(0.0)
        for j in range(k):
            density = density + exp2(load(work, j * place.stride + b) - top, spread(_LEAST))
        store(work, place.sums + b, log2(density))


@inlined
def likelihood(layout, model, n, x, at, work):
    """Return the weighted sum of log2 densities; turn sums into sample weight / sum."""
    place, weights = rows_of(layout, model.k), at + layout.width * layout.stride
    bits = spread(0.0)
    for b in range(0, n, LANES):
        weight, density = load(x, weights + b), load(work, place.sums + b)
        bits = fma(weight, log2(density) + load(work, place.tops + b), bits)
        store(work, place.sums + b, weight / density)
    return total(bits)

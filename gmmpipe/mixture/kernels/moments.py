"""The moments of a block of samples, weighted by the responsibilities of a component.

Samples are in the lanes and go through all of the block, or, where few have a responsibility, these
are taken one by one, with features in the lanes. Which of the two it is depends on the
responsibilities alone, and so do the bits.
"""

from gmmpipe.mixture.kernels.layout import BATCH
from gmmpipe.mixture.kernels.passes import deviations, inlined, merged, rows_of
from gmmpipe.mixture.kernels.simd import (  # fmt: skip
    LANES,
    fma,
    lanes_above,
    load,
    lowest_bit,
    spread,
    store,
    total,
)
from gmmpipe.mixture.kernels.tiles import (  # fmt: skip
    add_outer,
    add_scaled,
    add_totals,
    added,
    rows,
    scaled,
    spread_rows,
    store_rows,
    zeros,
)

_ROWS = (0,) * LANES  # like a tile of so many rows


@inlined
def _tile_moments(shape, layout, n, x, at, points, point, work, row, place, out, first, second):
    """Add to out one tile's moments about the point, weighted; return the component's count.

    The weighted deviations are kept for the square tiles of the same row.
    """
    dims, lower, square = shape
    count, means, products = spread(0.0), zeros(dims), zeros(lower)
    for b in range(0, n, LANES):
        r = load(work, row + b) * load(work, place.sums + b)
        d = deviations(dims, layout.stride, x, at + b, points, point)
        rd = scaled(d, r)
        if len(square) > 1:
            store_rows(work, place.tile + b, place.stride, rd)
        count = count + r
        means = added(means, rd)
        products = add_outer(products, rd, d)
    add_totals(out, first, means)
    add_totals(out, second, products)
    return total(count)


@inlined
def _square_moments(shape, layout, n, x, at, points, point, work, place, out, second):
    """Add to out the products of a tile of deviations with the weighted ones of the row."""
    dims = shape[0]
    products = zeros(shape[2])
    for b in range(0, n, LANES):
        d = deviations(dims, layout.stride, x, at + b, points, point)
        products = add_outer(products, rows(dims, work, place.tile + b, place.stride), d)
    add_totals(out, second, products)


@inlined
def moments(shape, layout, model, n, x, at, work, row_of_k, k, out, o):
    """Add to out[o:] count, first and second moments of component k about its centre."""
    dims, lower, square = shape
    place = rows_of(layout, model.k)
    side, centre = len(dims), k * layout.width
    second = o + 1 + layout.width
    for tile in range(1 if len(square) == 1 else layout.tiles):
        row = tile * side
        diagonal = second + (row * side if len(lower) > side else 0)
        count = _tile_moments(
            shape, layout, n, x, at + row * layout.stride, model.centres, centre + row, work,
            row_of_k, place, out, o + 1 + row, diagonal,
        )  # fmt: skip
        if tile == 0:
            out[o] += count
        if len(square) > 1 and len(lower) > side:
            for column in range(0, row, side):
                _square_moments(
                    shape, layout, n, x, at + column * layout.stride, model.centres,
                    centre + column, work, place, out, second + column * side,
                )  # fmt: skip
        second = diagonal + len(lower)


@merged
def _listed(layout, n, work, row, place):
    """List the samples that have a responsibility; return how many, and whether these are few.

    Of many it is about that. These are more than pay one by one: arithmetic, and the rest of it.
    """
    count = 0
    many = n * (layout.size + 3 * layout.width) // (place.each + 5 * place.lanes + 1200)
    for b in range(0, n, LANES):
        r = load(work, row + b) * load(work, place.sums + b)
        lanes = lanes_above(r, spread(0.0))
        while lanes != 0:
            work[place.listing + count] = b + lowest_bit(lanes)
            count += 1
            lanes &= lanes - 1
        if count > many:
            return count * n // (b + LANES), False
    return count, True


@merged
def _lay_out(layout, model, x, first, work, row_of_k, k, place, since, until):
    """Lay out the deviations of some listed samples, plain and weighted; add count and firsts."""
    centre, into = k * layout.width, place.moments + k * place.each
    whole = layout.d // LANES * LANES
    for entry in range(since, until):
        b = int(work[place.listing + entry])
        r = work[row_of_k + b] * work[place.sums + b]
        sample, to = (first + b) * layout.d, (entry - since) * place.lanes
        work[into] += r
        for i in range(0, whole, LANES):
            d = load(x, sample + i) - load(model.centres, centre + i)
            store(work, place.plain + to + i, d)
            store(work, place.weighted + to + i, d * spread(r))
        for i in range(whole, layout.d):
            d = x[sample + i] - model.centres[centre + i]
            work[place.plain + to + i] = d
            work[place.weighted + to + i] = d * r
        for i in range(0, place.lanes, LANES):
            at = into + LANES + i
            store(work, at, load(work, at) + load(work, place.weighted + to + i))


@merged
def _add_squares(work, place, count, at):
    """Add the squares of a batch of deviations."""
    for i in range(0, place.lanes, LANES):
        value = load(work, at + i)
        for entry in range(count):
            to = entry * place.lanes + i
            value = fma(load(work, place.weighted + to), load(work, place.plain + to), value)
        store(work, at + i, value)


@merged
def _add_products(work, place, count, at):
    """Add the products of a batch of deviations, tile by tile of the lower triangle."""
    for i in range(0, place.lanes, LANES):
        for j in range(0, i + 1, LANES):
            tile = rows(_ROWS, work, at, LANES)
            for entry in range(count):
                to = entry * place.lanes
                column = spread_rows(_ROWS, work, place.weighted + to + i)
                tile = add_scaled(tile, column, load(work, place.plain + to + j))
            store_rows(work, at, LANES, tile)
            at += LANES * LANES


@merged
def _add_sparse(shape, layout, model, x, first, work, row_of_k, k, place, count):
    """Add the moments of the listed samples to those of the chunk's few samples."""
    into = place.moments + k * place.each
    if work[place.used + k] == 0:
        work[place.used + k] = 1.0
        for entry in range(0, place.each, LANES):
            store(work, into + entry, spread(0.0))
    second = into + LANES + place.lanes
    for since in range(0, count, BATCH):
        until = min(since + BATCH, count)
        _lay_out(layout, model, x, first, work, row_of_k, k, place, since, until)
        if len(shape[1]) == len(shape[0]):
            _add_squares(work, place, until - since, second)
        else:
            _add_products(work, place, until - since, second)


@merged
def moments_where_any(shape, layout, model, n, x, first, slots, at, work, row_of_k, k, out, o):
    """Do ``moments``, or where few samples have a responsibility, add these to ``work``.

    Return about how many have one. row_of_k: where their densities are; x: the samples by rows, of
    which the block begins with ``first``.
    """
    place = rows_of(layout, model.k)
    count, few = _listed(layout, n, work, row_of_k, place)
    if not few:
        moments(shape, layout, model, n, slots, at, work, row_of_k, k, out, o)
    elif count > 0:
        _add_sparse(shape, layout, model, x, first, work, row_of_k, k, place, count)
    return count


@merged
def begin_sparse(layout, k, work):
    """Forget the few samples of the last chunk."""
    place = rows_of(layout, k)
    for entry in range(place.used, place.listing):
        work[entry] = 0.0


@merged
def _place(shape, i, j):
    """Return where a tiled triangle has its element (i, j), j <= i; see ``layout.places``."""
    side, lower = len(shape[0]), len(shape[1])
    if lower == side:
        return i
    row, column, a, b = i // side, j // side, i % side, j % side
    at = side * side * row * (row - 1) // 2 + lower * row
    if column < row:
        return at + column * side * side + b * side + a
    return at + row * side * side + a * (a + 1) // 2 + b


@merged
def end_sparse(shape, layout, k, work, out):
    """Add the moments of the few samples of each component to those of the chunk."""
    place, diagonal = rows_of(layout, k), len(shape[0]) == len(shape[1])
    for j in range(k):
        if work[place.used + j] == 0:
            continue
        o, at = 1 + j * (1 + layout.width + layout.size), place.moments + j * place.each
        second = at + LANES + place.lanes
        out[o] += work[at]
        for i in range(layout.d):
            out[o + 1 + i] += work[at + LANES + i]
            tile = second + (i // LANES) * (i // LANES + 1) // 2 * LANES * LANES
            for m in range(i if diagonal else 0, i + 1):
                value = second + i
                if not diagonal:
                    value = tile + m // LANES * LANES * LANES + i % LANES * LANES + m % LANES
                out[o + 1 + layout.width + _place(shape, i, m)] += work[value]

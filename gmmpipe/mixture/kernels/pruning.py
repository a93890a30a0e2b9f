"""Densities of a block of samples without those that are negligible, to the same bits.

Samples are sorted by the component that was likeliest in the last pass, so that most of eight
have the same. A component is not looked at where a bound says that its distance is too large: the
distance in the last pass, and how much the component has moved and grown since, see ``drift``. Of
the others the distance, which grows with each tile row, is left as soon as it is too large.

Nothing of it changes a result, as what is left out is 0 in any case, see ``passes``; so the state
may be lost, and a thread may do without.
"""

import numpy as np

from gmmpipe.mixture.kernels.layout import GROUPS, PAIRS, PAUSE, PRUNED
from gmmpipe.mixture.kernels.passes import (  # fmt: skip
    ALL,
    FARTHEST,
    NEGLIGIBLE,
    distance,
    inlined,
    merged,
    rows_of,
    state_of,
)
from gmmpipe.mixture.kernels.records import NO_STATE, NOTHING, ORDER
from gmmpipe.mixture.kernels.simd import (  # fmt: skip
    LANES,
    bits_set,
    exp2,
    lanes_above,
    load,
    lowest,
    lowest_bit,
    maximum,
    minimum,
    spread,
    store,
)
from gmmpipe.mixture.kernels.tiles import gathered, store_rows

_LEFT = 75.0  # bits below the highest density at which a distance is left: some to spare ...
_UNSEEN = 65.0  # ... until a bound is of no use
_ROUNDING = 1 - 1e-6  # of a squared bound
_SPARSE = 0.35  # of the pairs of samples and components: where more count, nothing is pruned
_RESORT = 1.25  # times as many pairs of eight samples and their likeliest as after sorting
_DENSE = 0.7  # of the pairs of eight samples and components: where more count, pruning ends ...
_PAUSE = 16  # ... for so many passes
_ALMOST = 1 - 1e-15  # of the highest density: that is 1


@inlined
def pruned(layout, model, state, block, known):
    """Return whether a block is to be pruned; clear what is not known of its state."""
    if known == NO_STATE:
        return False
    base = block * state_of(layout, model.k).end
    if known == NOTHING:
        state[base + PRUNED] = 0.0
        state[base + PAUSE] = 0.0
    elif known == ORDER:
        _clear_bounds(layout, model.k, state, base)
    return state[base + PRUNED] != 0


@inlined
def _clear_bounds(layout, k, state, base):
    """Forget how far the samples of a block are at least."""
    place = state_of(layout, k)
    for entry in range(place.bounds, place.end, LANES):
        store(state, base + entry, spread(0.0))


@merged
def _gather(shape, layout, x, first, n, state, order, work, into):
    """Lay the samples of a block out in their order."""
    dims, side, stride = shape[0], len(shape[0]), layout.stride
    whole = layout.d // side * side
    for b in range(0, n, LANES):
        for i in range(0, whole, side):
            tile = gathered(dims, x, state, order + b, first, layout.d, i)
            store_rows(work, into + i * stride + b, stride, tile)
        for i in range(whole, layout.d):
            for lane in range(b, b + LANES):
                sample = first + int(state[order + lane])
                work[into + i * stride + lane] = x[sample * layout.d + i]


@inlined
def _evaluate(shape, layout, model, k, b, work, place, limit, leave):
    """Return the distance of eight samples, and write their densities unless it is too large."""
    q = distance(
        shape, layout, work, place.sorted + b, model.means, k * layout.width, model.factors,
        k * layout.size, limit, leave,
    )  # fmt: skip
    if lanes_above(q, limit) != ALL:
        bits = spread(model.peaks[k]) - minimum(q, spread(FARTHEST))
        store(work, k * place.stride + b, bits)
        store(work, place.sorted_tops + b, maximum(bits, load(work, place.sorted_tops + b)))
    return q


@merged
def _candidates(k, groups, peak, drifts, state, bounds, work, place):
    """Move the bounds of component k on to its parameters now; return a bit for each too small."""
    candidates = 0
    for g in range(0, groups, LANES):
        at = bounds + k * GROUPS + g
        bound = load(state, at) * spread(drifts[2 * k]) - spread(drifts[2 * k + 1])
        bound = maximum(bound, spread(0.0))
        store(state, at, bound)
        limit = spread(peak + _UNSEEN) - load(work, place.lows + g)
        far = lanes_above(bound * bound * spread(_ROUNDING), limit)
        candidates |= (ALL & ~far) << g
    return candidates & ((1 << groups) - 1)


@merged
def _log_densities(shape, layout, model, n, drifts, state, base, work):
    """Fill work with the log densities that may count, and masks with which eight these are.

    Return how many of these there are.
    """
    place, into = rows_of(layout, model.k), state_of(layout, model.k)
    never, evaluated = spread(np.inf), 0
    for b in range(0, n, LANES):
        store(work, place.sorted_tops + b, spread(-np.inf))
    for k in range(model.k):
        groups = int(state[base + into.hints + k])
        while groups != 0:
            b = lowest_bit(groups) * LANES
            groups &= groups - 1
            _evaluate(shape, layout, model, k, b, work, place, never, False)
    for b in range(0, n, LANES):
        work[place.lows + b // LANES] = lowest(load(work, place.sorted_tops + b))
    for k in range(model.k):
        mask = int(state[base + into.hints + k])
        peak = model.peaks[k]
        if peak > -np.inf:
            groups = ~mask & _candidates(
                k, n // LANES, peak, drifts, state, base + into.bounds, work, place
            )
            while groups != 0:
                g = lowest_bit(groups)
                groups &= groups - 1
                limit = spread(peak + _LEFT) - load(work, place.sorted_tops + g * LANES)
                q = _evaluate(shape, layout, model, k, g * LANES, work, place, limit, True)
                state[base + into.bounds + k * GROUPS + g] = np.sqrt(lowest(q))
                if lanes_above(q, limit) != ALL:
                    mask |= 1 << g
        work[place.masks + k] = mask
        evaluated += bits_set(mask)
    return evaluated


@merged
def _relative(layout, model, n, state, base, work):
    """Turn log densities to those over the highest of each sample; note of which this is."""
    place, into = rows_of(layout, model.k), state_of(layout, model.k)
    for b in range(0, n, LANES):
        store(work, place.sorted_sums + b, spread(0.0))
    for k in range(model.k):
        mask, positive = int(work[place.masks + k]), 0
        while mask != 0:
            g = lowest_bit(mask)
            mask &= mask - 1
            b = g * LANES
            bits = load(work, k * place.stride + b) - load(work, place.sorted_tops + b)
            density = exp2(bits, spread(NEGLIGIBLE))
            store(work, k * place.stride + b, density)
            sums = load(work, place.sorted_sums + b) + density
            store(work, place.sorted_sums + b, sums)
            if lanes_above(density, spread(0.0)) != 0:
                positive |= 1 << g
            highest = lanes_above(density, spread(_ALMOST))
            while highest != 0:
                state[base + into.best + b + lowest_bit(highest)] = k
                highest &= highest - 1
        work[place.masks + k] = positive


@merged
def pruned_densities(shape, layout, model, n, x, first, drifts, state, block, work):
    """Fill work with densities as ``relative_densities`` does, their rows in sorted order.

    Return how many eights of samples were looked at, over all components. x: the samples by rows,
    of which the block begins with ``first``.
    """
    place, into = rows_of(layout, model.k), state_of(layout, model.k)
    base = block * into.end
    _gather(shape, layout, x, first, n, state, base + into.order, work, place.sorted)
    evaluated = _log_densities(shape, layout, model, n, drifts, state, base, work)
    _relative(layout, model, n, state, base, work)
    for b in range(0, n, LANES):  # of padding
        store(work, place.sums + b, spread(1.0))
        store(work, place.tops + b, spread(0.0))
    for b in range(n):
        sample = int(state[base + into.order + b])
        work[place.sums + sample] = work[place.sorted_sums + b]
        work[place.tops + sample] = work[place.sorted_tops + b]
    return evaluated


@merged
def unsorted_row(layout, model, n, state, block, work, k):
    """Lay the densities of component k out in the order of the samples; return whether any is."""
    place, into = rows_of(layout, model.k), state_of(layout, model.k)
    order = block * into.end + into.order
    mask = int(work[place.masks + k])
    if mask == 0:
        return False
    for b in range(0, n, LANES):
        store(work, place.row + b, spread(0.0))
    while mask != 0:
        b = lowest_bit(mask) * LANES
        mask &= mask - 1
        for lane in range(b, b + LANES):
            sample = int(state[order + lane])
            work[place.row + sample] = work[k * place.stride + lane]
    return True


@inlined
def _hint(layout, k, n, state, base):
    """Note for each component of which eights some sample has it as its best; return how many."""
    into, pairs = state_of(layout, k), 0
    for j in range(k):
        state[base + into.hints + j] = 0.0
    for b in range(n):
        at, bit = base + into.hints + int(state[base + into.best + b]), 1 << (b // LANES)
        hints = int(state[at])
        pairs += 1 - ((hints >> (b // LANES)) & 1)
        state[at] = hints | bit
    return pairs


@inlined
def _sort(layout, k, n, state, base, work):
    """Sort the samples by their best component, equal ones as they are."""
    place, into = rows_of(layout, k), state_of(layout, k)
    for j in range(k):
        work[place.masks + j] = 0.0
    for b in range(n):
        at = int(state[base + into.best + b])
        work[place.masks + at] += 1.0
    end = 0.0
    for j in range(k):
        count = work[place.masks + j]
        work[place.masks + j] = end
        end += count
    for b in range(n):
        best = int(state[base + into.best + b])
        to = int(work[place.masks + best])
        work[place.masks + best] += 1.0
        work[place.sorted_sums + to] = state[base + into.order + b]
        work[place.sorted_tops + to] = best
    for b in range(n):
        state[base + into.order + b] = work[place.sorted_sums + b]
        state[base + into.best + b] = work[place.sorted_tops + b]
    _clear_bounds(layout, k, state, base)
    state[base + PAIRS] = _hint(layout, k, n, state, base)


@merged
def learn(layout, model, n, samples, pairs, state, block, work):
    """Begin to prune a block if few pairs of its samples and components count.

    The densities, over the highest of each sample, are in the order of the samples.
    """
    place, into = rows_of(layout, model.k), state_of(layout, model.k)
    base = block * into.end
    if state[base + PAUSE] > 0:
        state[base + PAUSE] -= 1.0
        return
    if pairs > _SPARSE * samples * model.k:
        return
    for b in range(n):
        state[base + into.order + b] = min(b, samples - 1)
        state[base + into.best + b] = 0.0
    for k in range(model.k):
        for b in range(0, n, LANES):
            highest = lanes_above(load(work, k * place.stride + b), spread(_ALMOST))
            while highest != 0:
                state[base + into.best + b + lowest_bit(highest)] = k
                highest &= highest - 1
    _sort(layout, model.k, n, state, base, work)
    state[base + PRUNED] = 1.0


@merged
def adapt(layout, model, n, evaluated, state, block, work):
    """Sort a pruned block again where that pays, or end the pruning where it does not."""
    base = block * state_of(layout, model.k).end
    if evaluated > _DENSE * (n // LANES) * model.k:
        state[base + PRUNED] = 0.0
        state[base + PAUSE] = _PAUSE
        return
    pairs = _hint(layout, model.k, n, state, base)
    if pairs > _RESORT * state[base + PAIRS] + 1:
        _sort(layout, model.k, n, state, base, work)

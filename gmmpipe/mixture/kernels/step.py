"""What an iteration is made of: the pass over a chunk of samples, then the M step."""

import numpy as np
from numba import njit

from gmmpipe.mixture.bounds import COLLAPSED
from gmmpipe.mixture.kernels.compile import invoke
from gmmpipe.mixture.kernels.layout import PRUNED
from gmmpipe.mixture.kernels.mstep import TIED, copy, finish_covariance, least, may_touch
from gmmpipe.mixture.kernels.passes import LN2, state_of
from gmmpipe.mixture.kernels.records import BROKEN, EMPTY, PRUNES, SOUND
from gmmpipe.mixture.kernels.team import row_of

ADVANCE, REDO, STOP = range(3)  # the decisions of the first thread
JUMP = 1e4  # squared jump of a mean, in its new units, that costs a scatter four digits
_TINY = 1e-100  # a count below holds no information: its moments' digits are gone

compiled = njit(nogil=True, error_model="numpy", forceinline=True)
# used once: a function of its own would be optimised again within each caller above it
merged = njit(nogil=True, error_model="numpy", inline="always")


@compiled
def prepare(samples, memory, k):
    """Set what the pass needs of component k from its weight, mean and inverse factor."""
    layout = samples.layout
    peak = np.log2(memory.weights[k]) - 0.5 * layout.d * np.log2(2 * np.pi)
    to_bits = np.sqrt(0.5 / LN2)
    for i in range(layout.d):
        memory.points[k * layout.width + i] = memory.means[k, i]
        memory.centres[k * layout.width + i] = memory.means[k, i]
        peak += np.log2(memory.inverses[k, i, i])
        for j in range(i if samples.axis_aligned else 0, i + 1):
            at = k * layout.size + samples.places[i, j]
            memory.factors[at] = memory.inverses[k, i, j] * to_bits
    memory.peaks[k] = peak


@merged
def bound(memory, rules, n_components):
    """Set what the M step from the mixture in memory obeys; see ``bounds.within``."""
    scale, total, share = memory.within, 0.0, 1.0
    for k in range(n_components):
        total += memory.weights[k]
    for i in range(len(scale)):
        pooled = 0.0
        for k in range(n_components):
            pooled += memory.weights[k] * memory.covariances[k, i, i]
        scale[i] = min(pooled / total, rules.variances[i])
        memory.floor[i] = rules.regularisation * scale[i]
    for k in range(n_components):
        if may_touch(memory.inverses[k], memory.floor):
            scratch = memory.scratch[0]
            share = min(share, least(memory.covariances[k], memory.floor, scratch[0], scratch[1]))
    for i in range(len(scale)):
        scale[i] = max(scale[i] * share, COLLAPSED * rules.variances[i])
        memory.floor[i] = rules.regularisation * memory.within[i]
        memory.vanishing[i] = rules.vanishing * memory.within[i]


@merged
def sum_chunk(samples, memory, n_components, chunk, rank, row, epoch, known):
    """Put the moments of a chunk in a row of memory.sums; no more than is done in this epoch."""
    arguments = (
        samples.sizes, samples.x, samples.weight, samples.slots, chunk, rank, n_components,
        memory.peaks, memory.points, memory.centres, memory.factors, memory.work[rank],
        memory.sums[row], memory.owners, epoch, memory.drifts, memory.pruning, known,
    )  # fmt: skip
    invoke(samples.chunk_pass, arguments)


@compiled
def log_likelihood(samples, memory):
    """Return the total of the chunks, in order, in nats."""
    bits = 0.0
    for chunk in range(samples.layout.chunks):
        bits += memory.sums[row_of(memory.owners, chunk), 0]
    return bits * LN2


@compiled
def reduce(samples, memory, k, reg_covar):
    """Add up the chunks of component k, in order: its count, shift and spread about its mean."""
    layout = samples.layout
    n_moments = 1 + layout.width + layout.size
    first = 1 + k * n_moments
    spread, shift = memory.spreads[k], memory.shifts[k]
    out = memory.sums[row_of(memory.owners, 0)]
    for chunk in range(1, layout.chunks):
        row = row_of(memory.owners, chunk)
        for entry in range(first, first + n_moments):
            out[entry] += memory.sums[row, entry]
    count = out[first]
    empty = not count > _TINY
    memory.counts[k] = 0.0 if empty else count
    memory.status[k] = EMPTY if empty else SOUND
    for i in range(layout.d):
        shift[i] = 0.0 if empty else out[first + 1 + i] / count
        for j in range(i + 1):
            second = 0.0
            if not empty and (i == j or not samples.axis_aligned):
                at = first + 1 + layout.width + samples.places[i, j]
                second = out[at] / count - shift[i] * shift[j]
            spread[i, j] = second
            spread[j, i] = second
        spread[i, i] += reg_covar


@merged
def finish(memory, rules, k, rank):
    """Give component k its next covariance and factor; without samples it keeps its last.

    Tied ones are made when all components are there.
    """
    if rules.code == TIED:
        return
    empty = memory.status[k] == EMPTY
    if empty:
        copy(memory.spreads[k], memory.covariances[k])
    status = finish_covariance(
        rules.code, memory.spreads[k], memory.floor, memory.vanishing, memory.scratch[rank],
        memory.inverses[k],
    )  # fmt: skip
    memory.status[k] = EMPTY if empty else status


@merged
def _pool(memory, rules, n_components):
    """Give all components the pooled covariance (tied)."""
    pooled = memory.spreads[0]
    for i in range(len(pooled)):
        for j in range(len(pooled)):
            value = 0.0
            for k in range(n_components):
                value += memory.counts[k] / rules.total_weight * memory.spreads[k, i, j]
            pooled[i, j] = value
    status = finish_covariance(
        rules.code, pooled, memory.floor, memory.vanishing, memory.scratch[0], memory.inverses[0]
    )
    for k in range(n_components):
        if k > 0:
            copy(memory.spreads[k], pooled)
            copy(memory.inverses[k], memory.inverses[0])
        if memory.status[k] != EMPTY or status == BROKEN:
            memory.status[k] = status


@merged
def _jumped(memory, k):
    """Return whether the mean moved so far that the scatter about the old one lost its digits."""
    squared = 0.0
    for i in range(memory.means.shape[1]):
        y = 0.0
        for j in range(i + 1):
            y += memory.inverses[k, i, j] * memory.shifts[k, j]
        squared += y * y
    return memory.status[k] == BROKEN or (memory.status[k] != EMPTY and not squared <= JUMP)


@merged
def decide(samples, memory, rules, n_components, redone):
    """Return whether to take the M step, to redo scatters about the new means, or to stop."""
    decision = ADVANCE
    if rules.code == TIED:
        _pool(memory, rules, n_components)
    for k in range(n_components):
        if not redone and _jumped(memory, k):
            decision = REDO
            for i in range(samples.layout.d):
                memory.centres[k * samples.layout.width + i] += memory.shifts[k, i]
        elif memory.status[k] == BROKEN:
            decision = STOP
    return decision


@merged
def any_pruned(samples, memory, n_components):
    """Return whether any block is pruned, 0 or 1; distances do not drift until the next M step."""
    for k in range(n_components):
        memory.drifts[k, 0], memory.drifts[k, 1] = 1.0, 0.0
    size = state_of(samples.layout, n_components).end
    for block in range(samples.layout.blocks if len(memory.pruning) > 0 else 0):
        if memory.pruning[block * size + PRUNED] != 0:
            return 1
    return 0


@merged
def drift(samples, memory, k, half):
    """Set how the distances of component k change with its next parameters, see ``pruning``.

    With F the factors, C the current covariance: |F' (x - m')| >= s |F (x - m)| - |F' (m' - m)|,
    where s, the least singular value of F' F^-1, is at least sqrt(1 - |F' C F'^T - 1|), Frobenius.
    half (D, D) is scratch.
    """
    d, factor, change = samples.layout.d, memory.inverses[k], 0.0
    covariance = memory.covariances[k]
    for i in range(d):
        for j in range(d):
            half[i, j] = 0.0
        for m in range(i if samples.axis_aligned else 0, i + 1):
            for j in range(d):
                half[i, j] += factor[i, m] * covariance[m, j]
    for i in range(d):
        for j in range(i if samples.axis_aligned else 0, i + 1):
            value = 0.0
            for m in range(j if samples.axis_aligned else 0, j + 1):
                value += half[i, m] * factor[j, m]
            change += (value - 1) * (value - 1) if i == j else 2 * value * value
    moved = 0.0
    for i in range(d):
        y = 0.0
        for j in range(i if samples.axis_aligned else 0, i + 1):
            at = k * samples.layout.width + j
            y += factor[i, j] * (memory.centres[at] + memory.shifts[k, j] - memory.means[k, j])
        moved += y * y
    memory.drifts[k, 0] = np.sqrt(max(1 - np.sqrt(change), 0.0)) if change < 1 else 0.0
    memory.drifts[k, 1] = np.sqrt(moved * (0.5 / LN2))


@merged
def update(samples, memory, rules, k, rank):
    """Make the next parameters of component k the current ones."""
    if memory.state[PRUNES] != 0:
        drift(samples, memory, k, memory.scratch[rank, 0])
    memory.weights[k] = memory.counts[k] / rules.total_weight
    for i in range(samples.layout.d):
        memory.means[k, i] = memory.centres[k * samples.layout.width + i] + memory.shifts[k, i]
    copy(memory.covariances[k], memory.spreads[k])
    prepare(samples, memory, k)

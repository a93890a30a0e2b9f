"""EM from start to end without coming back to Python, and the single passes that Python asks for.

The functions at the foot are what ``engine`` compiles and calls.
"""

import numpy as np

from gmmpipe.mixture.kernels.compile import borrowed, invoke
from gmmpipe.mixture.kernels.mstep import copy, factorise
from gmmpipe.mixture.kernels.records import BROKEN, CONVERGED, REFUSED, RUNNING, SOUND, STOPPED
from gmmpipe.mixture.kernels.step import (  # fmt: skip
    LN2,
    STOP,
    bound,
    compiled,
    log_likelihood,
    merged,
    prepare,
    reduce,
    step,
    sum_chunks,
)
from gmmpipe.mixture.kernels.team import FIT, barrier, fetch_add


@merged
def _begin(samples, memory, fits, fit, rank, team):
    """Put a start in memory; a component that is not positive definite is BROKEN."""
    first = fits.first[fit]
    for k in range(rank, fits.first[fit + 1] - first, team):
        memory.weights[k] = fits.start_weights[first + k]
        for i in range(samples.layout.d):
            memory.means[k, i] = fits.start_means[first + k, i]
        copy(memory.covariances[k], fits.start_covariances[first + k])
        definite = factorise(
            memory.covariances[k], samples.axis_aligned, memory.scratch[rank, 0], memory.inverses[k]
        )
        memory.status[k] = SOUND if definite else BROKEN
        prepare(samples, memory, k)


@compiled
def _keep(memory, fits, fit, since, iteration, last):
    """Copy memory to the snapshots wanted at this iteration (if the last: all that remain)."""
    first, end = fits.first[fit], fits.first[fit + 1]
    while since < len(fits.wanted) and (last or fits.wanted[since] <= iteration):
        for k in range(end - first):
            fits.weights[since, first + k] = memory.weights[k]
            for i in range(memory.means.shape[1]):
                fits.means[since, first + k, i] = memory.means[k, i]
            copy(fits.covariances[since, first + k], memory.covariances[k])
        since += 1
    return since


@merged
def _run(samples, memory, rules, fits, fit, rank, team, signals):
    """Run one fit from its start to its end."""
    n_components = fits.first[fit + 1] - fits.first[fit]
    _begin(samples, memory, fits, fit, rank, team)
    barrier(signals, team)
    outcome = RUNNING
    for k in range(n_components):
        if memory.status[k] == BROKEN:
            outcome = REFUSED
    barrier(signals, team)
    iteration, kept = 0, 0
    while outcome != REFUSED:
        if rank == 0:
            bound(memory, rules, n_components)
        sum_chunks(samples, memory, n_components, rank, team, signals)
        barrier(signals, team)
        value = log_likelihood(samples, memory)
        gain = np.inf
        if iteration > 0:
            gain = abs(value - fits.trajectory[fit, iteration - 1]) / rules.total_weight
        if rank == 0:
            fits.trajectory[fit, iteration] = value
        if iteration == rules.iterations or outcome != RUNNING:
            break
        if rank == 0:
            kept = _keep(memory, fits, fit, kept, iteration, outcome == REFUSED)
        if step(samples, memory, rules, n_components, rank, team, signals) == STOP:
            outcome = STOPPED
            break
        iteration += 1
        if gain < rules.tol:
            outcome = CONVERGED
    if rank == 0:
        _keep(memory, fits, fit, kept, iteration, outcome != REFUSED)
        fits.n_iter[fit] = iteration
        fits.outcome[fit] = outcome
        for k in range(n_components):
            fits.status[fits.first[fit] + k] = memory.status[k]
            fits.counts[fits.first[fit] + k] = memory.counts[k]
    barrier(signals, team)


def run_all(samples, memory, rules, fits, rank, team, signals):
    """Run all fits as one of a team, or, alone (team 1), those that no other thread has taken."""
    samples, memory, rules, fits = (
        borrowed(samples), borrowed(memory), borrowed(rules), borrowed(fits),
    )  # fmt: skip
    n_fits = len(fits.first) - 1
    fit = 0 if team > 1 else fetch_add(signals, FIT, 1)
    while fit < n_fits:
        _run(samples, memory, rules, fits, fit, rank, team, signals)
        fit = fit + 1 if team > 1 else fetch_add(signals, FIT, 1)


def place(samples, memory, n_components):
    """Prepare the mixture in memory for a pass; return the first BROKEN component or -1."""
    broken = -1
    for k in range(n_components):
        definite = factorise(
            memory.covariances[k], samples.axis_aligned, memory.scratch[0, 0], memory.inverses[k]
        )
        if definite:
            prepare(samples, memory, k)
        elif broken < 0:
            broken = k
    return broken


def measure(samples, memory, reg_covar, n_components, rank, team, signals):
    """Do one pass as one of a team: counts, shifts and spreads are in memory; return nats."""
    sum_chunks(samples, memory, n_components, rank, team, signals)
    barrier(signals, team)
    for k in range(rank, n_components, team):
        reduce(samples, memory, k, reg_covar)
    return log_likelihood(samples, memory)


def evaluate(samples, memory, n_components, rank, team, totals, logs):
    """Fill totals (N,) with log p(x) and logs (N, K) with log responsibilities, in nats."""
    layout = samples.layout
    for chunk in range(rank * layout.chunks // team, (rank + 1) * layout.chunks // team):
        arguments = (
            samples.sizes, samples.x, samples.weight, samples.slots, chunk, rank, n_components,
            memory.peaks, memory.points, memory.centres, memory.factors, memory.work[rank], logs,
        )  # fmt: skip
        invoke(samples.chunk_pass, arguments)
        first = chunk * layout.blocks // layout.chunks * layout.block
        last = (chunk + 1) * layout.blocks // layout.chunks * layout.block
        for n in range(first, min(last, layout.n)):
            top = logs[n, 0]
            for k in range(1, n_components):
                top = max(top, logs[n, k])
            bits = 0.0
            for k in range(n_components):
                bits += np.exp2(logs[n, k] - top)
            bits = np.log2(bits)
            totals[n] = (top + bits) * LN2
            for k in range(n_components):
                logs[n, k] = (logs[n, k] - top - bits) * LN2  # far away top + bits is top

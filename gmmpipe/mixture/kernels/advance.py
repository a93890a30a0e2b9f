"""EM from start to end without coming back to Python, and the single passes that Python asks for.

The functions at the foot are what ``engine`` compiles and calls.
"""

import numpy as np

from gmmpipe.mixture.kernels.compile import borrowed, invoke
from gmmpipe.mixture.kernels.mstep import copy, factorise
from gmmpipe.mixture.kernels.records import (  # fmt: skip
    BOUNDS,
    BROKEN,
    CONVERGED,
    FIT_NUMBER,
    IN_USE,
    ITERATION,
    KEPT,
    LAID_FOR,
    LEFT_BY,
    NO_STATE,
    NOTHING,
    ORDER,
    OUTCOME,
    PASSES,
    PRUNES,
    REDONE,
    REFUSED,
    RUNNING,
    SOUND,
    STOPPED,
)
from gmmpipe.mixture.kernels.step import (  # fmt: skip
    ADVANCE,
    REDO,
    any_pruned,
    bound,
    compiled,
    decide,
    finish,
    log_likelihood,
    merged,
    prepare,
    reduce,
    sum_chunk,
    update,
)
from gmmpipe.mixture.kernels.team import (  # fmt: skip
    DONE,
    FIT,
    MOST_TASKS,
    commit,
    fetch_add,
    publish,
    put,
    replace,
    take,
    wait,
)

# Phases: components of a start, chunks, components of an M step, again chunks, parameters
BEGIN, PASS, STEP, PASS_AGAIN, UPDATE, END = range(1, 7)
_SHARED = 200_000  # D^3 K from which an M step is shared by a team


@compiled
def _begin(samples, memory, fits, k, rank):
    """Put component k of the start in memory; where it is not positive definite it is BROKEN."""
    first = fits.first[memory.state[FIT_NUMBER]] + k
    memory.weights[k] = fits.start_weights[first]
    for i in range(samples.layout.d):
        memory.means[k, i] = fits.start_means[first, i]
    copy(memory.covariances[k], fits.start_covariances[first])
    definite = factorise(
        memory.covariances[k], samples.axis_aligned, memory.scratch[rank, 0], memory.inverses[k]
    )
    memory.status[k] = SOUND if definite else BROKEN
    prepare(samples, memory, k)


@compiled
def _keep(memory, fits, iteration, last):
    """Copy memory to the snapshots wanted at this iteration (if the last: all that remain)."""
    fit, kept = memory.state[FIT_NUMBER], memory.state[KEPT]
    first, end = fits.first[fit], fits.first[fit + 1]
    while kept < len(fits.wanted) and (last or fits.wanted[kept] <= iteration):
        for k in range(end - first):
            fits.weights[kept, first + k] = memory.weights[k]
            for i in range(memory.means.shape[1]):
                fits.means[kept, first + k, i] = memory.means[k, i]
            copy(fits.covariances[kept, first + k], memory.covariances[k])
        kept += 1
    memory.state[KEPT] = kept


@merged
def _close(memory, fits, n_components):
    """Write down how the fit ended."""
    fit, outcome = memory.state[FIT_NUMBER], memory.state[OUTCOME]
    _keep(memory, fits, memory.state[ITERATION], outcome != REFUSED)
    fits.n_iter[fit], fits.outcome[fit] = memory.state[ITERATION], outcome
    for k in range(n_components):
        fits.status[fits.first[fit] + k] = memory.status[k]
        fits.counts[fits.first[fit] + k] = memory.counts[k]


@merged
def _after_pass(samples, memory, rules, fits):
    """Write down the log-likelihood; return the next phase."""
    fit, iteration = memory.state[FIT_NUMBER], memory.state[ITERATION]
    fits.trajectory[fit, iteration] = log_likelihood(samples, memory)
    if iteration == rules.iterations or memory.state[OUTCOME] != RUNNING:
        return END
    _keep(memory, fits, iteration, False)
    memory.state[REDONE] = 0
    memory.state[PRUNES] = any_pruned(samples, memory, fits.first[fit + 1] - fits.first[fit])
    return STEP


@merged
def _after_step(samples, memory, rules, n_components):
    """Return the next phase: where the M step leads to."""
    decision = decide(samples, memory, rules, n_components, memory.state[REDONE] != 0)
    if decision == ADVANCE:
        return UPDATE
    if decision == REDO:
        memory.state[REDONE] = 1
        return PASS_AGAIN
    memory.state[OUTCOME] = STOPPED
    return END


@merged
def _after_update(memory, rules, fits):
    """Go on to the next iteration; return its phase."""
    fit, iteration = memory.state[FIT_NUMBER], memory.state[ITERATION]
    gain = np.inf
    if iteration > 0:
        now, before = fits.trajectory[fit, iteration], fits.trajectory[fit, iteration - 1]
        gain = abs(now - before) / rules.total_weight
    memory.state[ITERATION] = iteration + 1
    if gain < rules.tol:
        memory.state[OUTCOME] = CONVERGED
    return PASS


@merged
def _after_begin(memory, n_components):
    """Return the first phase of a fit whose start is in memory."""
    memory.state[ITERATION] = memory.state[KEPT] = 0
    memory.state[OUTCOME] = RUNNING
    memory.state[PASSES] += 1  # so that no bound is believed
    for k in range(n_components):
        if memory.status[k] == BROKEN:
            memory.state[OUTCOME] = REFUSED
    return END if memory.state[OUTCOME] == REFUSED else PASS


@compiled
def _is_pass(phase):
    return (phase == PASS) | (phase == PASS_AGAIN)


@merged
def _after(samples, memory, rules, fits, phase, n_components):
    """Do what comes between two phases; return the next one, or END of the fit."""
    if phase == BEGIN:
        following = _after_begin(memory, n_components)
    elif phase == PASS:
        following = _after_pass(samples, memory, rules, fits)
    elif phase == STEP:
        following = _after_step(samples, memory, rules, n_components)
    elif phase == PASS_AGAIN:
        following = STEP
    else:
        following = _after_update(memory, rules, fits)
    if following == PASS:
        bound(memory, rules, n_components)
    if _is_pass(following):
        memory.state[PASSES] += 1
    if following == END:
        _close(memory, fits, n_components)
    return following


@merged
def _components(samples, memory, rules, fits, phase, task, tasks, n_components, rank):
    """Do a task on components: every ``tasks``-th of them, from ``task`` on."""
    for k in range(task, n_components, tasks):
        if phase == BEGIN:
            _begin(samples, memory, fits, k, rank)
        elif phase == STEP:
            reduce(samples, memory, k, rules.reg_covar)
            finish(memory, rules, k, rank)
        else:
            update(samples, memory, rules, k, rank)


@compiled
def _chunk_time(layout, n_components):
    """Return about the microseconds of a chunk of which nothing is skipped."""
    return 5 + layout.n * n_components * (layout.size + 10) // layout.chunks // 10_000


@compiled
def _next_fit(state, n_fits, signals, epoch):
    """Return the first phase of the next fit that nobody has taken, or END, also for the team."""
    fit = fetch_add(signals, FIT, 1)
    if fit >= n_fits:
        publish(signals, epoch + 1, END, 0)
        return END
    state[FIT_NUMBER] = fit
    return BEGIN


@merged
def _do_chunk(samples, memory, n_components, chunk, rank, row, epoch, shared):
    """Do a chunk; return whether no other thread was faster, and the row to write to next.

    The state of its pruning is that of one thread at a time; others do without.
    """
    use, known, first, number = memory.chunks[chunk], NO_STATE, True, memory.state[PASSES]
    if len(memory.pruning) > 0 and (not shared or replace(use, IN_USE, 0, 1)):
        known = BOUNDS if use[LEFT_BY] == number - 1 else ORDER
        if use[LAID_FOR] != n_components:
            known, use[LAID_FOR] = NOTHING, n_components
    sum_chunk(samples, memory, n_components, chunk, rank, row, epoch, known)
    if shared:
        first, row = commit(memory.owners, chunk, epoch, row)
    if known != NO_STATE:
        use[LEFT_BY] = number if first else -1  # late: the mixture may have changed meanwhile
        put(use, IN_USE, 0)
    return first, row


def run_all(samples, memory, rules, fits, rank, team, signals):
    """Run all fits as one of a team, or, alone (team 1), those that no other thread has taken.

    Of a team, one thread alone does the phases of which each task is short.
    """
    samples, memory, rules, fits = (
        borrowed(samples), borrowed(memory), borrowed(rules), borrowed(fits),
    )  # fmt: skip
    d, chunks, row = samples.layout.d, samples.layout.chunks, samples.layout.chunks + rank
    alone, phase, epoch, size, task = rank == 0 or team == 1, END, 1, 0, 0
    while True:
        if not alone:
            epoch, phase, size, task = take(signals)
        elif phase == END:
            phase = _next_fit(memory.state, len(fits.first) - 1, signals, epoch)
        if phase == END:
            break
        fit = memory.state[FIT_NUMBER]
        k = fits.first[fit + 1] - fits.first[fit]
        if alone:
            size = chunks if _is_pass(phase) else min(k, MOST_TASKS)
        elif task >= size:
            grace = _chunk_time(samples.layout, k) if _is_pass(phase) else -1
            task = wait(signals, memory.owners, epoch, grace, rank * chunks // team)
            if task < 0:
                continue
        first = True
        if not _is_pass(phase):
            _components(samples, memory, rules, fits, phase, task, size, k, rank)
        else:
            to = task if alone else row
            first, to = _do_chunk(samples, memory, k, task, rank, to, epoch, not alone)
            row = row if alone else to
        task += 1
        if task < size if alone else not (first and fetch_add(signals, DONE, 1) == size - 1):
            continue
        phase, task = _after(samples, memory, rules, fits, phase, k), 0
        alone = team == 1 or phase == END or not (_is_pass(phase) or d * d * d * k > _SHARED)
        if not alone:
            publish(signals, epoch + 1, phase, chunks if _is_pass(phase) else min(k, MOST_TASKS))


def load(samples, memory, n_components):
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


def sum_chunks(samples, memory, n_components, rank, team, signals):
    """Do one pass as one of a team."""
    chunks, row = samples.layout.chunks, samples.layout.chunks + rank
    if rank == 0:
        publish(signals, 1, PASS, chunks)
    while True:
        epoch, phase, size, task = take(signals)
        if phase == END:
            break
        if task >= size:
            grace = _chunk_time(samples.layout, n_components)
            task = wait(signals, memory.owners, epoch, grace, rank * chunks // team)
            if task < 0:
                continue
        first, row = _do_chunk(samples, memory, n_components, task, rank, row, epoch, True)
        if first and fetch_add(signals, DONE, 1) == size - 1:
            publish(signals, epoch + 1, END, 0)


def statistics(samples, memory, reg_covar, n_components):
    """Put counts, shifts and covariances of the last pass in memory; return nats."""
    for k in range(n_components):
        reduce(samples, memory, k, reg_covar)
    return log_likelihood(samples, memory)


def densities(samples, memory, n_components, rank, team, totals, logs):
    """Fill totals (N,) with log p(x) and logs (N, K) with log responsibilities, in nats."""
    chunks = samples.layout.chunks
    for chunk in range(rank * chunks // team, (rank + 1) * chunks // team):
        arguments = (
            samples.sizes, samples.x, samples.weight, samples.slots, chunk, rank, n_components,
            memory.peaks, memory.points, memory.centres, memory.factors, memory.work[rank], logs,
            memory.owners, 1, totals, memory.pruning, NO_STATE,
        )  # fmt: skip
        invoke(samples.chunk_pass, arguments)

"""Threads that share a fit: the same bits, and nobody waits for a thread that is not there."""

import threading

import numpy as np
import pytest
from em_cases import a_start, clusters
from numba import njit
from numpy.testing import assert_array_equal

from gmmpipe.mixture.kernels import advance, mstep, team
from gmmpipe.mixture.kernels.compile import compiled
from gmmpipe.mixture.kernels.engine import Engine, joined
from gmmpipe.mixture.kernels.records import Rules


@njit(nogil=True)
def _take_and_drop(signals):
    """Take a chunk of each pass and never do it, as a thread without a core would."""
    phase, dropped = 0, 0
    while phase != advance.END:
        epoch, phase, size, task = team.take(signals)
        dropped += (phase == advance.PASS) & (task < size)
        if phase != advance.END:
            team.wait(signals, signals, epoch, -1, 0)
    return dropped


def run(x, ranks, n_threads, other=None, iterations=6):
    """Fit with a team of which only some threads are there; return the trajectories."""
    engine = Engine(x, np.broadcast_to(np.ones(1), len(x)), False, n_threads)
    fits = joined([a_start(x, k) for k in (3, 2)], [0, iterations])
    rules = Rules(mstep.FULL, iterations, 0.0, x.var(axis=0), 1e-6, 1e-14, 0.0, float(len(x)))
    signals, memory = np.zeros(team.SIGNALS, np.int64), engine.memory(3, n_threads)
    work = [threading.Thread(target=other, args=(signals,))] if other else []
    work += [
        threading.Thread(
            target=compiled(advance.run_all),
            args=(engine.samples, memory, rules, fits, rank, n_threads, signals),
        )
        for rank in ranks
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join(timeout=300)
    assert not any(thread.is_alive() for thread in work)
    return fits


@pytest.mark.parametrize("d", [2, 6])
@pytest.mark.parametrize("ranks", [[0], [0, 1], [2, 0], [0, 1, 2, 3]])
def test_the_bits_are_those_of_one_thread_whoever_is_there(d, ranks):
    x = clusters(3, n=5000, d=d)
    alone, shared = run(x, [0], 1), run(x, ranks, 4)
    assert_array_equal(shared.trajectory, alone.trajectory)
    assert_array_equal(shared.covariances, alone.covariances)


@pytest.mark.parametrize("d", [2, 6])
def test_chunks_that_a_thread_takes_and_does_not_do_are_done_by_another(d):
    x, dropped = clusters(3, n=5000, d=d), []
    assert _take_and_drop(np.full(team.SIGNALS, advance.END << 24)) == 0  # compiled from here on
    shared = run(x, [0], 2, lambda signals: dropped.append(_take_and_drop(signals)), 500)
    assert_array_equal(shared.trajectory, run(x, [0], 1, iterations=500).trajectory)
    assert dropped[0] > 0


def test_a_commit_after_another_one_is_refused():
    commit = njit(lambda owners, epoch, row: team.commit(owners, 0, epoch, row))
    owners = np.array([0])
    assert commit(owners, 1, 5) == (True, 0)
    assert commit(owners, 1, 6) == (False, 6)
    assert commit(owners, 2, 6) == (True, 5)

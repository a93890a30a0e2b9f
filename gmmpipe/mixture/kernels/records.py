"""The arrays that compiled code works on, by name."""

from typing import NamedTuple

import numpy as np

from gmmpipe.mixture.kernels.layout import Layout

SOUND, EMPTY, FLOOR, BROKEN = range(4)  # the status of a component: see ``mstep.finish_covariance``
RUNNING, CONVERGED, STOPPED, REFUSED = range(4)  # the outcome of a fit
FIT_NUMBER, ITERATION, KEPT, OUTCOME, REDONE, PASSES, PRUNES = range(7)  # of a fit in progress
NO_STATE, NOTHING, ORDER, BOUNDS = range(4)  # what a pass may use of the state of the pruning
IN_USE, LEFT_BY, LAID_FOR = range(3)  # of a chunk's state: by a thread now; which pass left its
# bounds, -1: none; for how many components


class Samples(NamedTuple):
    """The samples and the compiled pass over them.

    x (N, D) and weight (N,), as given; slots (flat), where they are laid out; sizes: layout as an
    array; places (D, D), see ``layout.places``; chunk_pass: the address of the C function.
    """

    x: np.ndarray
    weight: np.ndarray
    slots: np.ndarray
    layout: Layout
    sizes: np.ndarray
    places: np.ndarray
    axis_aligned: bool
    chunk_pass: int


class Rules(NamedTuple):
    """How EM runs: M step, iterations, tolerance, addition to the diagonal, weight of all samples.

    variances (D,) of the features; regularisation and vanishing: the relative variances of
    ``bounds.Bounds``.
    """

    code: int
    iterations: int
    tol: float
    variances: np.ndarray
    regularisation: float
    vanishing: float
    reg_covar: float
    total_weight: float


class Memory(NamedTuple):
    """The memory of one fit in progress, for up to K components; shared by a team.

    Current weights (K,), means (K, D) and covariances (K, D, D); the next covariances (spreads)
    and their inverse factors (K, D, D), counts (K,), shifts (K, D) and status (K,); within, floor
    and vanishing (D,), see ``bounds.Bounds``; the model as the pass wants it (flat, see
    ``passes.Model``); sums (chunks + threads, 1 + K * moments or more), and in ``owners`` (chunks,)
    the epoch in which a chunk was done and which row it has, see ``team.commit``; state: see above.
    What ``pruning`` keeps: pruning (flat, of each block; or empty), drifts (K, 2), chunks
    (chunks, 8). For each thread scratch (2, D, D) and work.
    """

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray
    spreads: np.ndarray
    inverses: np.ndarray
    counts: np.ndarray
    shifts: np.ndarray
    status: np.ndarray
    within: np.ndarray
    floor: np.ndarray
    vanishing: np.ndarray
    peaks: np.ndarray
    points: np.ndarray
    centres: np.ndarray
    factors: np.ndarray
    sums: np.ndarray
    owners: np.ndarray
    state: np.ndarray
    pruning: np.ndarray
    drifts: np.ndarray
    chunks: np.ndarray
    scratch: np.ndarray
    work: np.ndarray


class Fits(NamedTuple):
    """The starts and what becomes of them; the components of all F fits follow each other.

    first (F + 1,): where each fit's components begin. Starts (C,), (C, D), (C, D, D); wanted
    (S,) iterations; snapshots (S, C), (S, C, D), (S, C, D, D); trajectory (F, iterations + 1);
    n_iter, outcome (F,); status and counts (C,) of the last M step.
    """

    first: np.ndarray
    start_weights: np.ndarray
    start_means: np.ndarray
    start_covariances: np.ndarray
    wanted: np.ndarray
    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray
    trajectory: np.ndarray
    n_iter: np.ndarray
    outcome: np.ndarray
    status: np.ndarray
    counts: np.ndarray

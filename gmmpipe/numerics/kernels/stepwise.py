"""EM for the families whose M step is numpy: each iteration comes back to Python."""

import numpy as np

from gmmpipe.numerics.engines import Passes
from gmmpipe.numerics.kernels.records import (
    BROKEN,
    CONVERGED,
    EMPTY,
    FLOOR,
    REFUSED,
    RUNNING,
    STOPPED,
    Desk,
    Fits,
)  # fmt: skip
from gmmpipe.numerics.kernels.step import JUMP
from gmmpipe.numerics.maximise import maximise
from gmmpipe.numerics.mixture import Array, Mixture
from gmmpipe.numerics.problem import Problem


def advance_each(engine: Passes, problem: Problem, fits: Fits) -> None:
    """Run the fits one after the other."""
    desk = engine.desk(int(np.diff(fits.first).max()), engine.threads)
    for fit in range(len(fits.outcome)):
        mine = slice(int(fits.first[fit]), int(fits.first[fit + 1]))
        start = Mixture(
            fits.start_weights[mine], fits.start_means[mine], fits.start_covariances[mine]
        )
        if engine.place(desk, start) >= 0:
            fits.outcome[fit] = REFUSED
        else:
            _advance(engine, problem, fits, fit, mine, desk, start)


def _advance(
    engine: Passes,
    problem: Problem,
    fits: Fits,
    fit: int,
    mine: slice,
    desk: Desk,
    mixture: Mixture,
) -> None:
    trajectory, kept, iteration, outcome = fits.trajectory[fit], 0, 0, RUNNING
    objective = np.empty_like(trajectory)  # what EM raises: the log posterior under a prior
    status = desk.status[: mixture.n_components].copy()  # of the last M step: a pass resets it
    while True:
        trajectory[iteration] = engine.measure(desk, mixture.n_components, problem.reg_covar)
        objective[iteration] = trajectory[iteration] + problem.log_prior(mixture)
        step = None
        if iteration < problem.iterations[-1] and outcome == RUNNING:
            step = _step(engine, problem, desk, mixture)
            outcome = STOPPED if step is None else RUNNING
        for wanted in problem.iterations[kept:]:
            if step is None or wanted <= iteration:
                fits.weights[kept, mine] = mixture.weights
                fits.means[kept, mine] = mixture.means
                fits.covariances[kept, mine] = mixture.covariances
                kept += 1
        if step is None:
            break
        gain = abs(np.diff(objective[max(iteration - 1, 0) : iteration + 1])) / problem.total
        if (gain < problem.tol).any():
            outcome = CONVERGED
        mixture, iteration = step, iteration + 1
        status = desk.status[: mixture.n_components].copy()
    if outcome == STOPPED:
        status = desk.status[: mixture.n_components]
    fits.n_iter[fit], fits.outcome[fit] = iteration, outcome
    fits.status[mine] = status
    fits.counts[mine] = desk.counts[: mixture.n_components]


def _step(engine: Passes, problem: Problem, desk: Desk, mixture: Mixture) -> Mixture | None:
    """Return the next mixture, now on the desk; None where a covariance is not definite."""
    step, jumped = _estimate(engine, problem, desk, mixture)
    if jumped.any():
        centres = desk.centres.reshape(-1, engine.layout.width)[:, : engine.layout.d]
        centres[: len(jumped)][jumped] += desk.shifts[: len(jumped)][jumped]
        engine.measure(desk, mixture.n_components, problem.reg_covar)
        step, _ = _estimate(engine, problem, desk, mixture)
    status = desk.status[: mixture.n_components]
    if (problem.floor > 0).all():
        scale = np.sqrt(np.multiply.outer(problem.floor, problem.floor))
        low = np.linalg.eigvalsh(step.covariances / scale)[:, 0] < 1 + 1e-9
        status[low & (status != EMPTY)] = FLOOR
    variances = np.diagonal(step.covariances, axis1=1, axis2=2)
    broken = np.asarray((variances <= problem.vanishing).any(axis=1))
    indefinite = engine.place(desk, step)
    if indefinite < 0 and not broken.any():
        return step
    broken[indefinite] |= indefinite >= 0
    status[broken] = BROKEN
    return None


def _estimate(
    engine: Passes, problem: Problem, desk: Desk, mixture: Mixture
) -> tuple[Mixture, np.ndarray]:
    """Return the M step on the desk's moments, and which means jumped so far as to redo it."""
    k = mixture.n_components
    counts, shifts, empty = desk.counts[:k], desk.shifts[:k], desk.status[:k] == EMPTY
    centres = desk.centres.reshape(-1, engine.layout.width)[:k, : engine.layout.d]
    scatter = counts[:, None, None] * desk.spreads[:k]
    step = maximise(problem, counts, centres + shifts, scatter, mixture)
    return step, ~empty & (_squared(step.covariances, shifts) > JUMP)


def _squared(covariances: Array, shifts: Array) -> Array:
    """Return the squared length of each shift (K, D) in units of its covariance (K, D, D)."""
    try:
        lower = np.linalg.cholesky(covariances)
    except np.linalg.LinAlgError:
        return np.full(len(shifts), np.inf)
    squares: Array = (np.linalg.solve(lower, shifts[:, :, None]) ** 2).sum(axis=(1, 2))
    return squares

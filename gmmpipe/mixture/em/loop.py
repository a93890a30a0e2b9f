"""EM that comes back to Python at each iteration: for M steps in numpy, and to accelerate."""

import numpy as np

from gmmpipe.mixture.bounds import Bounds
from gmmpipe.mixture.em.accelerator import Accelerator
from gmmpipe.mixture.em.mstep import maximise
from gmmpipe.mixture.em.problem import Problem
from gmmpipe.mixture.engines.base import Passes
from gmmpipe.mixture.kernels.records import (  # fmt: skip
    BROKEN,
    CONVERGED,
    EMPTY,
    FLOOR,
    REFUSED,
    RUNNING,
    SOUND,
    STOPPED,
    Desk,
    Fits,
)
from gmmpipe.mixture.kernels.step import JUMP
from gmmpipe.mixture.mixture import Array, Mixture

_AT_BOUND = 1.001  # of the bound, which along oblique axes is met nearly


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
            _advance(Course(engine, problem, desk, start), fits, fit, mine)


def _advance(course: "Course", fits: Fits, fit: int, mine: slice) -> None:
    """Run a fit whose start is on the desk; each pass over the samples is an iteration."""
    wanted = course.problem.iterations
    iteration, kept, outcome = 0, 0, RUNNING
    while True:
        last = iteration == wanted[-1] or outcome == CONVERGED
        course.look(last)
        fits.trajectory[fit, iteration] = course.value
        outcome = STOPPED if course.broken else outcome
        while kept < len(wanted) and (last or course.broken or wanted[kept] <= iteration):
            fits.weights[kept, mine] = course.mixture.weights
            fits.means[kept, mine] = course.mixture.means
            fits.covariances[kept, mine] = course.mixture.covariances
            kept += 1
        if last or course.broken:
            break
        if course.gain < course.problem.options.tol:
            outcome = CONVERGED
        course.go(outcome == RUNNING)
        iteration += 1
    fits.n_iter[fit], fits.outcome[fit] = iteration, outcome
    fits.status[mine], fits.counts[mine] = course.status, course.counts


class Course:
    """The way of one fit: the mixture it has come to, and the one it tries, which is on the desk.

    That is EM's step from the mixture, its ``image``, or a leap. A pass that finds that a leap
    lowers the objective (the log-likelihood, or the log posterior) leaves the mixture as it is.
    """

    def __init__(self, engine: Passes, problem: Problem, desk: Desk, start: Mixture) -> None:
        self.engine, self.problem, self.desk = engine, problem, desk
        self.mixture = self.tried = self.image = start
        self.bounds = problem.bounds(start)  # of the M step from the mixture
        self.value = self.objective = -np.inf
        self.gain = np.inf  # of the last iteration, per unit weight, if that was EM's own
        self.counts = np.zeros(start.n_components)
        # of the last M step, for the mixture, its image and what is tried: a pass resets the desk's
        self.status = self.next = self.made = np.full(start.n_components, SOUND)
        self.leaps = Accelerator(problem) if "acceleration" in problem.features else None
        self.leapt = self.refused = self.slow = self.broken = False

    def look(self, last: bool) -> None:
        """Do a pass, and EM's step from there unless this is the last, and judge a leap."""
        problem, k = self.problem, self.mixture.n_components
        value = self.engine.measure(self.desk, k, problem.reg_covar)
        objective = value + problem.log_prior(self.tried)
        counts = self.desk.counts[:k].copy()
        self.refused = self.leapt and not objective >= self.objective
        step, bounds = None, problem.bounds(self.tried)
        if not last and not self.refused:
            step = _step(self.engine, problem, bounds, self.desk, self.tried)
            self.refused = self.leapt and step is None
        gain, self.gain = abs(objective - self.objective) / problem.total, np.inf
        if self.refused:
            return
        self.mixture, self.value, self.objective = self.tried, value, objective
        self.status, self.counts, self.bounds = self.made, counts, bounds
        if step is not None:
            self.image, self.next = step, self.desk.status[:k].copy()
        elif not last:
            self.broken, self.status = True, self.desk.status[:k].copy()
        self.slow = gain < problem.options.tol
        if not self.leapt:
            self.gain = gain

    def go(self, on: bool) -> None:
        """Try the image next, or, where EM goes on and has not just become slow, a leap."""
        leap, away = None, self.refused  # whether the desk has something else than the image
        if self.leaps is not None and self.refused:
            self.leaps.reject()
        elif self.leaps is not None and on and not self.slow:
            leap = self.leaps(self.mixture, self.image, self.bounds)
        if leap is not None and self.engine.place(self.desk, leap) >= 0:
            leap, away = None, True
        if leap is None and away:
            self.engine.place(self.desk, self.image)
        self.tried, self.leapt = (self.image, False) if leap is None else (leap, True)
        self.made = _bounded(self.bounds, self.next, self.tried) if self.leapt else self.next


def _step(
    engine: Passes, problem: Problem, bounds: Bounds, desk: Desk, mixture: Mixture
) -> Mixture | None:
    """Return the next mixture, now on the desk; None where a covariance is not definite."""
    step, jumped = _estimate(engine, problem, bounds, desk, mixture)
    if jumped.any():
        centres = desk.centres.reshape(-1, engine.layout.width)[:, : engine.layout.d]
        centres[: len(jumped)][jumped] += desk.shifts[: len(jumped)][jumped]
        engine.measure(desk, mixture.n_components, problem.reg_covar)
        step, _ = _estimate(engine, problem, bounds, desk, mixture)
    status = desk.status[: mixture.n_components]
    status[:] = _bounded(bounds, status, step)
    variances = np.diagonal(step.covariances, axis1=1, axis2=2)
    broken = np.asarray((variances <= bounds.vanishing).any(axis=1))
    indefinite = engine.place(desk, step)
    if indefinite < 0 and not broken.any():
        return step
    broken[indefinite] |= indefinite >= 0
    status[broken] = BROKEN
    return None


def _bounded(bounds: Bounds, status: np.ndarray, mixture: Mixture) -> np.ndarray:
    """Return the status (K,) with FLOOR where the bound holds an eigenvalue up, else SOUND."""
    low = np.zeros(len(status), bool)
    if (bounds.floor > 0).all():
        scale = np.sqrt(np.multiply.outer(bounds.floor, bounds.floor))
        low = np.linalg.eigvalsh(mixture.covariances / scale)[:, 0] < _AT_BOUND
    return np.where(status == EMPTY, EMPTY, np.where(low, FLOOR, SOUND))


def _estimate(
    engine: Passes, problem: Problem, bounds: Bounds, desk: Desk, mixture: Mixture
) -> tuple[Mixture, np.ndarray]:
    """Return the M step on the desk's moments, and which means jumped so far as to redo it."""
    k = mixture.n_components
    counts, shifts, empty = desk.counts[:k], desk.shifts[:k], desk.status[:k] == EMPTY
    centres = desk.centres.reshape(-1, engine.layout.width)[:k, : engine.layout.d]
    scatter = counts[:, None, None] * desk.spreads[:k]
    step = maximise(problem, bounds, counts, centres + shifts, scatter, mixture)
    return step, ~empty & (_squared(step.covariances, shifts) > JUMP)


def _squared(covariances: Array, shifts: Array) -> Array:
    """Return the squared length of each shift (K, D) in units of its covariance (K, D, D)."""
    try:
        lower = np.linalg.cholesky(covariances)
    except np.linalg.LinAlgError:
        return np.full(len(shifts), np.inf)
    squares: Array = (np.linalg.solve(lower, shifts[:, :, None]) ** 2).sum(axis=(1, 2))
    return squares

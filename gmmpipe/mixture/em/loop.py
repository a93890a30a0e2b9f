"""EM that comes back to Python at each iteration: for M steps in numpy, and to accelerate."""

import numpy as np

from gmmpipe.mixture.bounds import Bounds
from gmmpipe.mixture.em.accelerator import Accelerator
from gmmpipe.mixture.em.mstep import maximise
from gmmpipe.mixture.em.problem import Problem
from gmmpipe.mixture.engine import Engine, Moments, Workspace
from gmmpipe.mixture.kernels.records import (  # fmt: skip
    BROKEN,
    CONVERGED,
    EMPTY,
    FLOOR,
    REFUSED,
    RUNNING,
    SOUND,
    STOPPED,
    Fits,
)
from gmmpipe.mixture.kernels.step import JUMP
from gmmpipe.mixture.mixture import Array, Indices, Mask, Mixture

_AT_BOUND = 1.001  # of the bound, which along oblique axes is met nearly


def advance_each(engine: Engine, problem: Problem, fits: Fits) -> None:
    """Run the fits one after the other."""
    work = engine.workspace(int(np.diff(fits.first).max()))
    for fit in range(len(fits.outcome)):
        rows = slice(int(fits.first[fit]), int(fits.first[fit + 1]))
        start = Mixture(
            fits.start_weights[rows], fits.start_means[rows], fits.start_covariances[rows]
        )
        if work.load(start) >= 0:
            fits.outcome[fit] = REFUSED
        else:
            _advance(EMState(work, problem, start), fits, fit, rows)


def _advance(state: "EMState", fits: Fits, fit: int, rows: slice) -> None:
    """Run a fit whose start is loaded; each pass over the samples is an iteration."""
    counts = state.problem.iterations
    iteration, taken, outcome = 0, 0, RUNNING
    while True:
        last = iteration == counts[-1] or outcome == CONVERGED
        state.step(last)
        fits.trajectory[fit, iteration] = state.value
        outcome = STOPPED if state.broken else outcome
        while taken < len(counts) and (last or state.broken or counts[taken] <= iteration):
            fits.weights[taken, rows] = state.mixture.weights
            fits.means[taken, rows] = state.mixture.means
            fits.covariances[taken, rows] = state.mixture.covariances
            taken += 1
        if last or state.broken:
            break
        if state.gain < state.problem.options.tol:
            outcome = CONVERGED
        state.propose(outcome == RUNNING)
        iteration += 1
    fits.n_iter[fit], fits.outcome[fit] = iteration, outcome
    fits.status[rows], fits.counts[rows] = state.status, state.counts


class EMState:
    """How far a fit has come: its mixture, and the one proposed next, which is loaded.

    That is EM's step from the mixture, or an extrapolation. A pass that finds that the latter
    lowers the objective (the log-likelihood, or the log posterior) leaves the mixture as it is.
    """

    def __init__(self, work: Workspace, problem: Problem, start: Mixture) -> None:
        self.work, self.problem = work, problem
        self.mixture = self.proposed = self.em_step = start
        self.bounds = problem.bounds(start)  # of the M step from the mixture
        self.value = self.objective = -np.inf
        self.gain = np.inf  # of the last iteration, per unit weight, if that was EM's own
        self.counts = np.zeros(start.n_components)
        # of components of the mixture, of EM's step from it, and of what is proposed
        self.status = self.step_status = self.proposed_status = np.full(start.n_components, SOUND)
        self.accelerator = Accelerator(problem) if "acceleration" in problem.features else None
        self.extrapolated = self.rejected = self.slow = self.broken = False

    def step(self, last: bool) -> None:
        """Do a pass, and EM's step from there unless this is the last; judge an extrapolation."""
        problem = self.problem
        moments, step, status = self.work.statistics(), None, self.step_status
        value = moments.log_likelihood
        objective = value + problem.log_prior(self.proposed)
        bounds = problem.bounds(self.proposed)
        self.rejected = self.extrapolated and not objective >= self.objective
        if not last and not self.rejected:
            step, status = _em_step(self.work, problem, bounds, moments, self.proposed)
            self.rejected = self.extrapolated and step is None
        gain, self.gain = abs(objective - self.objective) / problem.total, np.inf
        if self.rejected:
            return
        self.mixture, self.value, self.objective = self.proposed, value, objective
        self.status, self.counts, self.bounds = self.proposed_status, moments.counts, bounds
        if step is not None:
            self.em_step, self.step_status = step, status
        elif not last:
            self.broken, self.status = True, status
        self.slow = gain < problem.options.tol
        if not self.extrapolated:
            self.gain = gain

    def propose(self, on: bool) -> None:
        """Propose EM's step, or, where EM goes on and has not just become slow, to extrapolate."""
        extrapolation, other = None, self.rejected  # other: something else than EM's step is loaded
        if self.accelerator is not None and self.rejected:
            self.accelerator.reject()
        elif self.accelerator is not None and on and not self.slow:
            extrapolation = self.accelerator(self.mixture, self.em_step, self.bounds)
        if extrapolation is not None and self.work.load(extrapolation) >= 0:
            extrapolation, other = None, True
        if extrapolation is None and other:
            self.work.load(self.em_step)
        self.extrapolated = extrapolation is not None
        self.proposed = self.em_step if extrapolation is None else extrapolation
        self.proposed_status = self.step_status
        if extrapolation is not None:
            self.proposed_status = _status(self.bounds, self.step_status == EMPTY, extrapolation)


def _em_step(
    work: Workspace, problem: Problem, bounds: Bounds, moments: Moments, mixture: Mixture
) -> tuple[Mixture | None, Indices]:
    """Return the next mixture, now loaded, and the status of its components.

    None where a covariance is not definite.
    """
    step = maximise(problem, bounds, moments, mixture)
    jumped = (moments.counts > 0) & (_squared(step.covariances, moments.shifts) > JUMP)
    if jumped.any():  # so far that the covariances about the new means have lost their digits
        work.recentre(jumped)
        moments = work.statistics()
        step = maximise(problem, bounds, moments, mixture)
    status = _status(bounds, moments.counts == 0, step)
    variances = np.diagonal(step.covariances, axis1=1, axis2=2)
    broken = np.asarray((variances <= bounds.vanishing).any(axis=1))
    indefinite = work.load(step)
    if indefinite < 0 and not broken.any():
        return step, status
    broken[indefinite] |= indefinite >= 0
    status[broken] = BROKEN
    return None, status


def _status(bounds: Bounds, empty: Mask, mixture: Mixture) -> Indices:
    """Return EMPTY, FLOOR where the bound holds an eigenvalue up, or SOUND of each component."""
    low = np.zeros(len(empty), bool)
    if (bounds.floor > 0).all():
        scale = np.sqrt(np.multiply.outer(bounds.floor, bounds.floor))
        low = np.linalg.eigvalsh(mixture.covariances / scale)[:, 0] < _AT_BOUND
    return np.where(empty, EMPTY, np.where(low, FLOOR, SOUND))


def _squared(covariances: Array, shifts: Array) -> Array:
    """Return the squared length of each shift (K, D) in units of its covariance (K, D, D)."""
    try:
        lower = np.linalg.cholesky(covariances)
    except np.linalg.LinAlgError:
        return np.full(len(shifts), np.inf)
    squares: Array = (np.linalg.solve(lower, shifts[:, :, None]) ** 2).sum(axis=(1, 2))
    return squares

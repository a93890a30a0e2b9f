"""Where runs of EM end: each is continued to a maximum, and saddles are recognised.

EM's gains become small on the way past a saddle too. So a run is at a maximum only where what it
may still gain, by Aitken's estimate, is next to nothing, and no small change of the mixture leads
EM higher.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from gmmpipe.mixture.checks import PARTS
from gmmpipe.mixture.coordinates import coordinates, from_coordinates, scale
from gmmpipe.mixture.diagnostics.restarts import DEGENERATE, MAXIMUM, SADDLE, UNFINISHED
from gmmpipe.mixture.em.options import FitOptions
from gmmpipe.mixture.em.result import Fit, Snapshot
from gmmpipe.mixture.mixture import Array, Mask, Mixture

REMAINING = 1e-4  # nats that a run at a maximum may still gain
GAIN = 1e-3  # nats by which EM must get higher from a changed mixture to prove a saddle
ROUNDING = 1e-12  # of a log-likelihood, below which a gain is none
VALUES = 20_000  # N * D up to which runs are carried on as far as is asked for
TOGETHER = 2**20  # iterations of several runs of which all gains are in memory at a time
FIRST = 16  # iterations until the first look at a run; each further look after twice as many
KRYLOV = 12  # EM steps that find the least certain direction
DIFFERENCE = 1e-4  # length of the step that shows EM's derivative
ERRORS = 3.0  # standard errors to go along the least certain direction
ALIKE = 0.25  # standard deviations between components that are then moved apart ...
APART = (0.5, 1.0)  # ... by so many standard deviations either way ...
SETTLE = 100  # ... and followed by so many EM steps
FAULTS = (ValueError, ArithmeticError)  # of a changed mixture; others are of the job


class RunEM(Protocol):
    """EM on one data set with a tol of 0 and all other settings fixed."""

    def __call__(self, starts: Sequence[Mixture], iterations: Sequence[int], /) -> list[Fit]:
        """Return one Fit for each start."""


@dataclass(frozen=True)
class End:
    """Where a run ends.

    kind: MAXIMUM; SADDLE, where its own tol stops it; UNFINISHED, not known within the iterations
    allowed; DEGENERATE, a component collapsed. log_likelihood: of the mixture that it was carried
    on to, in nats, in the units of the data given; NaN where it was not carried on. log_prior: of
    it, as in ``em.Snapshot``.
    """

    kind: str
    log_likelihood: float
    mixture: Mixture
    log_prior: float = 0.0

    @property
    def objective(self) -> float:
        """Return what EM raised (nats): the log-likelihood, under a prior the log posterior."""
        return self.log_likelihood + self.log_prior


def most_iterations(asked: int, n: int, d: int) -> int:
    """Return by how many iterations at most runs on data (n, d) are carried on.

    As many as are asked for where n * d is at most VALUES, beyond that fewer in proportion, and
    none where that is too few to find out anything.
    """
    most = int(asked * min(1.0, VALUES / (n * d)))
    return most if most >= FIRST + KRYLOV else 0


@dataclass(frozen=True)
class RunFinisher:
    """Carries runs on to their ends; the end of one depends on no other.

    run: EM on one data set. most: iterations by which each run is carried on at the most. options:
    of the runs; with tol > 0 one that comes to a saddle stays there. weight: of all samples.
    """

    run: Callable[[Sequence[Mixture], Sequence[int], FitOptions], list[Fit]]
    most: int
    options: FitOptions
    weight: float

    def __call__(self, fits: Sequence[Fit]) -> list[End]:
        """Return the end of each fit."""
        try:
            return self._finished(fits)
        except FAULTS:  # of which fit? Each alone gives the same as among others
            if len(fits) > 1:
                return [end for fit in fits for end in self([fit])]
            return [End(UNFINISHED, np.nan, fits[0].snapshots[-1].mixture)]

    def _finished(self, fits: Sequence[Fit]) -> list[End]:
        ends = [
            End(DEGENERATE if fit.degenerate else UNFINISHED, np.nan, fit.snapshots[-1].mixture)
            for fit in fits
        ]
        going = [i for i, end in enumerate(ends) if end.kind == UNFINISHED]
        most, length = self.most, FIRST
        while going and most >= FIRST:
            length = min(length, most)
            counts = [length - 2, length - 1, length]
            width = max(1, TOGETHER // length)
            for some in (going[i : i + width] for i in range(0, len(going), width)):
                again = self._continue([ends[i].mixture for i in some], counts)
                for i, fit, kind in zip(some, again, self._ends(again), strict=True):
                    last = fit.snapshots[-1]
                    ends[i] = End(kind, last.log_likelihood, last.mixture, last.log_prior)
            leaving = {UNFINISHED} if self.options.tol > 0 else {UNFINISHED, SADDLE}
            going = [i for i in going if ends[i].kind in leaving]
            most, length = most - length, 2 * length
        return ends

    def _continue(self, starts: Sequence[Mixture], iterations: Sequence[int]) -> list[Fit]:
        return self.run(starts, iterations, replace(self.options, tol=0.0, acceleration="none"))

    def _run(self, starts: Sequence[Mixture], iterations: Sequence[int]) -> list[Fit]:
        fits = self._continue(starts, iterations)
        if any(fit.lost for fit in fits):
            raise ArithmeticError("a mixture beside the end of a run cannot be used")
        return fits

    def _ends(self, fits: Sequence[Fit]) -> list[str]:
        """Return what the end of each fit is, as far as it is known."""
        kinds = [DEGENERATE if fit.degenerate else UNFINISHED for fit in fits]
        gains = [_gains(fit) for fit in fits]
        still = [i for i, kind in enumerate(kinds) if kind == UNFINISHED]
        still = [i for i in still if gains[i][0] < REMAINING]
        ends = [fits[i].snapshots[-1] for i in still]
        saddles = find_saddles(self._run, ends, self.weight, self.options.frozen) if still else []
        for i, saddle in zip(still, saddles, strict=True):
            if saddle or gains[i][1] < REMAINING:
                kinds[i] = SADDLE if saddle else MAXIMUM
        return kinds


def _gains(fit: Fit) -> tuple[float, float]:
    """Return what the last of three iterations gained, and what is left by Aitken's estimate."""
    first, second, third = (snapshot.objective for snapshot in fit.snapshots)
    before, last = second - first, third - second
    if last <= ROUNDING * abs(third):
        return 0.0, 0.0
    return last, last * last / (before - last) if before > last else np.inf


def find_saddles(
    run: RunEM, ends: Sequence[Snapshot], weight: float, frozen: Collection[str] = ()
) -> list[bool]:
    """Say of each mixture, from which EM hardly moves, whether EM gets higher from one beside it.

    Those beside it are: along the least certain direction, in which EM's derivative is largest, if
    that exceeds 1 so that EM leads away; and with two components that are equal moved apart.
    """
    spaces = _least_certain(run, [end.mixture for end in ends], weight, frozen)
    beside: list[tuple[int, Mixture]] = []
    separated: list[tuple[int, Mixture]] = []
    for i, space in enumerate(spaces):
        rate, direction = space.largest()
        if rate > 1:
            step = ERRORS / np.sqrt(weight) * direction
            beside += [(i, space.moved(sign * step)) for sign in (1, -1)]
        if "means" not in frozen:
            separated += [(i, changed) for changed in _separated(ends[i].mixture, frozen)]
    saddles = [False] * len(ends)
    for changed, steps in ((beside, 2), (separated, SETTLE)):
        fits = run([mixture for _, mixture in changed], [steps]) if changed else []
        for (i, _), fit in zip(changed, fits, strict=True):
            saddles[i] |= fit.snapshots[-1].objective > ends[i].objective + GAIN
    return saddles


def _least_certain(
    run: RunEM, points: Sequence[Mixture], weight: float, frozen: Collection[str]
) -> "list[_Krylov]":
    """Return what is known of EM's derivative at each point, after KRYLOV steps."""
    spaces = [_Krylov(point, weight, frozen) for point in points]
    for space, fit in zip(spaces, run(points, [1]), strict=True):
        space.image = coordinates(fit.snapshots[-1].mixture, space.alive)
    for size in range(KRYLOV):
        fits = run([space.moved(DIFFERENCE * space.basis[size]) for space in spaces], [1])
        for space, fit in zip(spaces, fits, strict=True):
            space.learn(size, fit.snapshots[-1].mixture)
    return spaces


class _Krylov:
    """EM's derivative at a mixture, in the space that it makes of one direction (Arnoldi).

    Known by differences of EM's steps. Vectors (P,) are in ``coordinates`` in units of ``scale``.
    """

    def __init__(self, mixture: Mixture, weight: float, frozen: Collection[str]) -> None:
        self.mixture, self.alive = mixture, np.asarray(mixture.weights > 0)
        self.point, self.scale = coordinates(mixture, self.alive), scale(mixture, self.alive)
        self.free = _free(mixture, self.alive, weight, frozen)
        self.image = self.point
        self.basis = np.zeros((KRYLOV + 1, len(self.point)))
        first = np.random.default_rng(0).standard_normal(len(self.point)) * self.free
        self.basis[0] = first / np.linalg.norm(first)
        self.matrix = np.zeros((KRYLOV + 1, KRYLOV))

    def moved(self, step: Array) -> Mixture:
        """Return the mixture a step (P,) away."""
        point = self.point + step / self.scale
        weights, means, lower = from_coordinates(point, self.mixture, self.alive)
        covariances = self.mixture.covariances.copy()
        covariances[self.alive] = (lower @ lower.swapaxes(1, 2))[self.alive]
        return Mixture(weights, means, covariances, self.mixture.box)

    def learn(self, size: int, image: Mixture) -> None:
        """Take in EM's step from beside the mixture, in the newest direction."""
        away = coordinates(image, self.alive) - self.image
        vector = self.scale * self.free * away / DIFFERENCE
        basis = self.basis[: size + 1]
        for _ in range(2):  # once more, for the rounding
            along = basis @ vector
            self.matrix[: size + 1, size] += along
            vector = vector - along @ basis
        length = float(np.linalg.norm(vector))
        self.matrix[size + 1, size] = length
        if length > 0:
            self.basis[size + 1] = vector / length

    def largest(self) -> tuple[float, Array]:
        """Return the largest eigenvalue, and the least certain direction (P,) of length 1."""
        values, vectors = np.linalg.eig(self.matrix[:-1])
        place = int(values.real.argmax())
        direction = vectors[:, place].real @ self.basis[:-1]
        return float(values[place].real), direction / np.linalg.norm(direction)


def _free(mixture: Mixture, alive: Mask, weight: float, frozen: Collection[str]) -> Mask:
    """Return which of the coordinates (P,) may be moved.

    Not those of frozen parts, nor those of what has less than one sample, of which EM knows next
    to nothing.
    """
    d, noise = mixture.n_features, [mixture.noise] if mixture.noise > 0 else []
    counted = mixture.weights[alive] * weight >= 1
    shares = np.append(counted, np.array(noise) * weight >= 1)
    means, below = np.repeat(counted, d), np.repeat(counted, d * d)
    each = {"weights": shares, "means": means, "covariances": np.append(means, below)}
    result: Mask = np.concatenate([each[part] & (part not in frozen) for part in PARTS])
    return result


def _separated(mixture: Mixture, frozen: Collection[str]) -> list[Mixture]:
    """Return, for two components that are nearly equal, mixtures with these moved apart.

    Along each axis of their covariance, and of equal weight unless weights are frozen; no mixture
    where no two are so.
    """
    result = []
    for i, j in zip(*np.triu_indices(mixture.n_components, 1), strict=True):
        values, axes = np.linalg.eigh(mixture.covariances[i])
        unit = axes / np.sqrt(values)
        distance = np.linalg.norm((mixture.means[i] - mixture.means[j]) @ unit)
        shape = np.abs(unit.T @ mixture.covariances[j] @ unit - np.eye(len(values))).max()
        if max(distance, shape) > ALIKE or not min(mixture.weights[i], mixture.weights[j]) > 0:
            continue
        for step in (length * axis for length in APART for axis in (axes * np.sqrt(values)).T):
            weights, means = mixture.weights.copy(), mixture.means.copy()
            if "weights" not in frozen:
                weights[[i, j]] = (weights[i] + weights[j]) / 2
            means[[i, j]] = (means[i] + means[j]) / 2 + np.array([step, -step])
            result.append(Mixture(weights, means, mixture.covariances, mixture.box))
        break
    return result

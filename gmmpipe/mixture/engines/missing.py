"""EM on samples with missing values: the passes of the engine, in numpy, pattern by pattern.

Missing at random (MAR): whether a value is missing may depend on values that are observed, not on
the value itself. Ghahramani & Jordan 1994, Supervised learning from incomplete data via an EM
approach, NIPS 6; Little & Rubin, Statistical analysis with missing data, chapter 11.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gmmpipe.mixture.checks import informative, observed_variances
from gmmpipe.mixture.engine import Moments
from gmmpipe.mixture.families.family import clip
from gmmpipe.mixture.mixture import Array, Mask, Mixture

Rows = npt.NDArray[np.int64]
_TINY = 1e-100  # a count below holds no information
_ROUNDING = 4e-16  # what is left of a variance when others explain all of it
_SIZE = 2**18  # numbers per intermediate array
_FARTHEST = 1e300  # a squared distance that leaves logarithms finite
_ROUNDS = 1000  # most iterations for one normal


class Pattern(NamedTuple):
    """The rows (n,) in which the same features are observed; features by number."""

    rows: Rows
    observed: Rows
    missing: Rows


class Patterns:
    """The engine for samples x (N, D), NaN where missing, of weight (N,), in one thread.

    A row with nothing observed has log-density 0.
    """

    def __init__(self, x: Array, weight: Array) -> None:
        """Sort the rows by pattern, in slices that keep intermediate arrays small."""
        self.x, self.weight = x, weight
        step = max(1, _SIZE // x.shape[1])
        kinds, which = np.unique(np.isnan(x), axis=0, return_inverse=True)
        order = np.argsort(which.ravel(), kind="stable")
        ends = np.cumsum(np.bincount(which.ravel(), minlength=len(kinds)))
        self.patterns = [
            Pattern(rows[first : first + step], np.flatnonzero(~kind), np.flatnonzero(kind))
            for kind, rows in zip(kinds, np.split(order, ends[:-1]), strict=True)
            for first in range(0, len(rows), step)
        ]

    def workspace(self, k: int) -> "_Workspace":
        """Return the memory of one fit."""
        del k
        return _Workspace(self)

    def reweigh(self, weight: Array) -> None:
        """Give the samples the weights (N,)."""
        self.weight = weight


class _Workspace:
    """Passes over the samples of ``Patterns``; see ``engine.Workspace``."""

    mixture: Mixture
    centres: Array
    shifts: Array

    def __init__(self, engine: Patterns) -> None:
        self.engine = engine

    def load(self, mixture: Mixture) -> int:
        self.mixture, self.centres = mixture, mixture.means.copy()
        for k, covariance in enumerate(mixture.covariances):
            try:
                pivots = np.diagonal(np.linalg.cholesky(covariance)) ** 2
            except np.linalg.LinAlgError:
                return k
            if not (pivots > _ROUNDING * np.diagonal(covariance)).all():
                return k
        return -1

    def recentre(self, moved: Mask) -> None:
        self.centres[moved] += self.shifts[moved]

    def statistics(self) -> Moments:
        k, d = self.centres.shape
        value, weight = 0.0, self.engine.weight
        counts, firsts, seconds = np.zeros(k), np.zeros((k, d)), np.zeros((k, d, d))
        for pattern, conditional in self._conditionals():
            total, logs = conditional.log_responsibilities()
            value += float(weight[pattern.rows] @ total)
            r = weight[pattern.rows] * np.exp(logs)
            away = conditional.deviations(self.centres)
            count = r.sum(axis=1)
            counts += count
            firsts += (r[:, None, :] @ away)[:, 0]
            seconds += (away * r[:, :, None]).swapaxes(1, 2) @ away
            seconds[:, pattern.missing[:, None], pattern.missing] += (
                count[:, None, None] * conditional.covariance()
            )
        return self._moments(value, counts, firsts, seconds)

    def _moments(self, value: float, counts: Array, firsts: Array, seconds: Array) -> Moments:
        """Return what the sums of a pass come to."""
        empty = ~(counts > _TINY)
        divisor = np.where(empty, 1.0, counts)
        self.shifts = shifts = np.where(empty[:, None], 0.0, firsts / divisor[:, None])
        spreads = seconds / divisor[:, None, None] - shifts[:, :, None] * shifts[:, None, :]
        spreads = (spreads + spreads.swapaxes(1, 2)) / 2
        covariances = np.where(empty[:, None, None], 0.0, spreads)
        counts = np.where(empty, 0.0, counts)
        return Moments(value, counts, self.centres + shifts, covariances, shifts)

    def densities(self) -> tuple[Array, Array]:
        n = len(self.engine.x)
        totals, logs = np.empty(n), np.empty((n, len(self.centres)))
        for pattern, conditional in self._conditionals():
            total, terms = conditional.log_responsibilities()
            totals[pattern.rows], logs[pattern.rows] = total, terms.T
        return totals, logs

    def _conditionals(self) -> Iterator[tuple[Pattern, "Conditional"]]:
        for pattern in self.engine.patterns:
            yield pattern, Conditional(self.mixture, pattern, self.engine.x)


class Conditional:
    """Each of K components conditional on what is observed in a pattern's n rows of x."""

    def __init__(self, mixture: Mixture, pattern: Pattern, x: Array) -> None:
        observed, missing = pattern.observed, pattern.missing
        self.mixture, self.pattern = mixture, pattern
        self.x = x[pattern.rows]
        within = mixture.covariances[:, observed[:, None], observed]
        self.lower = np.linalg.cholesky(within)
        away = self.x[:, observed] - mixture.means[:, None, observed]
        self.scores = np.linalg.solve(self.lower, away.swapaxes(1, 2))  # (K, seen, n)
        self.loads = np.linalg.solve(self.lower, mixture.covariances[:, observed[:, None], missing])

    def log_responsibilities(self) -> tuple[Array, Array]:
        """Return the log-density (n,) and the log responsibilities (K, n), nats."""
        log_det = 2 * np.log(np.diagonal(self.lower, axis1=1, axis2=2)).sum(axis=1)
        log_det += len(self.pattern.observed) * np.log(2 * np.pi)
        with np.errstate(divide="ignore"):
            peaks = np.log(self.mixture.weights) - 0.5 * log_det
        with np.errstate(over="ignore"):
            falls = np.minimum((self.scores**2).sum(axis=1), _FARTHEST)
        terms = peaks[:, None] - 0.5 * falls
        top = terms.max(axis=0)
        rest = np.log(np.exp(terms - top).sum(axis=0))
        return top + rest, terms - top - rest

    def deviations(self, centres: Array) -> Array:
        """Return the rows less centres (K, D), conditional means where missing, (K, n, D)."""
        missing = self.pattern.missing
        away = self.x - centres[:, None, :]
        shift = self.scores.swapaxes(1, 2) @ self.loads
        away[:, :, missing] = (self.mixture.means - centres)[:, None, missing] + shift
        return away

    def covariance(self) -> Array:
        """Return the covariance of what is missing given what is not, (K, missing, missing)."""
        missing = self.pattern.missing
        explained = self.loads.swapaxes(1, 2) @ self.loads
        remaining: Array = self.mixture.covariances[:, missing[:, None], missing] - explained
        return remaining


def imputed(x: npt.ArrayLike, mixture: Mixture) -> Array:
    """Return x (N, D) with E[missing | observed] under the mixture in place of NaN.

    Values that are there keep their bits; a row with nothing observed gets the mixture's mean.
    """
    filled = np.array(x, np.float64)
    for pattern in Patterns(filled, np.ones(len(filled))).patterns:
        conditional = Conditional(mixture, pattern, filled)
        r = np.exp(conditional.log_responsibilities()[1])
        expected = conditional.deviations(np.zeros_like(mixture.means))[:, :, pattern.missing]
        filled[pattern.rows[:, None], pattern.missing] = (r[:, :, None] * expected).sum(axis=0)
    return filled


def completed(x: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Array:
    """Return x (N, D) with NaN filled in for starts, which are drawn from whole rows.

    With the conditional means under one normal fitted to what is observed: unlike column means
    they make no cluster of their own, and unlike the whole rows alone they are there, and not
    biased, wherever values are missing at random. Raises InputError for a feature without values.
    """
    data = np.array(x, np.float64)
    weight = np.ones(len(data)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    return imputed(data, normal(*informative(data, weight))) if np.isnan(data).any() else data


def normal(x: Array, weight: Array) -> Mixture:
    """Return the one normal of highest likelihood of x (N, D), NaN where missing at random.

    Least eigenvalue 1e-6 where each feature has variance 1, so that D may exceed N.
    """
    d, observed = x.shape[1], ~np.isnan(x)
    variance = observed_variances(x, weight)
    count = weight @ observed
    shift = (weight @ np.where(observed, x - np.nanmin(x, axis=0), 0.0)) / count
    shift += np.nanmin(x, axis=0)
    scale = np.sqrt(np.where(variance > 0, variance, 1.0))
    work, before = Patterns((x - shift) / scale, weight).workspace(1), -np.inf
    found = Mixture(np.ones(1), np.zeros((1, d)), np.eye(d)[None])
    for _ in range(_ROUNDS):
        work.load(found)
        moments = work.statistics()
        if moments.log_likelihood - before <= 1e-10 * weight.sum():
            break
        before = moments.log_likelihood
        covariances = clip(moments.covariances, np.full(d, 1e-6))
        found = Mixture(np.ones(1), moments.means, covariances)
    return found.rescaled(shift, scale)

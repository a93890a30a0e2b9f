"""Starts: the mixture from which EM sets out.

A new start is a frozen dataclass whose fields are its options, a ``Start``, and one line in
``STARTS``. All are scale-free: distances are taken in standard deviations of each feature, so raw,
min-max and z-scored data give the same start up to rounding.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from inspect import signature
from typing import Annotated, Any, ClassVar, Protocol

import numpy as np
from annotated_types import Ge, Le, Lt

from gmmpipe.errors import InputError
from gmmpipe.mixture.mixture import Array, Indices, Mixture
from gmmpipe.mixture.moments import (
    check_k,
    group_means,
    moments,
    nearest,
    soft_moments,
    standard_deviations,
    standardised,
    total_covariance,
)
from gmmpipe.mixture.slices import subset
from gmmpipe.mixture.starts.given import ExplicitStart
from gmmpipe.mixture.starts.short_em import best_of
from gmmpipe.mixture.starts.split import Split
from gmmpipe.mixture.starts.ward import Ward

MOST_ROWS = 200_000


class Start(Protocol):
    """A mixture to start from, drawn on some data.

    Notes
    -----
    One that cannot start on weighted rows has no ``weight``. A start that does work for all K at
    once, or that runs EM itself, has ``prepare(x, family)`` too; see ``prepared``. One that draws
    nothing says ``seedless = True``: all its restarts are one. One whose restarts differ in kind
    says ``by_turn = True``.

    Of more than ``MOST_ROWS`` rows a start sees a random subset of that many, the same for every
    start, K and seed, unless it says ``whole = True``: it then reads all rows, without copying
    them.

    Examples
    --------
    >>> import numpy as np
    >>> from gmmpipe.mixture.starts.points import STARTS
    >>> x = np.array([[0.0], [1.0], [8.0], [9.0]])
    >>> start = STARTS["kmeans"](max_iter=10)(x, 2, np.random.default_rng(0))
    >>> sorted(start.means.round(6).ravel().tolist())
    [0.5, 8.5]

    """

    def __call__(
        self, x: Array, k: int, rng: np.random.Generator, weight: Array | None = None, /
    ) -> Mixture:
        """Return the mixture to start from.

        Parameters
        ----------
        x : (N, D) float64 array
            Normalised data.
        k : int
            Number of components, 1 <= k <= N.
        rng : numpy.random.Generator
            All that is random comes from it.
        weight : (N,) float64 array, optional
            Above 0, by default 1 each: a row of weight 2 is as that row twice.

        Returns
        -------
        Mixture
            K components in the units of x.

        Raises
        ------
        InputError
            Unless 1 <= k <= N.

        """


class Prepared(Protocol):
    """A start on its data: K, the random generator, and which restart it is; see ``Mixed``."""

    def __call__(self, k: int, rng: np.random.Generator, turn: int = 0, /) -> Mixture:
        """Return the mixture to start from."""


def prepared(start: Any, x: Array, family: str, weight: Array | None = None) -> Prepared:
    """Return ``start`` on x (N, D) of weight (N,) > 0 as a function of k and the random generator.

    Where the start has a method ``prepare(x, family)`` returning that function, work shared by
    all k is done once, and short runs of EM are of the covariance family that is to be fitted
    (called with x, k and rng alone: of ``full``). What the function yields depends on its
    arguments alone, never on earlier calls. Raises InputError for weights that the start does not
    take.
    """
    if not getattr(start, "whole", False):
        chosen = rows(len(x))
        x, weight = x[chosen], None if weight is None else weight[chosen]
    prepare = getattr(start, "prepare", None)
    call = start if prepare is None else prepare
    known: dict[str, Any] = {} if weight is None else {"weight": weight}
    if known and "weight" not in signature(call).parameters:
        raise InputError(f"start {type(start).__name__}: takes no weights; choose another start")
    draw = partial(start, x, **known) if prepare is None else prepare(x, family, **known)
    if getattr(start, "by_turn", False):
        found: Prepared = draw
        return found
    return lambda k, rng, _turn=0: draw(k, rng)


def undrawn(start: Any) -> float:
    """Return below which seed restarts are not drawn at random; infinity where none is."""
    return math.inf if getattr(start, "seedless", False) else getattr(start, "undrawn", 0)


def rows(n: int) -> Indices | slice:
    """Return which of n rows starts are drawn from, in order: all, or ``MOST_ROWS`` of them."""
    return slice(None) if n <= MOST_ROWS else subset(n, MOST_ROWS, "start", "rows")


@dataclass(frozen=True)
class Uniform:
    """The tutorial's: means uniform over the range of the data, one wide covariance, equal weights.

    On min-max data: means ``rng.random((k, d))`` and identity covariances, bit for bit.
    """

    whole: ClassVar[bool] = True

    def __call__(
        self, x: Array, k: int, rng: np.random.Generator, weight: Array | None = None
    ) -> Mixture:
        """Return the start; a constant feature counts as one of range 1."""
        del weight  # no row of weight 0 is here
        check_k(x, k)
        low = x.min(axis=0)
        span = x.max(axis=0) - low
        means = low + rng.random((k, x.shape[1])) * span
        span[span == 0] = 1.0
        return _equal(means, np.diag(span * span))


@dataclass(frozen=True)
class Points:
    """Means at k random rows, the covariance of all the data, equal weights.

    The rows have distinct values wherever the data hold k distinct rows: components that start
    alike stay alike for ever.
    """

    def __call__(
        self, x: Array, k: int, rng: np.random.Generator, weight: Array | None = None
    ) -> Mixture:
        """Return the start."""
        check_k(x, k)
        picked: list[int] = []
        twins: list[int] = []
        seen: set[bytes] = set()
        for i in _shuffled(len(x), rng, weight):
            key = x[i].tobytes()
            (twins if key in seen else picked).append(int(i))
            seen.add(key)
            if len(picked) == k:
                break
        return _equal(x[(picked + twins)[:k]], total_covariance(x, weight))


@dataclass(frozen=True)
class Random:
    """Groups without meaning: each row is shared at random among all components.

    The components start almost alike, the more so the more rows there are.
    """

    concentration: Annotated[float, Ge(1e-3), Le(1e6)] = 1.0
    """Of the symmetric Dirichlet distribution of the shares: 1 = uniform, towards 0 = all to one
    component, large = equal shares."""

    def __call__(
        self, x: Array, k: int, rng: np.random.Generator, weight: Array | None = None
    ) -> Mixture:
        """Return the moments of the shares; see ``soft_moments``."""
        check_k(x, k)
        shares = rng.dirichlet(np.full(k, self.concentration), len(x))
        return soft_moments(x, shares, x[_shuffled(len(x), rng, weight)[:k]], weight)


@dataclass(frozen=True)
class ShortEM:
    """Groups of the likeliest of many short EM runs from random points (em-EM).

    Biernacki, Celeux & Govaert 2003, Computational Statistics & Data Analysis 41, 561-575. The
    runs are of the covariance family that is to be fitted; degenerate ones lose to sound ones.
    """

    runs: Annotated[int, Ge(1), Le(10_000)] = 10
    """Short runs, each from another ``points`` start."""
    iterations: Annotated[int, Ge(1), Le(10_000)] = 5
    """Iterations of each."""

    def __call__(
        self, x: Array, k: int, rng: np.random.Generator, weight: Array | None = None
    ) -> Mixture:
        """Return the moments of the groups; see ``best_of``."""
        return self.prepare(x, "full", weight)(k, rng)

    def prepare(
        self, x: Array, family: str, weight: Array | None = None
    ) -> Callable[[int, np.random.Generator], Mixture]:
        """Return the start on x (N, D), its runs of a covariance family."""

        def start(k: int, rng: np.random.Generator) -> Mixture:
            starts = [Points()(x, k, rng, weight) for _ in range(self.runs)]
            return best_of(x, starts, family, self.iterations, weight)

        return start


@dataclass(frozen=True)
class KMeansPlusPlus:
    """Groups around k rows drawn far apart (k-means++ seeds alone): cheaper than kmeans.

    Arthur & Vassilvitskii 2007: each next seed with probability proportional to its squared
    distance from the seeds so far.
    """

    def __call__(
        self, x: Array, k: int, rng: np.random.Generator, weight: Array | None = None
    ) -> Mixture:
        """Return the moments of the rows nearest to each seed; see ``moments``."""
        check_k(x, k)
        z = standardised(x, weight)
        seeds = _seeds(z, k, rng, weight)
        return moments(x, nearest(z, z[seeds]), x[seeds], weight)


@dataclass(frozen=True)
class KMeans:
    """Groups found by k-means (Lloyd) from k-means++ seeds."""

    max_iter: Annotated[int, Ge(1), Le(100_000)] = 300
    """Most rounds of k-means."""
    tol: Annotated[float, Ge(0), Lt(1)] = 1e-3
    """It stops once no more than this share of the rows changes group (0 = none does)."""

    def __call__(
        self, x: Array, k: int, rng: np.random.Generator, weight: Array | None = None
    ) -> Mixture:
        """Return the moments of the groups; see ``moments``."""
        check_k(x, k)
        z = standardised(x, weight)
        centres = z[_seeds(z, k, rng, weight)]
        labels = nearest(z, centres)
        for _ in range(self.max_iter):
            centres = group_means(z, labels, centres, weight)
            before, labels = labels, nearest(z, centres)
            if np.average(labels != before, weights=weight) <= self.tol:
                break
        whole = np.average(x, axis=0, weights=weight)
        return moments(x, labels, whole + centres * standard_deviations(x, weight), weight)


@dataclass(frozen=True)
class Mixed:
    """The other starts in turn, as none finds every optimum: ward, split, then the random ones.

    The seeds 0 and 1 are ``ward`` and ``split``, which draw nothing; those after them are in turn
    ``kmeans``, ``short-em``, ``points`` and ``kmeans++``.
    """

    by_turn: ClassVar[bool] = True
    fixed: ClassVar[tuple[type, ...]] = (Ward, Split)
    drawn: ClassVar[tuple[type, ...]] = (KMeans, ShortEM, Points, KMeansPlusPlus)
    undrawn: ClassVar[int] = len(fixed)

    def __call__(
        self, x: Array, k: int, rng: np.random.Generator, weight: Array | None = None
    ) -> Mixture:
        """Return the first that is drawn."""
        return self.prepare(x, "full", weight)(k, rng, self.undrawn)

    def prepare(self, x: Array, family: str, weight: Array | None = None) -> Prepared:
        """Return the start on x (N, D), the kinds that run EM running it under a family."""
        kinds = [prepared(kind(), x, family, weight) for kind in (*self.fixed, *self.drawn)]

        def start(k: int, rng: np.random.Generator, turn: int = self.undrawn) -> Mixture:
            later = turn - self.undrawn
            return kinds[turn if later < 0 else self.undrawn + later % len(self.drawn)](k, rng)

        return start


def _equal(means: Array, covariance: Array) -> Mixture:
    """Return components that share one covariance and one weight."""
    k = len(means)
    return Mixture(np.full(k, 1 / k), means, np.tile(covariance, (k, 1, 1)))


def _shuffled(n: int, rng: np.random.Generator, weight: Array | None) -> Indices:
    """Return the rows in random order, (n,), each next drawn with probability by its weight."""
    if weight is None:
        return np.asarray(rng.permutation(n), np.int64)
    return np.argsort(rng.standard_exponential(n) / weight)  # Efraimidis & Spirakis 2006


def _seeds(z: Array, k: int, rng: np.random.Generator, weight: Array | None) -> Indices:
    """Return the k-means++ seeds, (k,) row numbers without repetition."""
    seeds = np.empty(k, np.int64)
    seeds[0] = rng.integers(len(z)) if weight is None else _shuffled(len(z), rng, weight)[0]
    distance = np.full(len(z), np.inf)
    for j in range(1, k):
        distance = np.minimum(distance, np.sum((z - z[seeds[j - 1]]) ** 2, axis=1))
        distance[seeds[:j]] = 0.0
        mass = distance if distance.any() else ~np.isin(np.arange(len(z)), seeds[:j])
        total = np.cumsum(mass if weight is None else mass * weight, dtype=np.float64)
        chosen = int(np.searchsorted(total, rng.random() * total[-1], side="right"))
        seeds[j] = min(chosen, int(np.flatnonzero(mass)[-1]))
    return seeds


STARTS: dict[str, type] = {
    "uniform": Uniform,
    "points": Points,
    "kmeans": KMeans,
    "kmeans++": KMeansPlusPlus,
    "random": Random,
    "ward": Ward,
    "short-em": ShortEM,
    "split": Split,
    "mixed": Mixed,
    "given": ExplicitStart,
}

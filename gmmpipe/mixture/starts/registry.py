"""Starts: the mixture from which EM sets out.

A new start is a frozen dataclass whose fields are its options, a ``Start``, and one line in
``STARTS``. All are scale-free: distances are taken in standard deviations of each feature, so raw,
min-max and z-scored data give the same start up to rounding.
"""

import math
from dataclasses import dataclass
from functools import partial
from inspect import signature
from typing import Any, ClassVar, Protocol

import numpy as np

from gmmpipe.errors import InputError
from gmmpipe.mixture.mixture import Array, Indices, Mixture
from gmmpipe.mixture.slices import subset
from gmmpipe.mixture.starts.given import ExplicitStart
from gmmpipe.mixture.starts.kmeans import KMeans, KMeansPlusPlus
from gmmpipe.mixture.starts.points import Points, Random, Uniform
from gmmpipe.mixture.starts.short_em import ShortEM
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
    >>> from gmmpipe.mixture.starts.registry import STARTS
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


def prepared(
    start: Any, x: Array, family: str, weight: Array | None = None, *, most_rows: int = MOST_ROWS
) -> Prepared:
    """Return ``start`` on x (N, D) of weight (N,) > 0 as a function of k and the random generator.

    Where the start has a method ``prepare(x, family)`` returning that function, work shared by
    all k is done once, and short runs of EM are of the covariance family that is to be fitted
    (called with x, k and rng alone: of ``full``). What the function yields depends on its
    arguments alone, never on earlier calls. Raises InputError for weights that the start does not
    take.
    """
    if not getattr(start, "whole", False):
        chosen = rows(len(x), most_rows)
        x, weight = x[chosen], None if weight is None else weight[chosen]
    prepare = getattr(start, "prepare", None)
    call = start if prepare is None else prepare
    options: dict[str, Any] = {} if weight is None else {"weight": weight}
    if options and "weight" not in signature(call).parameters:
        raise InputError(f"start {type(start).__name__}: takes no weights; choose another start")
    draw = partial(start, x, **options) if prepare is None else prepare(x, family, **options)
    if getattr(start, "by_turn", False):
        by_turn: Prepared = draw
        return by_turn
    return lambda k, rng, _turn=0: draw(k, rng)


def undrawn(start: Any) -> float:
    """Return below which seed restarts are not drawn at random; infinity where none is."""
    return math.inf if getattr(start, "seedless", False) else getattr(start, "undrawn", 0)


def rows(n: int, most: int = MOST_ROWS) -> Indices | slice:
    """Return which of n rows starts are drawn from, in order: all, or ``most`` of them."""
    return slice(None) if n <= most else subset(n, most, "start", "rows")


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

"""Starts at random: points, uniform means, random shares."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Le

from gmmpipe.mixture.mixture import Array, Indices, Mixture
from gmmpipe.mixture.moments import check_k, soft_moments, total_covariance


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
        for i in shuffled(len(x), rng, weight):
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
        return soft_moments(x, shares, x[shuffled(len(x), rng, weight)[:k]], weight)


def _equal(means: Array, covariance: Array) -> Mixture:
    """Return components that share one covariance and one weight."""
    k = len(means)
    return Mixture(np.full(k, 1 / k), means, np.tile(covariance, (k, 1, 1)))


def shuffled(n: int, rng: np.random.Generator, weight: Array | None) -> Indices:
    """Return the rows in random order, (n,), each next drawn with probability by its weight."""
    if weight is None:
        return np.asarray(rng.permutation(n), np.int64)
    return np.argsort(rng.standard_exponential(n) / weight)  # Efraimidis & Spirakis 2006

"""Stepwise EM: an M step after each mini-batch, for a first pass over data that take long to read.

Cappe & Moulines 2009, On-line expectation-maximization algorithm for latent data models, JRSS B 71,
593-613; the exponent of the steps is that of Liang & Klein 2009, Online EM for unsupervised models,
NAACL. That partial E steps climb too is in Neal & Hinton 1998, A view of the EM algorithm that
justifies incremental, sparse, and other variants.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gmmpipe.numerics.bounds import Bounds
from gmmpipe.numerics.engines import for_moments
from gmmpipe.numerics.maximise import maximise
from gmmpipe.numerics.mixture import Array, Mixture
from gmmpipe.numerics.problem import Problem
from gmmpipe.numerics.streams import stream

_RUN = 256  # rows that follow each other: two features of them are a page of memory
_RUNS = 64  # of a mini-batch; fewer where there would not be _LEAST mini-batches
_LEAST = 20
_EXPONENT = 0.7  # mini-batch t counts (t + 2)^-0.7 of the statistics after it


@dataclass(frozen=True)
class Statistics:
    """The expected sufficient statistics: counts (K,), means (K, D), scatter (K, D, D) about them.

    Centred, so that adding two up is free of cancellation and gives scatters that are valid.
    """

    counts: Array
    means: Array
    scatter: Array

    def mixed(self, other: "Statistics", share: float) -> "Statistics":
        """Return these statistics with a share of the others, which are on the same total."""
        mine, theirs = (1 - share) * self.counts, share * other.counts
        counts = mine + theirs
        part = theirs / np.where(counts > 0, counts, 1.0)
        away = other.means - self.means
        scatter = (1 - share) * self.scatter + share * other.scatter
        scatter += (mine * part)[:, None, None] * away[:, :, None] * away[:, None, :]
        return Statistics(counts, self.means + part[:, None] * away, scatter)


def first_pass(problem: Problem, start: Mixture, bounds: Bounds, threads: int) -> Mixture | None:
    """Return what one pass of stepwise EM over the samples makes of the start, within the bounds.

    None where a covariance is not positive definite on the way. The same for any threads.
    """
    counts = start.weights * problem.total
    known = Statistics(counts, start.means, counts[:, None, None] * start.covariances)
    mixture = start
    for t, rows in enumerate(batches(len(problem.x))):
        part = replace(problem, x=problem.x[rows], weight=problem.weight[rows])
        if not part.total > 0:
            continue
        found = _expected(part, mixture, threads, problem.total)
        if found is None:
            return None
        known = known.mixed(found, (t + 2) ** -_EXPONENT)
        mixture = maximise(problem, bounds, known.counts, known.means, known.scatter, mixture)
    return mixture


def batches(n: int) -> Iterator[npt.NDArray[np.int64]]:
    """Yield the row numbers of mini-batches: together each of n rows once, the same every time.

    A mini-batch is made of runs of rows from places all over the data, for these may be in order.
    """
    runs = -(-n // _RUN)
    size = max(1, min(_RUNS, runs // _LEAST))
    order = stream("stepwise", n).permutation(runs)
    for first in range(0, runs, size):
        rows = np.sort(order[first : first + size])[:, None] * _RUN + np.arange(_RUN)
        yield rows[rows < n]


def _expected(part: Problem, mixture: Mixture, threads: int, total: float) -> Statistics | None:
    """Return the statistics of some samples under the mixture, as if there were a total of them."""
    engine, k = for_moments(part, threads), mixture.n_components
    desk = engine.desk(k, engine.threads)
    if engine.place(desk, mixture) >= 0:
        return None
    engine.measure(desk, k, part.reg_covar)
    counts = desk.counts[:k] * (total / part.total)
    return Statistics(
        counts, mixture.means + desk.shifts[:k], counts[:, None, None] * desk.spreads[:k]
    )

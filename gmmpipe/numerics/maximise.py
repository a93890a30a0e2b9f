"""The M step in numpy: from soft counts, means and scatter matrices to the next mixture."""

import numpy as np

from gmmpipe.numerics.mixture import Array, Mixture
from gmmpipe.numerics.problem import Problem


def maximise(
    problem: Problem, counts: Array, means: Array, scatter: Array, last: Mixture
) -> Mixture:
    """Return the mixture of highest expected log-likelihood, or log posterior under a prior.

    counts (K,), means (K, D), scatter (K, D, D) about them. A component without samples keeps its
    covariance unless there is a prior: then it gets the prior's mode.
    """
    weights = counts / problem.total
    if problem.prior is None:
        covariances = problem.family.covariances(counts, scatter, problem.floor)
        empty = counts == 0
        covariances[empty] = last.covariances[empty]
        return Mixture(weights, means, covariances)
    pull, (count, scale) = problem.prior.shrinkage, problem.prior.pseudo(len(counts))
    shift = pull / (counts + pull).clip(1e-300)  # of each mean, as a share of the way
    centres = means + shift[:, None] * (problem.prior.mean - means)
    about = scatter + _outer(counts, means - centres) + _outer(pull, centres - problem.prior.mean)
    covariances = problem.family.covariances(counts + count, about + scale, problem.floor)
    return Mixture(weights, centres, covariances)


def _outer(counts: Array | float, away: Array) -> Array:
    """Return counts (K,) times the outer square of away (K, D), (K, D, D)."""
    squares: Array = np.reshape(counts, (-1, 1, 1)) * away[:, :, None] * away[:, None, :]
    return squares

"""The M step in numpy: from soft counts, means and scatter matrices to the next mixture."""

import numpy as np

from gmmpipe.mixture.bounds import Bounds
from gmmpipe.mixture.em.problem import Problem
from gmmpipe.mixture.mixture import Array, Mixture


def maximise(  # noqa: PLR0913, PLR0917 - what an M step goes by
    problem: Problem, bounds: Bounds, counts: Array, means: Array, scatter: Array, last: Mixture
) -> Mixture:
    """Return the mixture of highest expected log-likelihood, or log posterior under a prior.

    bounds: of this step; counts (K,), means (K, D), scatter (K, D, D) about them. What is frozen is
    taken from the last mixture; scatter is then about the held means. A component without samples
    keeps its covariance unless there is a prior: then it gets the prior's mode.
    """
    frozen = problem.frozen
    weights = last.weights if "weights" in frozen else counts / problem.total
    centres = last.means if "means" in frozen else _pulled(problem, counts, means)
    if "covariances" in frozen:
        return Mixture(weights, centres, last.covariances)
    if centres is not means:
        scatter = scatter + _outer(counts, means - centres)
    prior, family, empty = problem.prior, problem.family, counts == 0
    if prior is None:
        covariances = family.step(counts, scatter, bounds.floor, last.covariances)
        covariances[empty] = last.covariances[empty]
    else:
        count, scale = prior.pseudo(len(counts))
        scatter = scatter + scale + _outer(prior.shrinkage, centres - prior.mean)
        covariances = family.step(counts + count, scatter, bounds.floor, last.covariances)
    return Mixture(weights, centres, covariances)


def _pulled(problem: Problem, counts: Array, means: Array) -> Array:
    """Return the means (K, D) as the prior draws them towards its own."""
    prior = problem.prior
    if prior is None or prior.shrinkage == 0:
        return means
    share = prior.shrinkage / (counts + prior.shrinkage)
    pulled: Array = means + share[:, None] * (prior.mean - means)
    return pulled


def _outer(counts: Array | float, away: Array) -> Array:
    """Return counts (K,) times the outer square of away (K, D), (K, D, D)."""
    squares: Array = np.reshape(counts, (-1, 1, 1)) * away[:, :, None] * away[:, None, :]
    return squares

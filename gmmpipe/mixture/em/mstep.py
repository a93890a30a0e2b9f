"""The M step in numpy: from the moments of a pass to the next mixture."""

import numpy as np

from gmmpipe.mixture.bounds import Bounds
from gmmpipe.mixture.em.problem import Problem
from gmmpipe.mixture.engine import Moments
from gmmpipe.mixture.mixture import Array, Mixture


def maximise(problem: Problem, bounds: Bounds, moments: Moments, last: Mixture) -> Mixture:
    """Return the mixture of highest expected log-likelihood, or log posterior under a prior.

    bounds: of this step; moments: of the samples under the last mixture, from which frozen parts
    are taken: the covariances are then about its means. A component without samples keeps its
    covariance unless there is a prior: then it gets the prior's mode.
    """
    frozen, counts, means = problem.frozen, moments.counts, moments.means
    weights = last.weights if "weights" in frozen else counts / problem.total
    centres = last.means if "means" in frozen else _pulled(problem, counts, means)
    if "covariances" in frozen:
        return Mixture(weights, centres, last.covariances)
    scatter = counts[:, None, None] * _raised(moments.covariances, problem.reg_covar)
    if centres is not means:
        scatter = scatter + _outer(counts, means - centres)
    prior, family, empty = problem.prior, problem.family, counts == 0
    if prior is None:
        covariances = family.monotone_m_step(counts, scatter, bounds.floor, last.covariances)
        covariances[empty] = last.covariances[empty]
    else:
        count, scale = prior.pseudo(len(counts))
        scatter = scatter + scale + _outer(prior.shrinkage, centres - prior.mean)
        covariances = family.monotone_m_step(
            counts + count, scatter, bounds.floor, last.covariances
        )
    return Mixture(weights, centres, covariances)


def _raised(covariances: Array, reg_covar: float) -> Array:
    """Return the covariances (K, D, D) with reg_covar added to each variance."""
    if reg_covar == 0:
        return covariances
    raised = covariances.copy()
    np.einsum("kii->ki", raised)[...] += reg_covar
    return raised


def _pulled(problem: Problem, counts: Array, means: Array) -> Array:
    """Return the means (K, D) as the prior shrinks them towards its mean."""
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

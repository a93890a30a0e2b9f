"""How small the variances of components may become, measured by the spread within components.

The likelihood of a mixture has no upper bound where a component shrinks onto a few samples. Here
the other components forbid it, as in Hathaway 1985, A constrained formulation of maximum-likelihood
estimation for normal mixture distributions, Annals of Statistics 13, 795-800: neither the units of
the data nor the distances between groups matter.
"""

from dataclasses import dataclass

import numpy as np

from gmmpipe.mixture.mixture import Array, Mixture

COLLAPSED = 1e-18  # of a feature's variance: where all components shrink the bound stops falling


@dataclass(frozen=True)
class Bounds:
    """What an M step obeys, all (D,).

    within: the scale that the others are relative to; floor: the least variance of a component
    along each feature; vanishing: a variance up to this counts as none.
    """

    within: Array
    floor: Array
    vanishing: Array


def pooled(mixture: Mixture) -> Array:
    """Return the mean variance within components (D,), weighted by their weights."""
    total = max(mixture.weights.sum(), np.finfo(np.float64).tiny)
    means: Array = mixture.weights @ np.diagonal(mixture.covariances, axis1=1, axis2=2) / total
    return means


def within(mixture: Mixture, variances: Array, regularisation: float) -> Array:
    """Return the scale (D,) for the M step from a mixture: the mean variance within components.

    No more than the variances (D,) of the features, and so much less that no component is below the
    bound: the likelihood never falls. It depends on the mixture alone, so that EM may go on from
    any.
    """
    scale = np.minimum(pooled(mixture), variances)
    floor = regularisation * scale
    bounded = floor > 0
    if bounded.any():
        root = np.sqrt(floor[bounded])
        scaled = mixture.covariances[:, bounded][:, :, bounded] / np.multiply.outer(root, root)
        least = np.linalg.eigvalsh(scaled).min()
        scale = scale * min(1.0, max(float(least), 0.0))
    result: Array = np.maximum(scale, COLLAPSED * variances)
    return result

"""How far two mixtures are apart, component by component."""

import numpy as np

from gmmpipe.mixture.diagnostics.matching import assign
from gmmpipe.mixture.mixture import Array, Indices, Mixture


def affinity(a: Mixture, b: Mixture) -> Array:
    """Return sqrt(w_k v_l) times the overlap integral of sqrt(N_k N_l), (K, L), in [0, 1].

    The integral is Bhattacharyya's coefficient (1943, Bull. Calcutta Math. Soc. 35, 99-109): 1
    for equal components, 0 for distant ones, whatever the units.
    """
    mean = (a.covariances[:, None] + b.covariances[None]) / 2  # (K, L, D, D)
    shift = a.means[:, None] - b.means[None]
    distance = np.einsum(
        "kli,kli->kl", shift, np.linalg.solve(mean, shift[..., None])[..., 0], optimize=True
    )
    log_a, log_b = (np.linalg.slogdet(m.covariances)[1] for m in (a, b))
    logs = (log_a[:, None] + log_b[None]) / 4 - np.linalg.slogdet(mean)[1] / 2 - distance / 8
    shared: Array = np.sqrt(np.multiply.outer(a.weights, b.weights)) * np.exp(logs)
    return shared


def partners(a: Mixture, b: Mixture) -> Indices:
    """Return for each component of a the one of b that it is most like, one to one; -1 for none."""
    return assign(affinity(a, b))


def component_differences(ours: Mixture, theirs: Mixture) -> dict[str, float]:
    """Return the largest deviation of weights, of means and of covariances, same components.

    Weights absolute, means and covariances in standard deviations of ours.
    """
    scale = np.sqrt(np.diagonal(ours.covariances, axis1=1, axis2=2))
    means = (theirs.means - ours.means) / scale
    covariances = theirs.covariances - ours.covariances
    covariances = covariances / (scale[:, :, None] * scale[:, None, :])
    apart = {"weights": theirs.weights - ours.weights, "means": means, "covariances": covariances}
    return {name: float(np.abs(values).max()) for name, values in apart.items()}


def reordered(mixture: Mixture, order: Indices) -> Mixture:
    """Return the mixture with the components ``order`` (K,), a permutation."""
    return Mixture(
        mixture.weights[order], mixture.means[order], mixture.covariances[order], mixture.box
    )

"""Rows drawn from a mixture."""

import numpy as np
import numpy.typing as npt

from gmmpipe.mixture.mixture import Array, Indices, Mixture


def draw(
    mixture: Mixture, counts: npt.NDArray[np.int64], shuffle: bool, rng: np.random.Generator
) -> tuple[Array, Indices]:
    """Return sum(counts) rows (N, D) and the component of each (N,), from 0.

    counts[j] rows are of component j, one component after the other unless shuffled.
    """
    labels = np.repeat(np.arange(mixture.n_components, dtype=np.int64), counts)
    x = rng.standard_normal((len(labels), mixture.n_features))
    for j, root in enumerate(np.linalg.cholesky(mixture.covariances)):
        x[labels == j] = mixture.means[j] + x[labels == j] @ root.T
    if not shuffle:
        return x, labels
    order = rng.permutation(len(labels))
    return x[order], labels[order]

"""The start that grows: from K - 1 components to K by the split that gains most."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Le

from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.mixture.moments import check_k, soft_moments, standard_deviations
from gmmpipe.mixture.starts.short_em import best_of


@dataclass(frozen=True)
class Split:
    """Groups grown from one by splitting the component whose split gains most likelihood.

    Greedy as in Verbeek, Vlassis & Krose 2003, Neural Computation 15, 469-485, with the two
    halves one standard deviation either way along the component's longest axis (in standard
    deviations of each feature), each tried by a few iterations of EM under the family. There is
    no randomness: every seed gives the same.
    """

    seedless: ClassVar[bool] = True
    iterations: Annotated[int, Ge(1), Le(10_000)] = 10
    """Iterations of EM after which the splits of all components are compared."""

    def __call__(
        self, x: Array, k: int, rng: np.random.Generator, weight: Array | None = None
    ) -> Mixture:
        """Return the moments of the k groups; see ``soft_moments``."""
        return self.prepare(x, "full", weight)(k, rng)

    def prepare(
        self, x: Array, family: str, weight: Array | None = None
    ) -> Callable[[int, np.random.Generator], Mixture]:
        """Return the start for any K on x (N, D); what was grown for one K serves the larger."""
        scale = standard_deviations(x, weight)
        grown = [soft_moments(x, np.ones((len(x), 1)), x[:1], weight)]

        def start(k: int, rng: np.random.Generator) -> Mixture:
            del rng
            check_k(x, k)
            while len(grown) < k:
                splits = [split(grown[-1], j, scale) for j in range(len(grown))]
                grown.append(best_of(x, splits, family, self.iterations, weight))
            return grown[k - 1]

        return start


def split(mixture: Mixture, j: int, scale: Array) -> Mixture:
    """Return the mixture with component j halved, one half in its place and one at the end.

    The longest axis is that in units of scale (D,). Both halves keep the covariance.
    """
    values, vectors = np.linalg.eigh(mixture.covariances[j] / np.multiply.outer(scale, scale))
    axis = vectors[:, -1]
    large = np.abs(axis) > 0.5 * np.abs(axis).max()
    axis = axis * np.sign(axis[np.argmax(large)])  # eigenvectors have no sign of their own
    step = np.sqrt(values[-1]) * scale * axis
    weights = np.append(mixture.weights, mixture.weights[j] / 2)
    means = np.vstack([mixture.means, mixture.means[j] - step])
    weights[j] /= 2
    means[j] += step
    covariances = np.concatenate([mixture.covariances, mixture.covariances[j : j + 1]])
    return Mixture(weights, means, covariances, mixture.box)

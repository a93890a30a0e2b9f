"""The mixture: what EM moves and everything else reads."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Mixture:
    """A Gaussian mixture of K components in D dimensions.

    weights (K,) sum to one; means (K, D); covariances (K, D, D), whatever the family, in the
    squared units of the data. The arrays are float64 and are not to be written to.
    """

    weights: Array
    means: Array
    covariances: Array

    @property
    def n_components(self) -> int:
        """Return K."""
        return len(self.weights)

    @property
    def n_features(self) -> int:
        """Return D."""
        return int(self.means.shape[1])

    def rescaled(self, shift: Array, scale: Array) -> "Mixture":
        """Return the mixture of ``shift + scale * x``; shift (D,) and scale (D,)."""
        return Mixture(
            self.weights,
            shift + scale * self.means,
            self.covariances * np.multiply.outer(scale, scale),
        )

    def describe(self) -> str:
        """Return one line per component: weight, mean, covariance."""
        rows = zip(self.weights, self.means, self.covariances, strict=True)
        return "\n".join(
            f"  component {i}: weight {w:.6f}, mean {m.round(6).tolist()},"
            f" covariance {c.round(6).tolist()}"
            for i, (w, m, c) in enumerate(rows)
        )

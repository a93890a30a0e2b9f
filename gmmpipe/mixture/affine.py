"""Affine maps of the features, applied to data and undone on mixtures."""

from dataclasses import dataclass

import numpy as np

from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.mixture.slices import slices_of


@dataclass(frozen=True)
class Affine:
    """The map x -> (x - shift) / scale; shift (D,), scale (D,) > 0, in the units of x."""

    shift: Array
    scale: Array

    def apply(self, x: Array) -> Array:
        """Return (x - shift) / scale as a new array; x (N, D)."""
        mapped: Array = (x - self.shift) / self.scale
        return mapped

    def invert(self, mixture: Mixture) -> Mixture:
        """Return the mixture of the mapped data in the units of x."""
        return mixture.rescaled(self.shift, self.scale)

    def map(self, mixture: Mixture) -> Mixture:
        """Return the mixture of the mapped data, of one in the units of x."""
        return mixture.rescaled(-self.shift / self.scale, 1 / self.scale)

    def log_volume(self, x: Array, weight: Array | None = None) -> float:
        """Return sum(log scale) over the values of x (N, D), NaN where missing, times the weights.

        The log-likelihood of x is that of the mapped data less this.
        """
        counts = np.zeros(x.shape[1])
        for cut in slices_of(len(x)):
            seen = ~np.isnan(x[cut])
            counts += seen.sum(axis=0) if weight is None else weight[cut] @ seen
        return float(counts @ np.log(self.scale))

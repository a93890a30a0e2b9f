"""A noise component: samples spread evenly over the box of the data, beside the Gaussian ones.

Banfield & Raftery 1993, Model-based Gaussian and non-Gaussian clustering, Biometrics 49, 803-821;
Fraley & Raftery 1998, The Computer Journal 41, 578-588. The density is 1 / volume of the smallest
box along the axes that holds all samples (mclust's hypvol takes that or the box along the principal
components, whichever is smaller, which depends on the features' units). As in mclust it is the
same everywhere, also outside the box: a new sample far away is noise.
"""

from typing import Any

import numpy as np

from gmmpipe.errors import InputError
from gmmpipe.mixture.engines.base import Passes, Weighted
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.mixture.slices import extremes


def bounding_box(x: Array, weight: Array) -> Array:
    """Return the lowest and highest values of the samples of positive weight, (2, D).

    x (N, D), NaN where missing. Raises InputError for a feature that is constant.
    """
    box: Array = np.stack(extremes(x, weight))
    if (box[0] == box[1]).any():
        column = np.flatnonzero(box[0] == box[1])[0]
        raise InputError(f"noise: column {column} is constant, the box has no volume; drop it")
    return box


def log_uniform(x: Array, box: Array) -> Array:
    """Return the log-density of the noise for what is there of each row of x, (N,)."""
    logs: Array = -(~np.isnan(x) @ np.log(box[1] - box[0]))
    return logs


class WithNoise:
    """An engine whose samples may also be noise: called like the engine of the Gaussian part.

    A pass first evaluates all densities, then measures the moments of the samples, each of its
    weight times the probability that it is no noise. What is left of the sum of the mixture's
    weights is that of the noise.
    """

    def __init__(
        self, x: Array, weight: Array, box: Array, engines: tuple[Weighted, Passes]
    ) -> None:
        self.weight, self.uniform = weight, log_uniform(x, box)
        self.moments, self.densities = engines
        self.threads, self.layout = self.moments.threads, self.moments.layout
        self.scratch: Any = None
        self.log_noise = -np.inf

    def desk(self, k: int, team: int) -> Any:
        """Return the memory of one fit of at most k components."""
        self.scratch = self.densities.desk(k, self.densities.threads)
        return self.moments.desk(k, team)

    def place(self, desk: Any, mixture: Mixture) -> int:
        """Put the mixture on the desk; return the first component not positive definite, or -1."""
        with np.errstate(divide="ignore"):
            self.log_noise = np.log(max(0.0, 1 - mixture.weights.sum()))
        broken = self.moments.place(desk, mixture)
        return broken if broken >= 0 else self.densities.place(self.scratch, mixture)

    def measure(self, desk: Any, k: int, reg_covar: float) -> float:
        """Put counts, shifts and spreads on the desk; return the log-likelihood in nats."""
        gaussian = self.densities.evaluate(self.scratch, k)[0]
        total = np.logaddexp(gaussian, self.log_noise + self.uniform)
        self.moments.reweigh(self.weight * np.exp(gaussian - total))
        self.moments.measure(desk, k, reg_covar)
        return float((self.weight * total).sum())

    def evaluate(self, desk: Any, k: int) -> tuple[Array, Array]:
        """Return log p(x) (N,) and log responsibilities (N, k + 1), those of the noise last."""
        del desk
        gaussian, logs = self.densities.evaluate(self.scratch, k)
        noise = self.log_noise + self.uniform
        total: Array = np.logaddexp(gaussian, noise)
        return total, np.column_stack([logs + (gaussian - total)[:, None], noise - total])

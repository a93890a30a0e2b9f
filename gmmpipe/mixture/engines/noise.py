"""A noise component: samples spread evenly over the box of the data, beside the Gaussian ones.

Banfield & Raftery 1993, Model-based Gaussian and non-Gaussian clustering, Biometrics 49, 803-821;
Fraley & Raftery 1998, The Computer Journal 41, 578-588. The density is 1 / volume of the smallest
box along the axes that holds all samples (mclust's hypvol takes that or the box along the principal
components, whichever is smaller, which depends on the features' units). As in mclust it is the
same everywhere, also outside the box: a new sample far away is noise.
"""

import numpy as np

from gmmpipe.errors import InputError
from gmmpipe.mixture.engine import Engine, Moments, Weighted
from gmmpipe.mixture.mixture import Array, Mask, Mixture
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
    """An engine whose samples may also be noise, from one of moments and one of densities.

    A pass first evaluates all densities, then measures the moments of the samples, each of its
    weight times the probability that it is no noise. What is left of the sum of the mixture's
    weights is that of the noise.
    """

    def __init__(
        self, x: Array, weight: Array, box: Array, moments: Weighted, densities: Engine
    ) -> None:
        self.weight, self.uniform = weight, log_uniform(x, box)
        self.moments, self.densities = moments, densities

    def workspace(self, k: int) -> "_Workspace":
        """Return the memory of one fit of at most k components."""
        return _Workspace(self, k)


class _Workspace:
    """Passes over samples that may be noise; see ``engine.Workspace``."""

    def __init__(self, engine: WithNoise, k: int) -> None:
        self.engine, self.log_noise = engine, -np.inf
        self.moments, self.gaussian = engine.moments.workspace(k), engine.densities.workspace(k)

    def load(self, mixture: Mixture) -> int:
        with np.errstate(divide="ignore"):
            self.log_noise = np.log(max(0.0, 1 - mixture.weights.sum()))
        broken = self.moments.load(mixture)
        return broken if broken >= 0 else self.gaussian.load(mixture)

    def recentre(self, moved: Mask) -> None:
        self.moments.recentre(moved)

    def statistics(self) -> Moments:
        weight, gaussian = self.engine.weight, self.gaussian.densities()[0]
        total = np.logaddexp(gaussian, self.log_noise + self.engine.uniform)
        self.engine.moments.reweigh(weight * np.exp(gaussian - total))
        return self.moments.statistics()._replace(log_likelihood=float((weight * total).sum()))

    def densities(self) -> tuple[Array, Array]:
        """Return log p(x) (N,) and log responsibilities (N, K + 1), those of the noise last."""
        gaussian, logs = self.gaussian.densities()
        noise = self.log_noise + self.engine.uniform
        total: Array = np.logaddexp(gaussian, noise)
        return total, np.column_stack([logs + (gaussian - total)[:, None], noise - total])

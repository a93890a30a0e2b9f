"""Data sets drawn at random from a mixture: written down, or random itself."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from annotated_types import Ge, Gt, Le, MaxLen, MinLen

from gmmpipe.data.dataset import Sample
from gmmpipe.errors import InputError
from gmmpipe.mixture.explicit import Scale, covariance_matrices, refuse_contradictions
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.mixture.sampling import draw

WHO = "dataset mixture"
MOST_ROWS = 100_000_000
Count = Annotated[int, Ge(1), Le(MOST_ROWS)]
Seed = Annotated[int, Ge(0), Le(2**32 - 1)]


@dataclass(frozen=True)
class KnownMixture:
    """Rows drawn from a mixture whose parameters you write down."""

    means: Annotated[tuple[tuple[float, ...], ...], MinLen(1), MaxLen(10_000)]
    """K means of D numbers."""
    covariances: Annotated[tuple[Scale, ...], MinLen(1), MaxLen(10_000)]
    """K covariances: each one variance, D variances, or D rows of D."""
    counts: tuple[Count, ...] | None = None
    """Rows of each component, exactly; give these, or weights and n."""
    weights: tuple[Annotated[float, Gt(0), Le(1)], ...] | None = None
    """Probabilities of the components; the counts are then drawn (multinomial)."""
    n: Count | None = None
    """Rows to draw when weights are given."""
    shuffle: bool = True
    """Whether to permute the rows; false = all of component 1 first, then 2, ..."""
    seed: Seed = 0
    """Which of all possible samples."""

    def __post_init__(self) -> None:
        """Raise InputError where the fields contradict each other."""
        self.truth()

    def truth(self) -> Mixture:
        """Return the mixture; raises InputError unless shapes agree and covariances are SPD."""
        if (self.counts is None) == (self.weights is None):
            raise InputError(f"{WHO}: give either counts or weights, not both or neither")
        if (self.weights is None) != (self.n is None):
            raise InputError(f"{WHO}: n goes with weights; counts already say how many")
        parts = {"counts": self.counts, "weights": self.weights, "covariances": self.covariances}
        refuse_contradictions(WHO, self.means, **parts)
        shares = np.array(self.counts if self.weights is None else self.weights, np.float64)
        if self.weights is None and not shares.sum() <= MOST_ROWS:
            raise InputError(f"{WHO}: {shares.sum():.0f} rows; at most {MOST_ROWS}")
        means = np.array(self.means, np.float64)
        covariances = covariance_matrices(WHO, self.covariances, means.shape[1])
        return Mixture(shares / shares.sum(), means, covariances)

    @property
    def shape(self) -> tuple[int, int]:
        """Return (N, D)."""
        return sum(self.counts or ()) or self.n or 0, len(self.means[0])

    def sample(self, rng: np.random.Generator) -> Sample:
        """Return sum(counts) or n rows with their labels and the mixture."""
        truth = self.truth()
        if self.counts is None:
            counts = rng.multinomial(self.n or 0, truth.weights)
        else:
            counts = np.array(self.counts, np.int64)
        return _drawn(truth, counts, self.shuffle, rng)


@dataclass(frozen=True)
class Blobs:
    """Rows drawn from a random mixture of set separation and eccentricity.

    separation is c of c-separated mixtures (Dasgupta 1999, FOCS, 634-644) in the trace form of
    Verbeek, Vlassis & Krose (2003, Neural Computation 15, 469-485): every pair has
    |mu_i - mu_j| >= c sqrt(max(tr S_i, tr S_j)), with equality for the closest pair. Below 1
    they overlap much, from 2 on hardly. Eccentricity is sqrt(largest / smallest eigenvalue) of
    each covariance, attained when D > 1; axes point anywhere and every trace is D.
    """

    n: Count = 500
    """Rows."""
    d: Annotated[int, Ge(1), Le(1_000)] = 2
    """Features."""
    k: Annotated[int, Ge(1), Le(1_000)] = 3
    """Components."""
    separation: Annotated[float, Gt(0), Le(1e6)] = 2.0
    """Distance of the closest two means over the square root of their larger trace."""
    eccentricity: Annotated[float, Ge(1), Le(1e4)] = 3.0
    """Longest over shortest axis of each component; 1 = spheres."""
    imbalance: Annotated[float, Ge(1), Le(1e4)] = 1.0
    """Largest over smallest weight (in geometric steps between); 1 = equal weights."""
    seed: Seed = 0
    """Which of all possible mixtures and samples."""

    def truth(self, rng: np.random.Generator) -> Mixture:
        """Return the random mixture; draws from rng before the rows do."""
        weights = np.geomspace(self.imbalance, 1.0, self.k)
        covariances = np.stack([self._covariance(rng) for _ in range(self.k)])
        means = rng.standard_normal((self.k, self.d))
        if self.k > 1:
            means *= self.separation / _separation(means, covariances)
        return Mixture(weights / weights.sum(), means, covariances)

    def _covariance(self, rng: np.random.Generator) -> Array:
        axes = self.eccentricity ** rng.random(self.d)
        axes[0], axes[-1] = self.eccentricity, 1.0
        rotation, upper = np.linalg.qr(rng.standard_normal((self.d, self.d)))
        rotation *= np.sign(np.diag(upper))  # uniform over rotations (Mezzadri 2007)
        root = rotation * (axes * np.sqrt(self.d / np.sum(axes**2)))
        covariance: Array = root @ root.T
        return (covariance + covariance.T) / 2

    @property
    def shape(self) -> tuple[int, int]:
        """Return (N, D)."""
        return self.n, self.d

    def sample(self, rng: np.random.Generator) -> Sample:
        """Return n shuffled rows with their labels and the mixture."""
        truth = self.truth(rng)
        return _drawn(truth, rng.multinomial(self.n, truth.weights), True, rng)


def _separation(means: Array, covariances: Array) -> float:
    """Return the smallest |mu_i - mu_j| / sqrt(max(tr S_i, tr S_j)) over pairs of components."""
    size = np.sqrt(np.trace(covariances, axis1=1, axis2=2))
    closest = np.inf
    for j in range(1, len(means)):
        distance = np.linalg.norm(means[:j] - means[j], axis=1)
        closest = min(closest, float(np.min(distance / np.maximum(size[:j], size[j]))))
    return closest


def _drawn(
    truth: Mixture, counts: npt.NDArray[np.int64], shuffle: bool, rng: np.random.Generator
) -> Sample:
    x, labels = draw(truth, counts, shuffle, rng)
    features = tuple(f"x{i + 1}" for i in range(truth.n_features))
    classes = tuple(str(j) for j in range(truth.n_components))
    return Sample(x, features, labels, classes, truth)

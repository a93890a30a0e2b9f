"""Whether the components of a mixture stand for groups of samples, in numbers without units.

The likelihood of a mixture has no upper bound: a component that shrinks onto a few samples, or
onto rows that share a value, gains without limit (Day 1969, Biometrika 56, 463-474), and EM finds
such maxima the more often, the more starts it is given. A fit with one must not win a selection.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gmmpipe.numerics.covariance import FAMILIES
from gmmpipe.numerics.em import Fit, log_responsibilities
from gmmpipe.numerics.mixture import Array, Mixture

THIN = 1e-3  # eigenvalue, pooled = 1, below which a component must prove that it is a group ...
FEW = 5  # ... by more than this times D + 1 effective samples ...
TIED = 0.5  # ... of which no more than this share has one value of a feature in common
SLICE = 65_536  # rows whose responsibilities are held at a time


class Ties:
    """The features of x (N, D), NaN where missing, in which rows share values."""

    def __init__(self, x: Array) -> None:
        found = [np.unique(c, return_inverse=True, equal_nan=False) for c in x.T]
        self._codes = [codes for values, codes in found if len(values) < len(x)]

    def shares(self, mass: Array, counts: Array) -> Array:
        """Return each component's largest share of samples with one value of a feature (K,).

        mass (N, K): the responsibilities times the weights of the samples; counts (K,): its sums.
        """
        most: Array = mass.max(axis=0)
        for codes in self._codes:
            masses = [np.bincount(codes, column).max() for column in mass.T]
            most = np.maximum(most, masses)
        return np.minimum(most / np.maximum(counts, np.finfo(np.float64).tiny), 1.0)


@dataclass(frozen=True)
class Soundness:
    """Of each component, (K,): three measures that no affine map of the data changes.

    eigenvalues: the smallest of its covariance where the pooled covariance is the identity.
    counts: the effective samples, sum_n w_n r_nk. tied: the largest share of them that has one
    value of a feature in common (duplicated rows have them all). held: the covariances were not
    estimated, so that none can be too thin.
    """

    eigenvalues: Array
    counts: Array
    tied: Array
    n_features: int
    least: int
    held: bool = False

    @property
    def reasons(self) -> str:
        """Return why some components are no groups, with numbers; "" where all are sound."""
        few = FEW * (self.n_features + 1)
        found = []
        for k, (eigenvalue, count, tied) in enumerate(
            zip(self.eigenvalues, self.counts, self.tied, strict=True)
        ):
            held = f"{count:.3g} effective samples"
            if count < self.least - 1e-6:
                found.append(f"component {k}: {held}, its covariance needs {self.least}")
            elif not self.held and eigenvalue < THIN and (count < few or tied > TIED):
                found.append(
                    f"component {k}: smallest eigenvalue {eigenvalue:.1e} of the pooled"
                    f" covariance's, {held}, {tied:.0%} tied"
                )
        return "; ".join(found)


def soundness(  # noqa: PLR0913 - the mixture, the data, and what was fitted
    mixture: Mixture,
    family: str,
    responsibilities: Array,
    ties: Ties,
    weight: Array | None = None,
    *,
    frozen: Collection[str] = (),
) -> Soundness:
    """Measure a mixture of a covariance family by its responsibilities (N, K) for the data.

    Those of a noise component may stand in a further column. weight (N,): of the samples, 1 by
    default; ties: of the same data; frozen: as in ``em.fit``.
    """
    d, k = mixture.n_features, mixture.n_components
    mass = responsibilities[:, :k]
    if weight is not None:
        mass = mass * weight[:, None]
    counts = mass.sum(axis=0)
    return Soundness(
        _eigenvalues(mixture), counts, ties.shares(mass, counts), d,
        least_samples(family, d, frozen), "covariances" in frozen,
    )  # fmt: skip


class Judge:
    """Judges mixtures of a covariance family fitted to x (N, D), NaN where missing.

    weight (N,): of the samples, 1 by default; frozen: as in ``em.fit``.
    """

    def __init__(
        self,
        x: Array,
        family: str,
        weight: Array | None = None,
        *,
        frozen: Collection[str] = (),
        threads: int = 1,
    ) -> None:
        self.x, self.family, self.threads = x, family, threads
        self.weight = np.ones(len(x)) if weight is None else weight
        self.frozen = frozen

    def reasons(self, fit: Fit) -> str:
        """Return what EM and ``soundness`` find wrong with the end of a fit; "" where nothing."""
        found = self.soundness(fit.snapshots[-1].mixture)
        return "; ".join(filter(None, (fit.degenerate, found.reasons)))

    def is_sound(self, fit: Fit) -> bool:
        """Say whether neither EM nor ``soundness`` finds fault with the end of a fit."""
        return not fit.degenerate and not self.reasons(fit)

    def soundness(self, mixture: Mixture) -> Soundness:
        """Measure a mixture with no more memory than a slice of samples and one component takes.

        tied is known, and counts, for the components whose eigenvalue is below THIN; else 0.
        """
        d, values = mixture.n_features, _eigenvalues(mixture)
        thin = np.flatnonzero(values < THIN)
        counts, tied = np.zeros(len(values)), np.zeros(len(values))
        columns = np.empty((len(thin), len(self.x)))
        for first in range(0, len(self.x), SLICE):
            rows = slice(first, first + SLICE)
            _, logs = log_responsibilities(self.x[rows], mixture, self.threads, "mar")
            mass = np.exp(logs[:, : len(values)]) * self.weight[rows, None]
            counts += mass.sum(axis=0)
            columns[:, rows] = mass[:, thin].T
        if thin.size:
            tied[thin] = self._ties.shares(columns.T, counts[thin])
        least, held = least_samples(self.family, d, self.frozen), "covariances" in self.frozen
        return Soundness(values, counts, tied, d, least, held)

    @cached_property
    def _ties(self) -> Ties:
        return Ties(self.x)


def least_samples(family: str, d: int, frozen: Collection[str] = ()) -> int:
    """Return the fewest samples whose scatter determines one component's own covariance.

    The scatter of r + 1 samples has rank r, and r (2d - r + 1) / 2 free numbers: D + 1 samples
    for a full covariance, 2 for a diagonal one, 1 where all components share theirs or it is
    frozen.
    """
    counted = FAMILIES[family].n_parameters
    own = 0 if "covariances" in frozen else counted(2, d) - counted(1, d)
    return 1 + next(r for r in range(d + 1) if r * (2 * d - r + 1) // 2 >= own)


def _eigenvalues(mixture: Mixture) -> Array:
    """Return the smallest eigenvalue of each covariance where the pooled one is the identity."""
    shares = mixture.weights / mixture.weights.sum()  # noise has none
    pooled = np.tensordot(shares, mixture.covariances, axes=1)
    try:
        lower = np.linalg.cholesky(pooled)
    except np.linalg.LinAlgError:  # a feature without variance: the fit has stopped and says so
        return np.zeros(mixture.n_components)
    half = np.linalg.solve(lower, mixture.covariances)
    white = np.linalg.solve(lower, half.transpose(0, 2, 1))
    return np.asarray(np.linalg.eigvalsh((white + white.transpose(0, 2, 1)) / 2)[:, 0])

"""Whether the components of a mixture stand for groups of samples, in numbers without units.

The likelihood of a mixture has no upper bound: a component that shrinks onto a few samples, or
onto rows that share a value, gains without limit (Day 1969, Biometrika 56, 463-474), and EM finds
such maxima the more often, the more starts it is given. A fit with one must not win a selection.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gmmpipe.numerics.em import Fit, log_responsibilities, n_parameters
from gmmpipe.numerics.mixture import Array, Mixture

THIN = 1e-3  # eigenvalue, pooled = 1, below which a component must prove that it is a group ...
FEW = 5  # ... by more than this times D + 1 effective samples ...
TIED = 0.5  # ... of which no more than this share has one value of a feature in common


class Ties:
    """The features of x (N, D) in which rows share values."""

    def __init__(self, x: Array) -> None:
        found = [np.unique(column, return_inverse=True) for column in x.T]
        self._codes = [codes for values, codes in found if len(values) < len(x)]

    def shares(self, responsibilities: Array, counts: Array) -> Array:
        """Return each component's largest share of samples with one value of a feature (K,)."""
        most: Array = responsibilities.max(axis=0)
        for codes in self._codes:
            masses = [np.bincount(codes, column).max() for column in responsibilities.T]
            most = np.maximum(most, masses)
        return np.minimum(most / np.maximum(counts, np.finfo(np.float64).tiny), 1.0)


@dataclass(frozen=True)
class Soundness:
    """Of each component, (K,): three measures that no affine map of the data changes.

    eigenvalues: the smallest of its covariance where the pooled covariance is the identity.
    counts: the effective samples, sum_n w_n r_nk. tied: the largest share of them that has one
    value of a feature in common (duplicated rows have them all).
    """

    eigenvalues: Array
    counts: Array
    tied: Array
    n_features: int
    least: int

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
            elif eigenvalue < THIN and (count < few or tied > TIED):
                found.append(
                    f"component {k}: smallest eigenvalue {eigenvalue:.1e} of the pooled"
                    f" covariance's, {held}, {tied:.0%} tied"
                )
        return "; ".join(found)


def soundness(
    mixture: Mixture,
    family: str,
    responsibilities: Array,
    ties: Ties,
    weight: npt.NDArray[np.float64] | None = None,
) -> Soundness:
    """Measure a mixture of a covariance family by its responsibilities (N, K) for the data.

    weight (N,): of the samples, 1 by default; ties: of the same data.
    """
    mass = responsibilities if weight is None else responsibilities * weight[:, None]
    counts = mass.sum(axis=0)
    d = mixture.n_features
    return Soundness(
        _eigenvalues(mixture), counts, ties.shares(mass, counts), d, least_samples(family, d)
    )


def is_sound(x: Array, fit: Fit, family: str, ties: Ties, threads: int = 1) -> bool:
    """Say whether neither EM nor ``soundness`` finds fault with the end of a fit of x (N, D)."""
    if fit.degenerate:
        return False
    mixture = fit.snapshots[-1].mixture
    _, log_resp = log_responsibilities(x, mixture, threads)
    return not soundness(mixture, family, np.exp(log_resp), ties).reasons


def least_samples(family: str, d: int) -> int:
    """Return the fewest samples whose scatter determines one component's own covariance.

    The scatter of r + 1 samples has rank r, and r (2d - r + 1) / 2 free numbers: D + 1 samples
    for a full covariance, 2 for a diagonal one, 1 where all components share theirs.
    """
    own = n_parameters(family, 2, d) - n_parameters(family, 1, d) - d - 1
    return 1 + next(r for r in range(d + 1) if r * (2 * d - r + 1) // 2 >= own)


def _eigenvalues(mixture: Mixture) -> Array:
    """Return the smallest eigenvalue of each covariance where the pooled one is the identity."""
    pooled = np.tensordot(mixture.weights, mixture.covariances, axes=1)
    try:
        lower = np.linalg.cholesky(pooled)
    except np.linalg.LinAlgError:  # a feature without variance: the fit has stopped and says so
        return np.zeros(mixture.n_components)
    half = np.linalg.solve(lower, mixture.covariances)
    white = np.linalg.solve(lower, half.transpose(0, 2, 1))
    return np.asarray(np.linalg.eigvalsh((white + white.transpose(0, 2, 1)) / 2)[:, 0])

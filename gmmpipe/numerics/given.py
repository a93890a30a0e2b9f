"""The start that is written down."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Gt, Le, MaxLen, MinLen

from gmmpipe.errors import InputError
from gmmpipe.numerics.mixture import Array, Mixture
from gmmpipe.numerics.moments import check_k, total_covariance

Scale = float | tuple[float, ...] | tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Given:
    """Means, and if you like weights and covariances, that you write down.

    All in the units that the normaliser makes of the data, as start_mean, start_weight and
    start_covariance of parameters.parquet are. There is no randomness: every seed gives the same.
    """

    seedless: ClassVar[bool] = True
    means: Annotated[tuple[Annotated[tuple[float, ...], MinLen(1)], ...], MinLen(1), MaxLen(10_000)]
    """K means of D numbers."""
    weights: tuple[Annotated[float, Gt(0), Le(1)], ...] | None = None
    """K weights of sum 1; none = equal ones."""
    covariances: tuple[Scale, ...] | None = None
    """K covariances, each one variance, D variances or D rows of D; none = that of all data."""

    def __post_init__(self) -> None:
        """Raise InputError where the fields contradict each other."""
        k, d = len(self.means), len(self.means[0])
        for what, values in (("weights", self.weights), ("covariances", self.covariances)):
            if values is not None and len(values) != k:
                raise InputError(f"start given: {k} means but {len(values)} {what}; give {k}")
        for j, mean in enumerate(self.means):
            if len(mean) != d or not np.isfinite(mean).all():
                raise InputError(f"start given: means[{j}] is {list(mean)}; give {d} numbers")
        if self.weights is not None and not abs(sum(self.weights) - 1) <= 1e-9:
            raise InputError(f"start given: weights sum to {sum(self.weights):.9g}; make it 1")
        for j, covariance in enumerate(self.covariances or ()):
            _matrix(covariance, d, f"start given: covariances[{j}]")

    def __call__(self, x: Array, k: int, rng: np.random.Generator) -> Mixture:
        """Return the start; raises InputError unless it has k components of x's features."""
        del rng
        check_k(x, k)
        (given, d), features = np.shape(self.means), x.shape[1]
        if given != k:
            raise InputError(f"start given: {given} means, but k is {k}; sweep k = {given} alone")
        if d != features:
            raise InputError(
                f"start given: means of {d} numbers, but the data have {features} features"
            )
        weights = np.full(k, 1 / k) if self.weights is None else np.array(self.weights, np.float64)
        if self.covariances is None:
            covariances = np.tile(total_covariance(x), (k, 1, 1))
        else:
            covariances = np.stack([_matrix(value, d, "start given") for value in self.covariances])
        return Mixture(weights / weights.sum(), np.array(self.means, np.float64), covariances)


def _matrix(value: Scale, d: int, where: str) -> Array:
    """Return the covariance (D, D) that one variance, D variances or D rows of D stand for."""
    form = f"give a positive variance, {d} of them, or {d} rows of {d}"
    try:
        given = np.array(value, np.float64)
        matrix: Array = given if given.ndim == 2 else np.diag(np.broadcast_to(given, (d,)))
    except ValueError:
        raise InputError(
            f"{where}: {value} has rows or entries missing or too many; {form}"
        ) from None
    if matrix.shape != (d, d) or not np.isfinite(matrix).all():
        raise InputError(f"{where}: shape {given.shape} or an entry is not finite; {form}")
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        raise InputError(f"{where}: not positive definite; {form}") from None
    if not np.allclose(matrix, matrix.T, rtol=1e-12, atol=0):
        raise InputError(f"{where}: not symmetric; {form}")
    return (matrix + matrix.T) / 2

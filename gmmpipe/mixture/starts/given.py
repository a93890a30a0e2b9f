"""The starts that are written down."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
from annotated_types import Gt, Le, MaxLen, MinLen

from gmmpipe.errors import InputError
from gmmpipe.mixture.mixture import Array, Indices, Mixture
from gmmpipe.mixture.moments import check_k, moments, total_covariance

Scale = float | tuple[float, ...] | tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class ExplicitStart:
    """Means, and if you like weights and covariances, that you write down, here or in a file.

    All in the units that the normaliser makes of the data, as start_mean, start_weight and
    start_covariance of parameters.parquet are. There is no randomness: every seed gives the same.
    """

    seedless: ClassVar[bool] = True
    means: (
        Annotated[tuple[Annotated[tuple[float, ...], MinLen(1)], ...], MinLen(1), MaxLen(10_000)]
        | None
    ) = None
    """K means of D numbers; none = those of a file."""
    weights: tuple[Annotated[float, Gt(0), Le(1)], ...] | None = None
    """K weights of sum 1; none = equal ones."""
    covariances: tuple[Scale, ...] | None = None
    """K covariances, each one variance, D variances or D rows of D; none = that of all data."""
    path: Annotated[str, MinLen(1)] | None = None
    """File inside the project, relative to it, instead of means: .json with means, and if you like
    weights and covariances; or a table of one column, the group of each row of the data."""

    def __post_init__(self) -> None:
        """Raise InputError where the fields contradict each other."""
        if (self.means is None) == (self.path is None):
            raise InputError("start given: give either means or the path of a file, null the other")
        if self.means is None:
            if self.weights is not None or self.covariances is not None:
                raise InputError("start given: weights and covariances are in the file of path")
            return
        k, d = len(self.means), len(self.means[0])
        for what, values in (("weights", self.weights), ("covariances", self.covariances)):
            if values is not None and len(values) != k:
                raise InputError(f"start given: {k} means but {len(values)} {what}; give {k}")
        for j, mean in enumerate(self.means):
            if len(mean) != d or not np.isfinite(mean).all():
                raise InputError(f"start given: means[{j}] is {list(mean)}; give {d} numbers")
        if self.weights is not None and not min(self.weights) > 0:
            raise InputError(f"start given: weights {list(self.weights)}; each is above 0")
        if self.weights is not None and not abs(sum(self.weights) - 1) <= 1e-9:
            raise InputError(f"start given: weights sum to {sum(self.weights):.9g}; make it 1")
        for j, covariance in enumerate(self.covariances or ()):
            _matrix(covariance, d, f"start given: covariances[{j}]")

    @property
    def n_components(self) -> int:
        """Return K."""
        return len(self.means or ())

    def __call__(
        self, x: Array, k: int, rng: np.random.Generator, weight: Array | None = None
    ) -> Mixture:
        """Return the start; raises InputError unless it has k components of x's features."""
        del rng
        check_k(x, k)
        means, features = np.array(self.means, np.float64), x.shape[1]
        given, d = means.shape
        if given != k:
            raise InputError(f"start given: {given} means, but k is {k}; sweep k = {given} alone")
        if d != features:
            raise InputError(
                f"start given: means of {d} numbers, but the data have {features} features"
            )
        weights = np.full(k, 1 / k) if self.weights is None else np.array(self.weights, np.float64)
        if self.covariances is None:
            covariances = np.tile(total_covariance(x, weight), (k, 1, 1))
        else:
            covariances = np.stack([_matrix(value, d, "start given") for value in self.covariances])
        return Mixture(weights / weights.sum(), means, covariances)


@dataclass(frozen=True)
class GroupStart:
    """Groups of the rows that you write down, ``labels`` (N,) from 0 on; all seeds are the same."""

    seedless: ClassVar[bool] = True
    whole: ClassVar[bool] = True
    labels: Indices

    @property
    def n_components(self) -> int:
        """Return K."""
        return int(self.labels.max()) + 1

    def __call__(
        self, x: Array, k: int, rng: np.random.Generator, weight: Array | None = None
    ) -> Mixture:
        """Return the moments of the groups; raises InputError unless there are k, of all rows."""
        del rng
        check_k(x, k)
        if len(self.labels) != len(x):
            raise InputError(
                f"start given: groups of {len(self.labels)} rows, but the data have {len(x)}"
            )
        if self.n_components != k:
            raise InputError(
                f"start given: {self.n_components} groups, but k is {k};"
                f" sweep k = {self.n_components} alone"
            )
        return moments(x, self.labels, np.tile(x.mean(axis=0), (k, 1)), weight)


def to_arrays(start: ExplicitStart | GroupStart) -> dict[str, Array | Indices]:
    """Return a start as arrays: labels (N,), or means (K, D), weights (K,), covariances (K, D, D).

    What is not given is left out.
    """
    if isinstance(start, GroupStart):
        return {"labels": start.labels}
    means = np.array(start.means, np.float64)
    result: dict[str, Array | Indices] = {"means": means}
    if start.weights is not None:
        result["weights"] = np.array(start.weights, np.float64)
    if start.covariances is not None:
        d = means.shape[1]
        result["covariances"] = np.stack([_matrix(c, d, "start given") for c in start.covariances])
    return result


def from_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> ExplicitStart | GroupStart:
    """Return the start that ``to_arrays`` made the arrays of."""
    if "labels" in arrays:
        return GroupStart(arrays["labels"])
    return ExplicitStart(**{name: _tuples(values.tolist()) for name, values in arrays.items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


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

"""The starts that are written down."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
from annotated_types import Gt, Le, MaxLen, MinLen

from gmmpipe.errors import InputError
from gmmpipe.mixture.explicit import Scale, covariance_matrices, refuse_contradictions
from gmmpipe.mixture.mixture import Array, Indices, Mixture
from gmmpipe.mixture.moments import check_k, moments, total_covariance

WHO = "start given"


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
        refuse_contradictions(WHO, self.means, weights=self.weights, covariances=self.covariances)
        self.matrices()

    @property
    def n_components(self) -> int:
        """Return K."""
        return len(self.means or ())

    def matrices(self) -> Array | None:
        """Return the covariances (K, D, D), None where there are none."""
        if self.covariances is None or self.means is None:
            return None
        matrices = covariance_matrices(WHO, self.covariances, len(self.means[0]))
        symmetric: Array = (matrices + matrices.swapaxes(1, 2)) / 2
        return symmetric

    def __call__(
        self, x: Array, k: int, rng: np.random.Generator, weight: Array | None = None
    ) -> Mixture:
        """Return the start; raises InputError unless it has k components of x's features."""
        del rng
        check_k(x, k)
        means, features = np.array(self.means, np.float64), x.shape[1]
        n_means, d = means.shape
        if n_means != k:
            raise InputError(
                f"start given: {n_means} means, but k is {k}; sweep k = {n_means} alone"
            )
        if d != features:
            raise InputError(
                f"start given: means of {d} numbers, but the data have {features} features"
            )
        weights = np.full(k, 1 / k) if self.weights is None else np.array(self.weights, np.float64)
        if (matrices := self.matrices()) is None:
            covariances = np.tile(total_covariance(x, weight), (k, 1, 1))
        else:
            covariances = matrices
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
    result: dict[str, Array | Indices] = {"means": np.array(start.means, np.float64)}
    if start.weights is not None:
        result["weights"] = np.array(start.weights, np.float64)
    if (matrices := start.matrices()) is not None:
        result["covariances"] = matrices
    return result


def from_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> ExplicitStart | GroupStart:
    """Return the start that ``to_arrays`` made the arrays of."""
    if "labels" in arrays:
        return GroupStart(arrays["labels"])
    return ExplicitStart(**{name: _tuples(values.tolist()) for name, values in arrays.items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value

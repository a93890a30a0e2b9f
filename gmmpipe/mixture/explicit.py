"""Mixtures that a person writes down: their parts checked, covariances in short made whole."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gmmpipe.errors import InputError
from gmmpipe.mixture.mixture import Array

Scale = float | tuple[float, ...] | tuple[tuple[float, ...], ...]


def refuse_contradictions(
    who: str, means: Sequence[Sequence[float]], **parts: Sequence[Any] | None
) -> None:
    """Raise InputError unless K means have D finite numbers, and each part K entries.

    parts: such as weights, above 0 and of sum 1, and covariances; None where they are not given.
    """
    k, d = len(means), len(means[0])
    for what, values in parts.items():
        if values is not None and len(values) != k:
            raise InputError(f"{who}: {k} means but {len(values)} {what}; give {k}")
    for j, mean in enumerate(means):
        if len(mean) != d or d == 0 or not np.isfinite(mean).all():
            numbers = f"{max(d, 1)} finite numbers"
            raise InputError(f"{who}: means[{j}] is {list(mean)}; give {numbers}")
    weights = parts.get("weights")
    if weights is not None and not min(weights) > 0:
        raise InputError(f"{who}: weights {list(weights)}; each is above 0")
    if weights is not None and not abs(sum(weights) - 1) <= 1e-9:
        raise InputError(f"{who}: weights sum to {sum(weights):.9g}; make it 1")


def covariance_matrices(who: str, covariances: Sequence[Scale], d: int) -> Array:
    """Return the covariances (K, D, D), of which each is one variance, D, or D rows of D.

    Raises InputError for one that is not positive definite.
    """
    return np.stack([_matrix(f"{who}: covariances[{j}]", c, d) for j, c in enumerate(covariances)])


def _matrix(where: str, value: Scale, d: int) -> Array:
    form = f"give a positive variance, {d} of them, or {d} rows of {d}"
    try:
        array = np.array(value, np.float64)
    except ValueError:
        raise InputError(f"{where}: rows of unequal length; {form}") from None
    try:
        matrix: Array = array if array.ndim == 2 else np.diag(np.broadcast_to(array, (d,)))
    except ValueError:
        raise InputError(f"{where}: shape {array.shape}; {form}") from None
    if matrix.shape != (d, d):
        raise InputError(f"{where}: shape {array.shape}; {form}")
    if not np.isfinite(matrix).all():
        raise InputError(f"{where}: not finite; {form}")
    if not np.allclose(matrix, matrix.T, rtol=1e-12, atol=0):
        raise InputError(f"{where}: not symmetric; {form}")
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        raise InputError(f"{where}: not positive definite; {form}") from None
    return matrix

"""The checks of what a caller passes to the estimator besides the data.

What is None stays None: it was not given. Wording follows scikit-learn's messages, which people and
its own tests match on.
"""

import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from numbers import Real
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions

from gmmpipe.errors import DegenerateComponent, InputError
from gmmpipe.mixture.em.options import FitOptions, kinds
from gmmpipe.mixture.estimator import parameter_shapes
from gmmpipe.mixture.floats import is_frame, refuse_masked
from gmmpipe.mixture.mixture import Array

LARGEST = 1e150
NOTICED = 10  # times reg_covar is the least variance that it changes by no more than 10 %
Floats = npt.NDArray[np.floating]


def ill_defined(reason: str) -> DegenerateComponent:
    """Return the error of a fit that cannot be used: scikit-learn's sentence, then the reason."""
    return DegenerateComponent(
        "Fitting the mixture model failed because some components have ill-defined empirical "
        "covariance (for instance caused by singleton or collapsed samples). Try to decrease the "
        "number of components, increase reg_covar, or scale the input data. "
        f"({reason})"
    )


def constraints(without: Collection[str]) -> dict[str, list[Any]]:
    """Return what scikit-learn is to check of the options of a fit that are parameters too."""
    allowed: dict[str, list[Any]] = {}
    for option in (option for option in fields(FitOptions) if option.name not in without):
        number, words = kinds(option.type)
        if number is not None:
            limits = {k: v for bound in get_args(number)[1:] for k, v in asdict(bound).items()}
            allowed[option.name] = [Interval(Real, limits["ge"], limits.get("le"), closed="left")]
        else:
            allowed[option.name] = [StrOptions(set(words))] if words else ["array-like"]
    return allowed


def refuse_times(x: Any) -> None:
    """Raise InputError for an array, or a column of a frame, of times: they have no unit."""
    named = (
        zip(x.columns, x.dtypes, strict=True)
        if is_frame(x)
        else [(None, getattr(x, "dtype", None))]
    )
    for name, dtype in named:
        if getattr(dtype, "kind", "") in ("m", "M"):
            where = "" if name is None else f"column {name!r} is "
            raise InputError(f"X: {where}{dtype}; give numbers, such as days since a date")


def refuse_missing(doubles: Floats) -> None:
    """Raise InputError for NaN in the data (N, D)."""
    if np.isnan(doubles).any():
        row, column = np.argwhere(np.isnan(doubles))[0]
        raise InputError(
            f"Input X contains NaN, the first in row {row}, column {column}; drop the row or fill"
            ' it, or give missing="mar"'
        )


def with_values(x: Floats) -> npt.NDArray[np.bool_]:
    """Return which rows of x (N, D) have some value, and warn of the others, which say nothing.

    Raises InputError where none has.
    """
    rows = np.asarray(~np.isnan(x).all(axis=1))
    lost = len(x) - int(rows.sum())
    if lost == len(x):
        raise InputError("X: no row has a value; give some")
    if lost:
        warnings.warn(
            f"X: {lost} of {len(x)} rows have no value at all and are left out",
            UserWarning,
            stacklevel=4,
        )
    return rows


def refuse_extremes(low: Array, high: Array) -> None:
    """Raise InputError for values whose squares overflow, as starts and distances square them.

    Warn of constant features, whose variance is that of reg_covar alone. low, high (D,): the
    extremes of each.
    """
    large = np.maximum(-low, high) >= LARGEST
    if large.any():
        raise InputError(
            f"X: column {np.flatnonzero(large)[0]} reaches {LARGEST:.0e} or more, whose square"
            " overflows; rescale the column"
        )
    constant = np.flatnonzero(low == high)
    if len(constant):
        warnings.warn(
            f"X: constant features {constant.tolist()} have no variance but reg_covar; drop them",
            UserWarning,
            stacklevel=3,
        )


def warn_of_small(x: Floats, extent: Array, reg_covar: float, names: Sequence[str] | None) -> None:
    """Warn of features whose variance in x (N, D) is so small that reg_covar distorts it.

    That is a variance above 0 and below ``NOTICED * reg_covar``, to rounding; for 0 see
    ``refuse_extremes``. extent (D,): from the smallest to the largest value.
    """
    bound = NOTICED * reg_covar * (1 - 1e-9)  # 0.1 is not too much for a column of variance 1
    # two of the values are that far apart, so the variance is extent^2 / (2 N) at least
    suspects = np.flatnonzero((extent > 0) & (extent**2 < 2 * len(x) * bound))
    variances = np.nanvar(x[:, suspects], axis=0, dtype=np.float64)
    small = suspects[(variances > 0) & (variances < bound)].tolist()
    if small:
        which = small if names is None else [str(names[j]) for j in small]
        warnings.warn(
            f"X: the variance of columns {which} is below {NOTICED} times reg_covar ="
            f" {reg_covar:g}, which is added to each variance; scale the columns or lower"
            " reg_covar",
            UserWarning,
            stacklevel=3,
        )


def refuse_booleans(parameters: Mapping[str, object]) -> None:
    """Raise InputError where a number is True or False: they count as 1 and 0, unasked."""
    for name in ("n_components", "max_iter", "n_init", "tol", "reg_covar", "random_state"):
        if isinstance(parameters[name], bool):
            raise InputError(f"{name} is {parameters[name]}; give a number")


def checked_weights(weights: npt.ArrayLike | None, k: int) -> Array | None:
    """Return the initial weights (K,), which lie in [0, 1] and sum to one."""
    if weights is None:
        return None
    single = getattr(weights, "dtype", None) == np.float32
    values = _checked(weights, "weights", (k,))
    if (values < 0).any() or (values > 1).any():
        # scikit-learn has the two numbers the wrong way round, and its tests expect that
        raise InputError(
            "The parameter 'weights' should be in the range [0, 1], but got max value "
            f"{values.min():.5f}, min value {values.max():.5f}"
        )
    total = values.sum()
    if abs(total - 1) > (1e-6 if single else 1e-8):
        raise InputError(
            f"The parameter 'weights' should be normalized, but got sum(weights) = {total:.5f}"
        )
    normalised: Array = values / total
    return normalised


def checked_means(means: npt.ArrayLike | None, k: int, d: int) -> Array | None:
    """Return the initial means (K, D)."""
    return None if means is None else _checked(means, "means", (k, d))


def checked_precisions(
    precisions: npt.ArrayLike | None, family: str, k: int, d: int
) -> Array | None:
    """Return the covariances (K, D, D) of initial precisions given in the family's shape."""
    if precisions is None:
        return None
    name = f"{family} precision"
    values = _checked(precisions, name, parameter_shapes.shape(family, k, d))
    if family in {"diag", "spherical"}:
        if (values <= 0).any():
            raise InputError(f"'{name}' should be positive")
        return parameter_shapes.expand(1 / values, family, k, d)
    symmetric = np.allclose(values, values.swapaxes(-1, -2))
    if not (symmetric and (np.linalg.eigvalsh(values) > 0).all()):
        raise InputError(f"'{name}' should be symmetric, positive-definite")
    return parameter_shapes.expand(parameter_shapes.inverse(values), family, k, d)


def with_weights(data: Floats, sample_weight: npt.ArrayLike | None) -> tuple[Floats, Array | None]:
    """Return the samples of positive weight and their weights, None where all are 1.

    data (N, D); sample_weight (N,) or one number: finite, non-negative, not all zero. A sample of
    weight 0 is left out, so that it cannot matter, however far away it lies.
    """
    if sample_weight is None:
        return data, None
    refuse_masked(sample_weight, "sample_weight")
    if np.isscalar(sample_weight):
        sample_weight = np.full(len(data), sample_weight)
    weight: Array = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weight.shape != (len(data),):
        raise InputError(f"sample_weight.shape == {weight.shape}, expected {(len(data),)}!")
    if (weight < 0).any():
        raise InputError("Negative values in data passed to `sample_weight`")
    positive = weight > 0
    if not positive.any():
        raise InputError("sample_weight: all are zero; give at least one sample a positive weight")
    return (data, weight) if positive.all() else (data[positive], weight[positive])


def checked_snapshots(snapshots: Sequence[int] | None, max_iter: int) -> list[int]:
    """Return the iteration counts to keep, each from 0 to max_iter, as given."""
    counts = np.asarray([] if snapshots is None else snapshots)
    if counts.size == 0:
        return []
    if counts.ndim != 1 or counts.dtype.kind not in "iu":
        raise InputError(f"snapshots is {snapshots!r}; expected a list of whole iteration counts")
    if counts.min() < 0 or counts.max() > max_iter:
        raise InputError(
            f"snapshots is {snapshots!r}; each must lie between 0 and max_iter = {max_iter}"
        )
    return [int(count) for count in counts]


def _checked(values: npt.ArrayLike, name: str, shape: tuple[int, ...]) -> Array:
    refuse_masked(values, name)
    array: Array = check_array(
        values, dtype=np.float64, ensure_2d=False, allow_nd=True, input_name=name
    )
    if array.shape != shape:
        raise InputError(
            f"The parameter '{name}' should have the shape of {shape}, but got {array.shape}"
        )
    return array

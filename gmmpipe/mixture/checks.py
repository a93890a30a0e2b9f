"""Samples, starts and settings, checked; what is wrong is said."""

from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from gmmpipe.errors import InputError, suggest
from gmmpipe.mixture.families.family import FAMILIES, Family
from gmmpipe.mixture.floats import real
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.mixture.slices import slices_of

LEAST = 1e-290  # variance below which those of components may be no normal double
LIGHTEST = 1e-80  # weight of all samples, of which the parts can still be distinguished
SKEW = 1e-6  # share of a covariance that rounding may have made asymmetric
PARTS = ("weights", "means", "covariances")
_MANY = 8_000_000  # numbers


def samples(
    x: npt.ArrayLike, sample_weight: npt.ArrayLike | None, missing: str = "refuse"
) -> tuple[Array, Array]:
    """Return the data (N, D) and weights (N,) as float64, or say what is wrong with them.

    missing "mar": NaN stands for a value that is missing at random. Data that are float64 in C
    order already, memory-mapped ones too, are not copied; of many weights of 1 there is but one.
    """
    if missing not in ("refuse", "mar"):
        raise InputError(suggest("missing", missing, ["refuse", "mar"]))
    data = np.ascontiguousarray(real(x), dtype=np.float64)
    if data.ndim != 2 or 0 in data.shape:
        raise InputError(f"data: shape {data.shape}, expected (samples, features), none empty")
    for cut in slices_of(len(data)):
        refuse(data[cut], cut.start, missing)
    if sample_weight is None:
        return data, unit_weights(*data.shape)
    weight = np.ascontiguousarray(real(sample_weight, "sample_weight"), dtype=np.float64)
    parts = (weight[cut] for cut in slices_of(len(weight)))
    if weight.shape != (len(data),) or not all(
        (part >= 0).all() & (part < np.inf).all() for part in parts
    ):
        raise InputError(f"sample_weight: expected {len(data)} finite numbers >= 0")
    with np.errstate(over="ignore"):
        total = weight.sum()
    if not LIGHTEST < total < np.inf:
        raise InputError(f"sample_weight: the sum is {total}, expected finite, > {LIGHTEST}")
    return data, weight


def refuse(data: Array, first: int, missing: str) -> None:
    """Raise InputError for a value that is not allowed in these rows, of which one is the first."""
    refused = ~np.isfinite(data) if missing == "refuse" else np.isinf(data)
    if refused.any():
        row, column = np.argwhere(refused)[0]
        hint = ', or give missing="mar"' if np.isnan(data[row, column]) else ""
        raise InputError(
            f"data: {data[row, column]} in row {first + row}, column {column}; "
            f"drop the row or fill it{hint}"
        )


def unit_weights(n: int, d: int) -> Array:
    """Return n weights of 1 for samples of d features; of many there is one, n times."""
    weights: Array = np.ones(n) if n * d <= _MANY else np.broadcast_to(np.ones(1), n)
    return weights


def informative(data: Array, weight: Array) -> tuple[Array, Array]:
    """Return the samples of positive weight that have some value, and their weights.

    The others say nothing. Raises InputError for a feature that has no value in any.
    """
    used = ~np.isnan(data).all(axis=1) & (weight > 0)
    void = np.isnan(data[used]).all(axis=0)
    if void.any():
        raise InputError(f"data: column {np.flatnonzero(void)[0]} has no value at all; drop it")
    return (data, weight) if used.all() else (data[used], weight[used])


def variances(data: Array, weight: Array) -> Array:
    """Return the weighted variance of each feature (D,), slice by slice: no copy of the data."""
    total, nothing = weight.sum(), np.zeros(data.shape[1])
    with np.errstate(over="ignore", invalid="ignore"):
        mean = sum(weighted_sums(data, weight, data[0]), nothing) / total
        result = variance(weighted_sums(data, weight, data[0], mean), nothing, total)
    for column in np.flatnonzero(result < LEAST):
        if np.ptp(data[weight > 0, column]) > 0:
            raise tiny(int(column), float(result[column]))
    return result


def variance(squares: Iterable[Array], nothing: Array, total: float) -> Array:
    """Return the sum of squared deviations, in order, over the total; or say that it overflows."""
    result: Array = sum(squares, nothing) / total
    if not np.isfinite(result).all():
        column = np.flatnonzero(~np.isfinite(result))[0]
        raise InputError(f"data: the variance of column {column} overflows; rescale the column")
    return result


def tiny(column: int, value: float) -> InputError:
    """Return the error of a variance that is all but zero in a column that is not constant."""
    return InputError(
        f"data: the variance of column {column} is {value:.3g}, too near to zero for doubles;"
        " rescale the column"
    )


def weighted_sums(
    data: Array, weight: Array, origin: Array, mean: Array | None = None
) -> Iterator[Array]:
    """Yield each slice's weighted sum of deviations from origin; squared ones about a mean too."""
    for cut in slices_of(len(data)):
        away = data[cut] - origin
        if mean is not None:
            away = (away - mean) ** 2
        yield np.ascontiguousarray(weight[cut]) @ away


def observed_variances(data: Array, weight: Array) -> Array:
    """Return the weighted variance of what is not NaN in each feature (D,)."""
    columns = [
        (column[seen, None], weight[seen])
        for column, seen in zip(data.T, ~np.isnan(data.T), strict=True)
    ]
    return np.concatenate([variances(*column) for column in columns])


def family_for(family: str, d: int) -> Family:
    """Return the family of that name, if it is for data of d features."""
    if family not in FAMILIES:
        raise InputError(suggest("covariance", family, list(FAMILIES)))
    result = FAMILIES[family]
    if result.features not in (None, d):
        raise InputError(f"family {family} is for one feature; data has {d}")
    return result


def counts(iterations: Sequence[int]) -> tuple[int, ...]:
    """Return the snapshots' iteration counts: some, each >= 0, in order."""
    numbers = list(iterations)
    if not all(isinstance(n, int | np.integer) and not isinstance(n, bool) for n in numbers):
        raise InputError(f"iterations: {numbers}, expected whole numbers")
    checked = tuple(int(count) for count in numbers)
    if not checked or list(checked) != sorted(checked) or checked[0] < 0:
        raise InputError(f"iterations: {list(checked)}, expected one count >= 0 or more, in order")
    return checked


def frozen_parts(names: Collection[str]) -> frozenset[str]:
    """Return the parts of a mixture that are not to be estimated: any of PARTS but not all."""
    if not isinstance(names, Collection):
        raise InputError(f"frozen: {names!r}, expected some of {', '.join(PARTS)}")
    chosen = frozenset([names] if isinstance(names, str) else names)
    for name in sorted(chosen - set(PARTS)):
        raise InputError(suggest("frozen", name, list(PARTS)))
    if len(chosen) == len(PARTS):
        raise InputError(f"frozen: {', '.join(PARTS)}; nothing is left to fit, leave one out")
    return chosen


def positive(name: str, value: int) -> int:
    """Return the setting, which must be at least 1."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1:
        raise InputError(f"{name}: {value!r}, expected a whole number, at least 1")
    return int(value)


def start(mixture: Mixture, who: str, d: int, family: Family | None = None) -> Mixture:
    """Return a mixture for data of d features as float64, its covariances in the family."""
    weights, means, covariances = (
        np.asarray(real(array, who), dtype=np.float64)
        for array in (mixture.weights, mixture.means, mixture.covariances)
    )
    k = len(weights)
    if k == 0 or means.shape != (k, d) or covariances.shape != (k, d, d):
        raise InputError(
            f"{who}: means {means.shape} and covariances {covariances.shape}, "
            f"expected ({k}, {d}) and ({k}, {d}, {d}) for {k} weights and {d} features"
        )
    if not all(np.isfinite(array).all() for array in (weights, means, covariances)):
        raise InputError(f"{who}: a weight, mean or covariance is not finite")
    skew = np.abs(covariances - covariances.swapaxes(1, 2)).max(axis=(1, 2))
    if (skew > SKEW * np.abs(covariances).max(axis=(1, 2))).any():
        raise InputError(f"{who}: covariance {int(skew.argmax())} is not symmetric")
    box, over = mixture.box, weights.sum() - 1  # noise has what the others leave
    if weights.min() < 0 or (abs(over) if box is None else over) > 1e-6:
        raise InputError(f"{who}: weights {weights.tolist()}, expected each >= 0 and sum 1")
    if box is not None:
        box = np.asarray(box, dtype=np.float64)
        if box.shape != (2, d) or not (box[0] < box[1]).all() or not np.isfinite(box).all():
            raise InputError(f"{who}: box {box.tolist()}, expected finite (2, {d}), low then high")
    if family is not None:
        covariances = family.project(weights, covariances)
    return Mixture(weights, means, covariances, box)

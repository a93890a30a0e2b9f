"""Normalisers: affine maps of the features, so that EM works on comparable numbers.

x (N, D) has NaN where a value is missing: the maps are of what is observed. weight (N,) >= 0 is how
many times each row counts, none = once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gmmpipe.errors import InputError
from gmmpipe.numerics.mixture import Array, Mixture


@dataclass(frozen=True)
class Affine:
    """The map x -> (x - shift) / scale; shift (D,), scale (D,) > 0, in the units of x."""

    shift: Array
    scale: Array

    def apply(self, x: Array) -> Array:
        """Return (x - shift) / scale as a new array; x (N, D)."""
        mapped: Array = (x - self.shift) / self.scale
        return mapped

    def invert(self, mixture: Mixture) -> Mixture:
        """Return the mixture of the mapped data in the units of x."""
        return mixture.rescaled(self.shift, self.scale)

    def log_volume(self, x: Array, weight: Array | None = None) -> float:
        """Return sum(log scale) over the values of x (N, D), NaN where missing, times the weights.

        The log-likelihood of x is that of the mapped data less this.
        """
        seen = ~np.isnan(x)
        counts = seen.sum(axis=0) if weight is None else weight @ seen
        return float(counts @ np.log(self.scale))


@dataclass(frozen=True)
class MinMax:
    """Map every feature onto [0, 1] by its smallest and largest value."""

    def __call__(self, x: Array, names: Sequence[str], weight: Array | None = None) -> Affine:
        """Return the map; raises InputError for a constant feature. x (N, D), names D."""
        low, span = _span(x, names, weight)
        _refuse_constant(span, names, "min-max")
        return Affine(low, span)


@dataclass(frozen=True)
class Standard:
    """Map every feature to mean 0 and standard deviation 1 (ddof 0)."""

    def __call__(self, x: Array, names: Sequence[str], weight: Array | None = None) -> Affine:
        """Return the map; raises InputError for a constant feature. x (N, D), names D."""
        low, span = _span(x, names, weight)
        _refuse_constant(span, names, "z-score")
        unit = (x - low) / span  # moments of numbers in [0, 1] neither overflow nor cancel
        mean = _mean(unit, weight)
        return Affine(low + span * mean, span * np.sqrt(_mean((unit - mean) ** 2, weight)))


@dataclass(frozen=True)
class Raw:
    """Leave the data as they are; constant features are accepted."""

    def __call__(self, x: Array, names: Sequence[str], weight: Array | None = None) -> Affine:
        """Return the identity; x (N, D), names D."""
        low, _ = _span(x, names, weight)
        return Affine(np.zeros_like(low), np.ones_like(low))


def _mean(values: Array, weight: Array | None) -> Array:
    """Return the mean of what is observed of each column, (D,)."""
    seen = ~np.isnan(values)
    mass = seen if weight is None else seen * weight[:, None]
    mean: Array = (np.where(seen, values, 0.0) * mass).sum(axis=0) / mass.sum(axis=0)
    return mean


def _span(x: Array, names: Sequence[str], weight: Array | None) -> tuple[Array, Array]:
    """Return the smallest value and max - min of each feature, both (D,), of rows that count.

    Raises InputError for no rows, for features without a value or with an infinite one, and where
    the square of a range, hence a variance in the units of the data, has no normal double.
    """
    if x.ndim != 2 or len(x) == 0 or x.shape[1] != len(names):
        raise InputError(f"data of shape {x.shape} and {len(names)} names; give rows x features")
    held = x if weight is None else x[weight > 0]
    for name, column in zip(names, held.T, strict=True):
        if np.isnan(column).all():
            raise InputError(f"column {name!r} has no value in any row; leave the column out")
    low, high = np.nanmin(held, axis=0), np.nanmax(held, axis=0)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        span = high - low
        square = span * span
    tiny = np.finfo(np.float64).tiny
    for name, a, b, r, r2 in zip(names, low, high, span, square, strict=True):
        if not np.isfinite(a) or not np.isfinite(b):
            raise InputError(f"column {name!r} holds infinity; drop those rows")
        if r > 0 and not tiny <= r2 < np.inf:
            raise InputError(
                f"column {name!r} runs from {a:.6g} to {b:.6g}: its variance is outside double "
                "precision; change the unit of the column"
            )
    return low, span


def _refuse_constant(span: Array, names: Sequence[str], method: str) -> None:
    for name, r in zip(names, span, strict=True):
        if r == 0:
            raise InputError(
                f"column {name!r} is constant, which {method} cannot map; leave the column out, "
                "or use normaliser none"
            )


NORMALISERS: dict[str, type] = {"minmax": MinMax, "standard": Standard, "none": Raw}

"""Normalisers: affine maps of the features, so that EM works on comparable numbers."""

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

    @property
    def log_volume(self) -> float:
        """Return sum(log scale): log-likelihood of x = that of the mapped data - n * log_volume."""
        return float(np.sum(np.log(self.scale)))


@dataclass(frozen=True)
class MinMax:
    """Map every feature onto [0, 1] by its smallest and largest value."""

    def __call__(self, x: Array, names: Sequence[str]) -> Affine:
        """Return the map; raises InputError for a constant feature. x (N, D), names D."""
        low, span = _span(x, names)
        _refuse_constant(span, names, "min-max")
        return Affine(low, span)


@dataclass(frozen=True)
class Standard:
    """Map every feature to mean 0 and standard deviation 1 (ddof 0)."""

    def __call__(self, x: Array, names: Sequence[str]) -> Affine:
        """Return the map; raises InputError for a constant feature. x (N, D), names D."""
        low, span = _span(x, names)
        _refuse_constant(span, names, "z-score")
        unit = (x - low) / span  # moments of numbers in [0, 1] neither overflow nor cancel
        return Affine(low + span * unit.mean(axis=0), span * unit.std(axis=0))


@dataclass(frozen=True)
class Raw:
    """Leave the data as they are; constant features are accepted."""

    def __call__(self, x: Array, names: Sequence[str]) -> Affine:
        """Return the identity; x (N, D), names D."""
        low, _ = _span(x, names)
        return Affine(np.zeros_like(low), np.ones_like(low))


def _span(x: Array, names: Sequence[str]) -> tuple[Array, Array]:
    """Return the smallest value and max - min of each feature, both (D,).

    Raises InputError for no rows, for values that are not finite, and where the square of a
    range, hence a variance in the units of the data, has no normal double.
    """
    if x.ndim != 2 or len(x) == 0 or x.shape[1] != len(names):
        raise InputError(f"data of shape {x.shape} and {len(names)} names; give rows x features")
    low, high = x.min(axis=0), x.max(axis=0)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        span = high - low
        square = span * span
    tiny = np.finfo(np.float64).tiny
    for name, a, b, r, r2 in zip(names, low, high, span, square, strict=True):
        if not np.isfinite(a) or not np.isfinite(b):
            raise InputError(f"column {name!r} holds NaN or infinity; drop those rows")
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

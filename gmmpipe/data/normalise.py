"""Normalisers: affine maps of the features, so that EM works on comparable numbers.

A new one is a frozen dataclass whose fields are its options, a ``Normaliser``, and one line in
``NORMALISERS``. The rows are gone through in slices, none of them kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gmmpipe.errors import InputError
from gmmpipe.mixture.affine import Affine
from gmmpipe.mixture.mixture import Array
from gmmpipe.mixture.slices import extremes, slices_of


class Normaliser(Protocol):
    """What makes an affine map of the features for some data.

    Examples
    --------
    >>> import numpy as np
    >>> from gmmpipe.data.normalise import NORMALISERS
    >>> x = np.array([[1.0, 10.0], [3.0, 30.0]])
    >>> NORMALISERS["minmax"]()(x, ["length", "width"]).apply(x).tolist()
    [[0.0, 0.0], [1.0, 1.0]]

    """

    def __call__(self, x: Array, names: Sequence[str], weight: Array | None = None) -> Affine:
        """Return the map.

        Parameters
        ----------
        x : (N, D) float64 array
            In units of the source, NaN where a value is missing: the map is of what is observed.
        names : sequence of str
            Of the D features.
        weight : (N,) float64 array, optional
            How many times each row counts, >= 0; by default once.

        Returns
        -------
        Affine
            Its ``apply`` gives the normalised data.

        Raises
        ------
        InputError
            For data that cannot be mapped so, such as a constant feature.

        """


@dataclass(frozen=True)
class MinMax:
    """Map every feature onto [0, 1], as in the tutorial; a constant one is refused."""

    def __call__(self, x: Array, names: Sequence[str], weight: Array | None = None) -> Affine:
        """Return the map; raises InputError for a constant feature. x (N, D), names D."""
        low, span = _span(x, names, weight)
        _refuse_constant(span, names, "min-max")
        return Affine(low, span)


@dataclass(frozen=True)
class Standard:
    """Map every feature to mean 0 and standard deviation 1 (ddof 0); a constant one is refused."""

    def __call__(self, x: Array, names: Sequence[str], weight: Array | None = None) -> Affine:
        """Return the map; raises InputError for a constant feature. x (N, D), names D."""
        low, span = _span(x, names, weight)
        _refuse_constant(span, names, "z-score")

        def unit(cut: slice) -> Array:  # moments of numbers in [0, 1] neither overflow nor cancel
            scaled: Array = (x[cut] - low) / span
            return scaled

        mean = _mean(unit, len(x), weight)
        variance = _mean(lambda cut: (unit(cut) - mean) ** 2, len(x), weight)
        return Affine(low + span * mean, span * np.sqrt(variance))


@dataclass(frozen=True)
class Raw:
    """Leave the data as they are; constant features are accepted."""

    def __call__(self, x: Array, names: Sequence[str], weight: Array | None = None) -> Affine:
        """Return the identity; x (N, D), names D."""
        low, _ = _span(x, names, weight)
        return Affine(np.zeros_like(low), np.ones_like(low))


def _mean(values: Callable[[slice], Array], n: int, weight: Array | None) -> Array:
    """Return the mean of what is observed of each column of n rows, which come in slices, (D,)."""
    total: Array | float = 0.0
    counts: Array | float = 0.0
    for cut in slices_of(n):
        part = values(cut)
        seen = ~np.isnan(part)
        mass = seen if weight is None else seen * weight[cut, None]
        total = total + (np.where(seen, part, 0.0) * mass).sum(axis=0)
        counts = counts + mass.sum(axis=0)
    return np.asarray(total / counts)


def _span(x: Array, names: Sequence[str], weight: Array | None) -> tuple[Array, Array]:
    """Return the smallest value and max - min of each feature, both (D,), of rows that count.

    Raises InputError for no rows, for features without a value or with an infinite one, and where
    the square of a range, hence a variance in the units of the data, has no normal double.
    """
    if x.ndim != 2 or len(x) == 0 or x.shape[1] != len(names):
        raise InputError(f"data of shape {x.shape} and {len(names)} names; give rows x features")
    low, high = extremes(x, weight)
    for name, least in zip(names, low, strict=True):
        if np.isnan(least):
            raise InputError(f"column {name!r} has no value in any row; leave the column out")
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

"""The M steps of the covariance families that share volume, shape or orientation.

Sigma_k = lambda_k D_k A_k D_k^T: volume, axes (orthogonal) and shape (diagonal, determinant 1),
each Equal or Varying between components, or I, the identity (Celeux and Govaert 1995, Pattern
Recognition 28, 781-793). All but EII and VEE give axes, then variances along them from the
scatter there.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gmmpipe.mixture.mixture import Array

SHAPES = {"EE": 0, "VE": 1, "EV": 2, "VV": 3}  # the codes of ``kernels.shapes``
TINY = 1e-100  # counts below hold no information: the moments' last digits are gone
_LEAN = 0.1  # of the bound: what a component's scatter must exceed to have axes of its own
_ROUNDS = 1_000  # of axes and variances in turn, at most ...
_ROUNDS_FROM_CURRENT = 40  # ... where the next iteration of EM goes on from here
_ROUNDING = 1e-10  # of the largest eigenvalue, of which one this small may be the rounding
_NONE = 1e-30  # stands for no bound, where the mean variance is about 1


@dataclass(frozen=True)
class Parsimonious:
    """The M step of a family by mclust's name; see ``Family.m_step``.

    Where the maximiser without the bound is within it, that is the result. Otherwise each variance
    is at least the part of ``diag(floor)`` along its axis, and volumes are raised by the little
    that may still be missing where axes are oblique to a floor that differs between features.
    """

    name: str

    def __call__(
        self, counts: Array, scatter: Array, floor: Array, current: Array | None = None
    ) -> Array:
        """Return covariances (K, D, D); current ones (K, D, D) suggest axes to EVE and VVE."""
        positive = counts > TINY
        result: Array = np.tile(np.diag(floor), (len(counts), 1, 1))
        suggested = None if current is None else current[positive]
        result[positive] = self._positive_counts(
            counts[positive], scatter[positive], floor, suggested
        )
        return result

    @property
    def rescales(self) -> bool:
        """Return whether the family contains diag(s) Sigma diag(s) with each of its Sigma."""
        return self.name in RESCALES

    def _positive_counts(
        self, counts: Array, scatter: Array, floor: Array, current: Array | None
    ) -> Array:
        d = len(floor)
        pooled = np.diagonal(scatter.sum(axis=0)) / counts.sum()
        if not self.rescales:
            pooled = np.full(d, pooled.mean())
        unit = np.sqrt(np.where(pooled > 0, pooled, 1.0))
        free = self._in_units(counts, scatter, unit, np.full(d, _NONE), current)
        if np.any(floor == 0) or _sound(free, floor):
            return free
        if self.rescales:
            unit = np.sqrt(floor)
        bounded = self._in_units(counts, scatter, unit, floor / unit**2, current)
        missing = 1 / np.minimum(_values(bounded, floor)[:, 0], 1.0)
        if self.name[0] == "E":
            missing = np.full_like(missing, missing.max())
        raised: Array = bounded * missing[:, None, None]
        return raised

    def _in_units(
        self, counts: Array, scatter: Array, unit: Array, floor: Array, current: Array | None
    ) -> Array:
        """Return the maximiser, found in these units (D,) of the features."""
        square = np.multiply.outer(unit, unit)
        if current is not None:
            current = current / square
        fitted = _METHODS[self.name[2]](self.name, counts, scatter / square, floor, current)
        fitted[np.abs(fitted) < 100 * _NONE] = 0.0  # not kept up by any bound
        result: Array = fitted * square
        return result


def within(covariances: Array, floor: Array) -> bool:
    """Return whether the eigenvalues of covariances (K, D, D), in units of the floor (D,), reach 1.

    But for their rounding, which grows with the largest.
    """
    values = _values(covariances, floor)
    return bool((values[:, 0] >= 1 - 1e-9 - 1e-15 * values[:, -1]).all())


def _sound(covariances: Array, floor: Array) -> bool:
    """Return whether the covariances are within the floor, and not by rounding alone."""
    values = _values(covariances, floor)
    return bool((values[:, 0] >= np.maximum(1.0, values[:, -1] * _ROUNDING)).all())


def _values(covariances: Array, floor: Array) -> Array:
    """Return the eigenvalues (K, D) of each covariance, features in units of sqrt(floor)."""
    unit = np.sqrt(np.multiply.outer(floor, floor))
    return np.asarray(np.linalg.eigvalsh(covariances / unit), np.float64)


def _along(vectors: Array, variances: Array) -> Array:
    """Return the covariances with variances (K, D) along the columns of vectors (..., D, D)."""
    product = (vectors * variances[:, None, :]) @ np.swapaxes(vectors, -1, -2)
    symmetric: Array = (product + product.transpose(0, 2, 1)) / 2
    return symmetric


def _variances(name: str, counts: Array, spread: Array, bound: Array) -> Array:
    """Return the variances (K, D) along axes where the scatter is spread (K, D)."""
    from gmmpipe.mixture.kernels import shapes
    from gmmpipe.mixture.kernels.compile import compiled

    variances = np.empty_like(spread)
    spread, bound = np.maximum(spread, 0.0), np.ascontiguousarray(bound)
    compiled(shapes.fill_shape)(SHAPES[name[:2]], counts, spread, bound, variances)
    return variances


def _parallel(
    name: str, counts: Array, scatter: Array, floor: Array, _current: Array | None
) -> Array:
    """Return covariances along the features."""
    spread = np.diagonal(scatter, axis1=1, axis2=2)
    variances = _variances(name, counts, spread, np.tile(floor, (len(counts), 1)))
    diagonal: Array = variances[:, None, :] * np.eye(len(floor))
    return diagonal


def _own_axes(
    name: str, counts: Array, scatter: Array, floor: Array, _current: Array | None
) -> Array:
    """Return covariances along each component's axes, in the order of its spreads."""
    vectors = np.linalg.eigh(_leaning(counts, scatter, floor))[1]
    return _along(vectors, _variances(name, counts, *_seen(vectors, scatter, floor)))


def _common_axes(
    name: str, counts: Array, scatter: Array, floor: Array, current: Array | None
) -> Array:
    """Return covariances along one set of axes; VEE needs no more than their common matrix."""
    from gmmpipe.mixture.kernels import axes
    from gmmpipe.mixture.kernels.compile import compiled

    d = len(floor)
    if name == "VEE":
        matrix, volumes = np.empty((d, d)), np.empty(len(counts))
        compiled(axes.share_matrix)(counts, scatter, float(floor.max()), matrix, volumes)
        return matrix * volumes[:, None, None]
    starts = [np.linalg.eigh(scatter.sum(axis=0))[1]]
    starts = [_commuting(current), *starts] if current is not None else [
        _commuting(scatter), *starts, *np.linalg.eigh(scatter)[1]
    ]  # fmt: skip
    rows = np.ascontiguousarray(np.array(starts).transpose(0, 2, 1))
    best, leaning = np.empty((d, d)), _leaning(counts, scatter, floor)
    rounds = _ROUNDS if current is None else _ROUNDS_FROM_CURRENT
    compiled(axes.share_axes)(SHAPES[name[:2]], counts, leaning, floor, rows, rounds, best)
    vectors = np.tile(best.T, (len(counts), 1, 1))
    return _along(vectors, _variances(name, counts, *_seen(vectors, scatter, floor)))


def _leaning(counts: Array, scatter: Array, floor: Array) -> Array:
    """Return scatter matrices that tell axes apart by the floor where the scatter has nothing."""
    if floor[0] == _NONE:
        return scatter
    leaning: Array = scatter + _LEAN * counts[:, None, None] * np.diag(floor)
    return leaning


def _seen(vectors: Array, scatter: Array, floor: Array) -> tuple[Array, Array]:
    """Return scatter and floor along each component's axes, both (K, D)."""
    spread = np.einsum("kij,kil,klj->kj", vectors, scatter, vectors)
    return spread, (vectors**2 * floor[:, None]).sum(axis=1)


def _commuting(matrices: Array) -> Array:
    """Return the axes (D, D), in columns, of a sum of the matrices (K, D, D), all of like size.

    Uneven shares keep axes apart that are alike in the plain sum: if the matrices have common
    axes, these are they.
    """
    share = 0.5 + np.arange(1, len(matrices) + 1) * (np.sqrt(5) - 1) / 2 % 1
    size = np.trace(matrices, axis1=1, axis2=2)
    share = share / np.where(size > 0, size, 1.0)
    return np.linalg.eigh((share[:, None, None] * matrices).sum(axis=0))[1]


_METHODS: dict[str, Callable[[str, Array, Array, Array, Array | None], Array]] = {
    "I": _parallel,
    "E": _common_axes,
    "V": _own_axes,
}
RESCALES = {"EEI", "VEI", "EVI", "VVI", "EEE", "VEE", "EVV", "VVV"}

"""Stability: how far several clusterings of the same samples agree with one another."""

from dataclasses import dataclass

import numpy as np

from gmmpipe.errors import InputError
from gmmpipe.mixture.diagnostics.metrics import Codes, ari_of
from gmmpipe.mixture.mixture import Array


@dataclass(frozen=True)
class Stability:
    """Mean adjusted Rand index over all pairs of ``runs`` clusterings, and its standard error."""

    runs: int
    mean: float
    standard_error: float


def stability(labels: Codes, weight: Array | None = None) -> Stability:
    """Return how far R clusterings of the same samples agree; labels (R, N), weight (N,).

    Pairs share clusterings, so the standard error is that of a U-statistic, by the jackknife
    over clusterings (Arvesen 1969, Annals of Mathematical Statistics 40, 2076-2100); two
    clusterings have none (NaN). Raises InputError for fewer than two.
    """
    agreements = agreement(labels, weight)
    runs = len(agreements)
    if runs < 2:
        raise InputError(f"stability: {runs} clusterings; give two or more")
    with_others = (agreements.sum(axis=1) - 1) / (runs - 1)
    mean = float(with_others.mean())
    if runs == 2:
        return Stability(runs, mean, float("nan"))
    without = (runs * mean - 2 * with_others) / (runs - 2)
    variance = (runs - 1) / runs * np.sum((without - mean) ** 2)
    return Stability(runs, mean, float(np.sqrt(variance)))


def agreement(labels: Codes, weight: Array | None = None) -> Array:
    """Return the adjusted Rand index of each two rows of labels (R, N), (R, R), its diagonal 1.

    weight (N,): how many times each sample counts, none = once.
    """
    if labels.ndim != 2 or 0 in labels.shape or labels.min() < 0:
        raise InputError(f"labels of shape {labels.shape}; give runs x samples, from 0 on")
    codes = labels.astype(np.int64)
    runs, groups = len(codes), int(codes.max()) + 1
    table = groups * groups
    ones: Array = np.ones((runs, runs))
    for i in range(runs - 1):
        others = codes[i + 1 :] + table * np.arange(runs - i - 1)[:, None]
        each = None if weight is None else np.tile(weight, len(others))
        cells = np.bincount((others + groups * codes[i]).ravel(), each, table * len(others))
        indices = ari_of(cells.reshape(-1, groups, groups).astype(np.float64))
        ones[i, i + 1 :] = ones[i + 1 :, i] = indices
    return ones

"""Stability: how far several clusterings of the same samples agree with one another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gmmpipe.errors import InputError
from gmmpipe.numerics import em
from gmmpipe.numerics.metrics import Codes, ari_of
from gmmpipe.numerics.mixture import Array, Mixture
from gmmpipe.numerics.streams import content, stream

FitWeighted = Callable[[Array, Array], Mixture]


@dataclass(frozen=True)
class Stability:
    """Mean adjusted Rand index over all pairs of ``runs`` clusterings, and its standard error."""

    runs: int
    mean: float
    standard_error: float


def stability(labels: Codes) -> Stability:
    """Return how far R clusterings of the same samples agree; labels (R, N).

    Pairs share clusterings, so the standard error is that of a U-statistic, by the jackknife
    over clusterings (Arvesen 1969, Annals of Mathematical Statistics 40, 2076-2100); two
    clusterings have none (NaN). Raises InputError for fewer than two.
    """
    agreements = agreement(labels)
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


def agreement(labels: Codes) -> Array:
    """Return the adjusted Rand index of each two rows of labels (R, N), (R, R), its diagonal 1."""
    if labels.ndim != 2 or 0 in labels.shape or labels.min() < 0:
        raise InputError(f"labels of shape {labels.shape}; give runs x samples, from 0 on")
    codes = labels.astype(np.int64)
    runs, groups = len(codes), int(codes.max()) + 1
    table = groups * groups
    ones: Array = np.ones((runs, runs))
    for i in range(runs - 1):
        others = codes[i + 1 :] + table * np.arange(runs - i - 1)[:, None]
        cells = np.bincount((others + groups * codes[i]).ravel(), minlength=table * len(others))
        found = ari_of(cells.reshape(-1, groups, groups).astype(np.float64))
        ones[i, i + 1 :] = ones[i + 1 :, i] = found
    return ones


def bootstrap_labels(  # noqa: PLR0913 - data, method and design of a bootstrap
    x: Array,
    weight: Array | None,
    fit: FitWeighted,
    replicates: int,
    purpose: Sequence[str | int],
    *,
    threads: int = 1,
) -> npt.NDArray[np.int64]:
    """Return each sample's component by mixtures fitted to resamples of x (N, D), (replicates, N).

    A resample is how often each sample was drawn (multinomial, N draws with probabilities
    proportional to weight (N,), none = 1 each): no row is copied. fit(x, counts (N,)) returns
    the mixture of samples of these weights. Replicate r has the stream of (x, purpose, r), so more
    of them change none. Raises InputError for fewer than one replicate or a weight that is none.
    """
    n = len(x)
    chance = np.full(n, 1 / n) if weight is None else np.asarray(weight, np.float64)
    if replicates < 1 or chance.shape != (n,) or not (chance >= 0).all() or not chance.sum() > 0:
        raise InputError(
            f"bootstrap of {n} samples: {replicates} replicates, weights of shape {chance.shape};"
            " give 1 or more, and for each sample a weight of 0 or more, not all 0"
        )
    found = np.empty((replicates, n), np.int64)
    told = content(x)
    for r in range(replicates):
        counts = stream("bootstrap", told, *purpose, r).multinomial(n, chance / chance.sum())
        mixture = fit(x, counts.astype(np.float64))
        found[r] = em.log_responsibilities(x, mixture, threads)[1].argmax(axis=1)
    return found

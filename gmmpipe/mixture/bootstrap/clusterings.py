"""Clusterings of the same samples by mixtures fitted to resamples of them."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gmmpipe.errors import InputError
from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.diagnostics.matching import component_of
from gmmpipe.mixture.diagnostics.metrics import Codes
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.mixture.rng import content, stream

FitWeighted = Callable[[Array, Array, np.random.Generator], Mixture | None]


def bootstrap_labels(  # noqa: PLR0913 - data, method and design of a bootstrap
    x: Array,
    weight: Array | None,
    fit: FitWeighted,
    replicates: Sequence[int],
    purpose: Sequence[str | int],
    *,
    threads: int = 1,
) -> Iterator[Codes | None]:
    """Yield each sample's component (N,) by mixtures fitted to resamples of x (N, D).

    A resample is how often each sample was drawn (multinomial, as many draws as the rows count
    for, with probabilities proportional to weight (N,), none = 1 each): no row is copied. fit(x,
    counts (N,), rng) returns the mixture of samples of these weights, or None where none is sound,
    for which None is yielded. Replicate r has the stream of (x, purpose, r), so none depends on the
    others. Raises InputError for a weight that is none.
    """
    n = len(x)
    mass = np.ones(n) if weight is None else np.asarray(weight, np.float64)
    if mass.shape != (n,) or not (mass >= 0).all() or not mass.sum() > 0:
        raise InputError(
            f"bootstrap of {n} samples: weights of shape {mass.shape};"
            " give for each sample a weight of 0 or more, not all 0"
        )
    draws, fingerprint = round(float(mass.sum())), content(x)
    for r in replicates:
        rng = stream("bootstrap", fingerprint, *purpose, r)
        counts = rng.multinomial(draws, mass / mass.sum()).astype(np.float64)
        mixture = fit(x, counts, rng)
        if mixture is None:
            yield None
        else:
            yield component_of(log_responsibilities(x, mixture, threads, "mar")[1], mixture)

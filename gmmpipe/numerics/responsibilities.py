"""What mixtures make of samples, slice by slice: no memory for more than a slice."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from gmmpipe.numerics import em
from gmmpipe.numerics.identity import overlap
from gmmpipe.numerics.mixture import Array, Mixture
from gmmpipe.numerics.slices import cuts


def by_slices(x: Array, mixture: Mixture, threads: int) -> Iterator[tuple[slice, Array]]:
    """Yield which rows of x (N, D), and their log responsibilities (n, K) in nats.

    NaN in x is a missing value; with noise there is a column more, see ``em.log_responsibilities``.
    """
    for cut in cuts(len(x)):
        yield cut, em.log_responsibilities(x[cut], mixture, threads, "mar")[1]


def overlaps(
    x: Array, mixtures: Sequence[Mixture], weight: Array | None = None, threads: int = 1
) -> list[Array]:
    """Return ``identity.overlap`` of each mixture with the one before it, on all of x (N, D).

    weight (N,): none = 1 each. Noise is left out.
    """
    sizes = [mixture.n_components for mixture in mixtures]
    tables = [np.zeros((now, before)) for before, now in pairwise(sizes)]
    for cut in cuts(len(x)):
        logs = (em.log_responsibilities(x[cut], m, threads, "mar")[1] for m in mixtures)
        resp = [np.exp(each[:, :k]) for each, k in zip(logs, sizes, strict=True)]
        held = None if weight is None else weight[cut]
        for i, (before, now) in enumerate(pairwise(resp)):
            tables[i] += overlap(now, before, held)
    return tables

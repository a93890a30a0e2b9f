"""Where components come from: which ones of the mixture before gave their samples."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.diagnostics.matching import overlap
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.mixture.slices import slices_of


@dataclass(frozen=True)
class Link:
    """What ``component`` of the mixture of k has from ``parent`` of the one before, of parent_k.

    mass: the part of all samples in both; share: that over the component's own part. The shares
    of a component add up to 1; those of one without samples are 0.
    """

    parent_k: int
    parent: int
    k: int
    component: int
    mass: float
    share: float


def links(table: Array) -> list[Link]:
    """Return the links of L parents with K components, all K x L.

    table (K, L): ``matching.overlap`` of the components with their parents.
    """
    (k, parent_k), masses = table.shape, table / table.sum()
    sizes = masses.sum(axis=1, keepdims=True)
    shares = np.divide(masses, sizes, out=np.zeros_like(masses), where=sizes > 0)
    return [
        Link(parent_k, parent, k, component, float(mass), float(shares[component, parent]))
        for (component, parent), mass in np.ndenumerate(masses)
    ]


def overlaps(
    x: Array, mixtures: Sequence[Mixture], weight: Array | None = None, threads: int = 1
) -> list[Array]:
    """Return ``matching.overlap`` of each mixture with the one before it, on all of x (N, D).

    weight (N,): none = 1 each. Noise is left out.
    """
    sizes = [mixture.n_components for mixture in mixtures]
    tables = [np.zeros((now, before)) for before, now in pairwise(sizes)]
    for cut in slices_of(len(x)):
        logs = (log_responsibilities(x[cut], m, threads, "mar")[1] for m in mixtures)
        resp = [np.exp(each[:, :k]) for each, k in zip(logs, sizes, strict=True)]
        slice_weight = None if weight is None else weight[cut]
        for i, (before, now) in enumerate(pairwise(resp)):
            tables[i] += overlap(now, before, slice_weight)
    return tables

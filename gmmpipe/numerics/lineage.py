"""Where components come from: which ones of the mixture before gave their samples."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gmmpipe.numerics.identity import overlap
from gmmpipe.numerics.mixture import Array


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


def lineage(resp_by_k: Mapping[int, Array], weight: Array | None = None) -> list[Link]:
    """Return the links between neighbouring K, all K x L of each, by rising K.

    resp_by_k: {K: responsibilities (N, K)}, of the same samples; K may leave gaps. weight (N,):
    none = 1 each. Raises InputError where the numbers of samples differ.
    """
    links = []
    for parent_k, k in pairwise(sorted(resp_by_k)):
        table = overlap(resp_by_k[k], resp_by_k[parent_k], weight)
        masses = table / table.sum()
        own = masses.sum(axis=1, keepdims=True)
        shares = np.divide(masses, own, out=np.zeros_like(masses), where=own > 0)
        links += [
            Link(parent_k, parent, k, component, float(mass), float(shares[component, parent]))
            for (component, parent), mass in np.ndenumerate(masses)
        ]
    return links

"""Where components come from: which ones of the mixture before gave their samples."""

from dataclasses import dataclass

import numpy as np

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


def links(table: Array) -> list[Link]:
    """Return the links of L parents with K components, all K x L.

    table (K, L): ``identity.overlap`` of the components with their parents.
    """
    (k, parent_k), masses = table.shape, table / table.sum()
    own = masses.sum(axis=1, keepdims=True)
    shares = np.divide(masses, own, out=np.zeros_like(masses), where=own > 0)
    return [
        Link(parent_k, parent, k, component, float(mass), float(shares[component, parent]))
        for (component, parent), mass in np.ndenumerate(masses)
    ]

"""The start by hierarchical clustering: one merge tree, cut at every K."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Le

from gmmpipe.errors import InputError
from gmmpipe.mixture.mixture import Array, Indices, Mixture
from gmmpipe.mixture.moments import check_k, group_means, moments, nearest, standardised
from gmmpipe.mixture.rng import content, stream


@dataclass(frozen=True)
class Ward:
    """Groups of the hierarchy that Ward's criterion builds; the same for every seed.

    Ward 1963, Journal of the American Statistical Association 58, 236-244: at each step the two
    groups merge whose union adds least to the sum of squares within groups, in standard
    deviations of each feature. Of more than ``most`` rows a random subset, the same for all K,
    is merged and each other row joins the group with the nearest mean. Weights count in the
    deviations and in the moments of the groups, not in the tree.
    """

    seedless: ClassVar[bool] = True
    most: Annotated[int, Ge(2), Le(20_000)] = 5_000
    """Most rows to merge; time and memory grow with its square (5,000: 0.1 GB)."""
    seed: Annotated[int, Ge(0), Le(2**32 - 1)] = 0
    """Which of all possible subsets, where there are more rows."""

    def __call__(
        self, x: Array, k: int, rng: np.random.Generator, weight: Array | None = None
    ) -> Mixture:
        """Return the moments of the k groups; see ``moments``."""
        return self.prepare(x, "full", weight)(k, rng)

    def prepare(
        self, x: Array, family: str, weight: Array | None = None
    ) -> Callable[[int, np.random.Generator], Mixture]:
        """Return the start for any K on x (N, D): the tree is built here, once."""
        del family
        # Nine digits are the same in all units, so that ties are resolved in the same way.
        z = np.round(standardised(x, weight), 9)
        rows = self._rows(x)
        tree = _merges(z[rows])

        def start(k: int, rng: np.random.Generator) -> Mixture:
            del rng
            check_k(x, k)
            if k > len(rows):
                raise InputError(
                    f"start ward: k is {k}, but the tree has {len(rows)} leaves; raise start.*.most"
                )
            return moments(x, _labels(z, rows, cut(tree, k)), x[:k], weight)

        return start

    def _rows(self, x: Array) -> Indices:
        """Return the rows to merge, in order."""
        if len(x) <= self.most:
            return np.arange(len(x))
        rng = stream("start", content(x), "ward", self.seed)
        return np.sort(rng.choice(len(x), self.most, replace=False))


def _merges(z: Array) -> Indices:
    """Return the pairs of nodes that merge, (N - 1, 2); the i-th pair makes node N + i."""
    if len(z) == 1:
        return np.empty((0, 2), np.int64)
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import pdist

    return np.asarray(linkage(pdist(z), "ward")[:, :2], np.int64)


def cut(tree: Indices, k: int) -> Indices:
    """Return the groups of the leaves, (N,), before the last k - 1 merges of tree (N - 1, 2).

    Groups are numbered by their first leaf. There are k whatever ties there are.
    """
    n = len(tree) + 1
    group = np.arange(2 * n - k)
    for node in range(2 * n - k - 1, n - 1, -1):
        group[tree[node - n]] = group[node]
    _, first, labels = np.unique(group[:n], return_index=True, return_inverse=True)
    rank = np.empty(k, np.int64)
    rank[np.argsort(first)] = np.arange(k)
    return rank[labels]


def _labels(z: Array, rows: Indices, groups: Indices) -> Indices:
    """Return the group of every row: of ``rows`` as given, of the others that of nearest mean."""
    if len(rows) == len(z):
        return groups
    k = int(groups.max()) + 1
    labels = nearest(z, group_means(z[rows], groups, z[:k]))
    labels[rows] = groups
    return labels

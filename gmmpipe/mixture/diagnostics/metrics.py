"""Agreement of found labels with known groups; 1 is perfect whatever the labels are called.

A new one is a function that is a ``Metric``, and one line in ``METRICS``. All start from the
contingency table, so each costs one pass.
"""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from gmmpipe.errors import InputError
from gmmpipe.mixture.mixture import Array

Codes = npt.NDArray[np.integer]


class Metric(Protocol):
    """Agreement of labels with known groups; the first line of its docstring is listed.

    Examples
    --------
    >>> import numpy as np
    >>> from gmmpipe.mixture.diagnostics.metrics import METRICS
    >>> METRICS["accuracy"](np.array([1, 1, 0, 0]), np.array([0, 0, 1, 0]))
    0.75

    """

    def __call__(self, labels: Codes, truth: Codes, weight: Array | None = None) -> float:
        """Return the agreement.

        Parameters
        ----------
        labels : (N,) int array
            Codes of the groups found.
        truth : (N,) int array
            Codes of the known groups.
        weight : (N,) float64 array, optional
            How many times each sample counts, >= 0; by default once.

        Returns
        -------
        float
            1 where the groups are the same.

        Raises
        ------
        InputError
            Where the lengths differ or N = 0.

        """


def contingency(labels: Codes, truth: Codes, weight: Array | None = None) -> Array:
    """Return the number of samples in each found group and true group, (found, true).

    Groups without any sample have no row or column.
    """
    if labels.shape != truth.shape or labels.ndim != 1 or len(labels) == 0:
        raise InputError(
            f"labels of shape {labels.shape} and truth of shape {truth.shape}; "
            "give one of each per sample"
        )
    rows, columns = _dense(labels), _dense(truth)
    width = int(columns.max()) + 1
    cells = np.bincount(rows * width + columns, weight, (int(rows.max()) + 1) * width)
    table = cells.reshape(-1, width).astype(np.float64)
    return table[np.ix_(table.any(axis=1), table.any(axis=0))]


def _dense(codes: Codes) -> npt.NDArray[np.int64]:
    """Return codes that are small and not negative (sorting only where they are not yet)."""
    if codes.min() >= 0 and codes.max() < 256:
        return codes.astype(np.int64)
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)


def ari(labels: Codes, truth: Codes, weight: Array | None = None) -> float:
    """Hubert & Arabie's adjusted Rand index (1985): 0 expected by chance, 1 perfect."""
    return float(ari_of(contingency(labels, truth, weight)))


def ari_of(tables: Array) -> Array:
    """Return the adjusted Rand index of each contingency table (..., K, L); empty groups may be."""
    n = tables.sum(axis=(-2, -1))
    both = np.sum(tables * tables, axis=(-2, -1)) - n
    rows = np.sum(tables.sum(axis=-1) ** 2, axis=-1) - n
    columns = np.sum(tables.sum(axis=-2) ** 2, axis=-1) - n
    same = (both == rows) & (both == columns)  # the same partition, trivial ones included
    expected = rows * columns / np.maximum(n * (n - 1), 1)
    most = np.where(same, expected + 1, (rows + columns) / 2)
    return np.asarray(np.where(same, 1.0, (both - expected) / (most - expected)))


def nmi(labels: Codes, truth: Codes, weight: Array | None = None) -> float:
    """Normalised mutual information, by the mean entropy (Strehl & Ghosh 2002), in [0, 1]."""
    table = contingency(labels, truth, weight)
    joint = table / table.sum()
    groups, classes = joint.sum(axis=1), joint.sum(axis=0)
    entropy = (_entropy(groups) + _entropy(classes)) / 2
    if entropy == 0:
        return 1.0
    gain = _entropy(groups) + _entropy(classes) - _entropy(joint.ravel())
    return float(min(max(gain / entropy, 0.0), 1.0))


def accuracy(labels: Codes, truth: Codes, weight: Array | None = None) -> float:
    """Share of samples right under the best one-to-one matching of groups (Kuhn 1955)."""
    from scipy.optimize import linear_sum_assignment

    table = contingency(labels, truth, weight)
    return float(table[linear_sum_assignment(table, maximize=True)].sum() / table.sum())


def purity(labels: Codes, truth: Codes, weight: Array | None = None) -> float:
    """Share of samples whose found group is mostly of their own true group."""
    table = contingency(labels, truth, weight)
    return float(table.max(axis=1).sum() / table.sum())


def _entropy(p: Array) -> float:
    positive = p[p > 0]
    return float(-np.sum(positive * np.log(positive)))


METRICS: dict[str, Metric] = {"ari": ari, "nmi": nmi, "accuracy": accuracy, "purity": purity}

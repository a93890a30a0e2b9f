"""One numbering of the components for all fits of a data set: component 2 is component 2.

The snapshots of one trajectory keep their components by construction. All else is matched by
the samples that components share (``diagnostics.matching``), along these references:

- the spine is the best fit of each K of the selected model's normaliser and family. Its smallest
  K is numbered by falling size, each further K after the one before; what is new gets a new number;
- the best fit of each other (normaliser, family) is numbered after the spine at the same K, or at
  the nearest where every fit of that K failed;
- every other fit, whatever its start and seed, after the best of its normaliser, family and K.

Where no fit is sound, the likeliest stands for the best.
"""

from collections.abc import Sequence
from itertools import pairwise

import pandas as pd

from gmmpipe.mixture.diagnostics.matching import by_size, count, overlap_of_labels, renumber
from gmmpipe.mixture.diagnostics.metrics import Codes
from gmmpipe.mixture.mixture import Array, Indices
from gmmpipe.results.columns import MODEL, RUN


def numbers_of(runs: pd.DataFrame, best: pd.DataFrame, case: Sequence[str]) -> list[Indices]:
    """Return for each row of ``runs`` the number of each of its components, a permutation."""
    marked = runs[[*case, *RUN, "log_likelihood", "degenerate"]].reset_index(drop=True)
    marked = marked.merge(best[[*case, *RUN, "rank"]], on=[*case, *RUN], how="left")
    order = marked.sort_values(
        ["rank", "degenerate", "log_likelihood"], ascending=[True, True, False], kind="stable"
    )
    labels: list[Codes] = runs["labels"].to_list()
    numbers: dict[int, Indices] = {}
    for _, fits in order.groupby(list(case), sort=False, dropna=False):
        weight = runs["weight"].iloc[fits.index[0]] if "weight" in runs else None
        numbers |= _numbers_of_case(fits, labels, weight)
    return [numbers[row] for row in range(len(runs))]


def _numbers_of_case(
    order: pd.DataFrame, labels: Sequence[Codes], weight: Array | None
) -> dict[int, Indices]:
    """Return {row: numbers} of the fits of one case, which come the best first."""
    columns = (order[name].tolist() for name in MODEL)
    fits = list(zip(order.index.tolist(), *columns, strict=True))
    best: dict[tuple[str, str], dict[int, int]] = {}
    for row, normaliser, covariance, k in fits:
        best.setdefault((normaliser, covariance), {}).setdefault(k, row)
    spine = next(iter(best.values()))
    numbers: dict[int, Indices] = {}

    def follow(row: int, k: int, other: int, other_k: int) -> None:
        table = overlap_of_labels(labels[row], labels[other], k, other_k, weight)
        numbers[row] = renumber(table, numbers[other])

    ks = sorted(spine)
    numbers[spine[ks[0]]] = by_size(count(labels[spine[ks[0]]], ks[0], weight))
    for before, k in pairwise(ks):
        follow(spine[k], k, spine[before], before)
    for model in list(best.values())[1:]:
        for k, row in model.items():
            near = min(
                ks, key=lambda other_k: abs(other_k - k)
            )  # the same, if a fit of it is there
            follow(row, k, spine[near], near)
    for row, normaliser, covariance, k in fits:
        if row not in numbers:
            follow(row, k, best[normaliser, covariance][k], k)
    return numbers

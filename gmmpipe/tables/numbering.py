"""One numbering of the components for all fits of a data set: component 2 is component 2.

The snapshots of one trajectory keep their components by construction. All else is matched by
the samples that components share (``numerics.identity``), along these references:

- the spine is the best fit of each K of the selected model's normaliser and family. Its smallest
  K is numbered by falling size, each further K after the one before; what is new gets a new number;
- the best fit of each other (normaliser, family) is numbered after the spine at the same K;
- every other fit, whatever its start and seed, after the best of its normaliser, family and K.

Where no fit is sound, the likeliest stands for the best.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from gmmpipe.numerics.identity import NOISE, Indices, by_size, count, overlap_of_labels, renumber
from gmmpipe.numerics.metrics import Codes
from gmmpipe.numerics.mixture import Array

MODEL = ["normaliser", "covariance"]
FIT = [*MODEL, "start", "k", "seed"]


def numbered(frames: Mapping[str, pd.DataFrame], outer: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Return ``runs``, ``parameters`` and ``fits`` with the components numbered alike in all fits.

    frames: ``runs`` has a row per fit, with ``log_likelihood``, ``degenerate`` and the ``labels``
    of the samples compared, perhaps with their ``weight``; ``parameters`` has its rows cell by
    cell, ``best`` the best of each (case, normaliser, family, k). A cell's rows are put in the new
    order, and the components that a ``reason`` of fits names are renamed. The weights, means,
    covariances are untouched.
    """
    runs, case = frames["runs"], ["dataset", *outer]
    numbers = numbers_of(runs, frames["best"], case)
    key = [*case, *FIT]
    index = runs[key].assign(run=np.arange(len(runs)))
    labels = [
        np.where(old == NOISE, old, new[old])
        for new, old in zip(numbers, runs["labels"], strict=True)
    ]
    return {
        "runs": runs.assign(labels=pd.Series(labels, index=runs.index, dtype=object)),
        "parameters": _components(frames["parameters"], index, numbers),
        "fits": _reasons(frames["fits"], index, numbers),
    }


def numbers_of(runs: pd.DataFrame, best: pd.DataFrame, case: Sequence[str]) -> list[Indices]:
    """Return for each row of ``runs`` the number of each of its components, a permutation."""
    marked = runs[[*case, *FIT, "log_likelihood", "degenerate"]].reset_index(drop=True)
    marked = marked.merge(best[[*case, *FIT, "rank"]], on=[*case, *FIT], how="left")
    order = marked.sort_values(
        ["rank", "degenerate", "log_likelihood"], ascending=[True, True, False], kind="stable"
    )
    labels: list[Codes] = runs["labels"].to_list()
    found: dict[int, Indices] = {}
    for _, ours in order.groupby(list(case), sort=False, dropna=False):
        weight = runs["weight"].iloc[ours.index[0]] if "weight" in runs else None
        found |= _numbers_of_case(ours, labels, weight)
    return [found[row] for row in range(len(runs))]


def _numbers_of_case(
    order: pd.DataFrame, labels: Sequence[Codes], weight: Array | None
) -> dict[int, Indices]:
    """Return {row: numbers} of the fits of one case, which come the best first."""
    columns = (order[name].tolist() for name in [*MODEL, "k"])
    fits = list(zip(order.index.tolist(), *columns, strict=True))
    best: dict[tuple[str, str], dict[int, int]] = {}
    for row, normaliser, covariance, k in fits:
        best.setdefault((normaliser, covariance), {}).setdefault(k, row)
    spine = next(iter(best.values()))
    found: dict[int, Indices] = {}

    def follow(row: int, k: int, other: int, other_k: int) -> None:
        table = overlap_of_labels(labels[row], labels[other], k, other_k, weight)
        found[row] = renumber(table, found[other])

    ks = sorted(spine)
    found[spine[ks[0]]] = by_size(count(labels[spine[ks[0]]], ks[0], weight))
    for before, k in pairwise(ks):
        follow(spine[k], k, spine[before], before)
    for model in list(best.values())[1:]:
        for k, row in model.items():
            follow(row, k, spine[k], k)
    for row, normaliser, covariance, k in fits:
        if row not in found:
            follow(row, k, best[normaliser, covariance][k], k)
    return found


def _components(
    parameters: pd.DataFrame, index: pd.DataFrame, numbers: Sequence[Indices]
) -> pd.DataFrame:
    """Return the rows of ``parameters``, renumbered and each cell's in the new order."""
    key = [column for column in index.columns if column != "run"]
    run = parameters[key].merge(index, on=key, how="left")["run"].to_numpy()
    first = np.cumsum([0, *map(len, numbers)])
    old = parameters["component"].to_numpy()
    new = np.concatenate(numbers)[first[run] + old]
    order = np.lexsort((new, np.cumsum(old == 0)))
    return parameters.assign(component=new).iloc[order].reset_index(drop=True)


def _reasons(fits: pd.DataFrame, index: pd.DataFrame, numbers: Sequence[Indices]) -> pd.DataFrame:
    """Return ``fits``, the components that a reason names renumbered."""
    key = [column for column in index.columns if column != "run"]
    runs = fits[key].merge(index, on=key, how="left")["run"]
    reasons = [
        text if np.isnan(run) else _renamed(text, numbers[int(run)])  # a cell that failed has none
        for text, run in zip(fits["reason"], runs, strict=True)
    ]
    return fits.assign(reason=reasons)


def _renamed(reason: str, numbers: Indices) -> str:
    return re.sub(r"\bcomponent (\d+)", lambda m: f"component {numbers[int(m[1])]}", reason)

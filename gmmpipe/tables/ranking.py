"""Which fits win, and how far that can be trusted: the tables ``best`` and ``certificates``."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from gmmpipe.numerics.certificate import certify
from gmmpipe.numerics.choice import reaches
from gmmpipe.numerics.mixture import Array, Mixture
from gmmpipe.numerics.selection import CRITERIA

ALL = "all"  # the start of a certificate over all starts
COUNTS = ("draws", "finished", "unfinished", "saddles")
TRUST = (*COUNTS, "optima", "hits", "p_new", "p_better", "p_better_bound")


class Run(NamedTuple):
    """One run: coordinates, k and seed; its end (see ``ends.End``), log-likelihood and mixture."""

    key: dict[str, Any]
    log_likelihood: float
    mixture: Mixture
    end: str
    drawn: bool = True  # at random, if the start draws at all


def rank(fits: pd.DataFrame, outer: Sequence[str]) -> pd.DataFrame:
    """Return the best cell (see ``choice``) of each (data set, normaliser, family, k).

    That is the sound one of highest log-likelihood, or log posterior under a prior. Starts, seeds
    and iterations are means to that end: of those that reach it to rounding, the longest run and
    then the first of the sweep stands for all. `rank` orders the rows of a data
    set (and outer point) by BIC, `delta_<criterion>` is the distance from the lowest; degenerate
    fits never win.
    """
    case = ["dataset", *outer]
    group = [*case, "normaliser", "covariance", "k"]
    sound = fits[~fits["degenerate"]]
    objective = sound["log_likelihood"] + sound["log_prior"]
    top = objective.groupby([sound[axis] for axis in group], sort=False).transform("max")
    near = sound[reaches(objective.to_numpy(), top.to_numpy())]
    order = near.sort_values("iteration", ascending=False, kind="stable")
    best = order.drop_duplicates(group).sort_values([*case, "bic"], kind="stable")
    by_case = best.groupby(case, sort=False)
    best.insert(0, "rank", by_case["bic"].rank(method="first").astype(int))
    for place, name in enumerate(CRITERIA, 1):
        best.insert(place, f"delta_{name}", best[name] - by_case[name].transform("min"))
    return best.reset_index(drop=True)


def rivals(
    objective: Array, sound: npt.NDArray[np.bool_], iteration: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Return the rows, ascending, of some cells of a group of which ``rank`` may choose one.

    objective: log-likelihood, or log posterior. Given these alone of each part of a group it
    chooses the same: a row is left out if one that goes before it, in ``rank``'s order, is as
    likely.
    """
    held = np.flatnonzero(sound)
    if not held.size:
        return held
    near = held[reaches(objective[held], objective[held].max())]
    near = near[np.argsort(-iteration[near], kind="stable")]
    before = np.maximum.accumulate(np.append(-np.inf, objective[near][:-1]))
    return np.sort(near[objective[near] > before])


def trusted(best: pd.DataFrame, certified: pd.DataFrame, outer: Sequence[str]) -> pd.DataFrame:
    """Return the rows of ``rank`` with what is certified of their models, over all starts."""
    group = ["dataset", *outer, "normaliser", "covariance", "k"]
    widest = certified.drop_duplicates(group, keep="last")  # that over all starts comes last
    return best.merge(widest[[*group, *TRUST]], on=group, how="left")


def certificates(
    runs: Sequence[Run], outer: Sequence[str], seedless: Collection[str]
) -> pd.DataFrame:
    """Return a row for each (data set, normaliser, family, k) and start, then one for all starts.

    outer: further axes that part the runs. seedless: starts of which one seed is as good as all.
    """
    group = ["dataset", *outer, "normaliser", "covariance", "k"]
    by_model = sorted(runs, key=lambda run: [str(run.key[axis]) for axis in group])
    models = groupby(by_model, key=lambda run: [run.key[axis] for axis in group])
    return pd.DataFrame([r for _, found in models for r in certify_model(found, group, seedless)])


def certify_model(
    runs: Iterable[Run], group: Sequence[str], seedless: Collection[str]
) -> list[dict[str, Any]]:
    """Return the rows of ``certificates`` of the runs of one model, told by the axes of group."""
    model, rows = list(runs), []
    at = {axis: model[0].key[axis] for axis in group}
    pooled: list[Run] = []
    starts = list(dict.fromkeys(run.key["start"] for run in model))
    for start in starts:
        mine = [run for run in model if run.key["start"] == start]
        mine = mine[:1] if start in seedless else mine
        pooled += mine
        rows.append({**at, "start": start, **_certificate(mine, seedless)})
    if len(starts) > 1:
        rows.append({**at, "start": ALL, **_certificate(pooled, seedless)})
    return rows


def _certificate(runs: Sequence[Run], seedless: Collection[str]) -> dict[str, Any]:
    return asdict(
        certify(
            [run.log_likelihood for run in runs],
            [run.mixture for run in runs],
            [run.end for run in runs],
            [run.drawn and run.key["start"] not in seedless for run in runs],
        )
    )

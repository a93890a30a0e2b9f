"""Which fits win, and how far that can be trusted: the tables ``best`` and ``certificates``."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from gmmpipe.mixture.diagnostics.best_fit import reaches
from gmmpipe.mixture.diagnostics.criteria import CRITERIA
from gmmpipe.mixture.diagnostics.restarts import NONE, certify, is_closed_form, reached
from gmmpipe.mixture.mixture import Array, Indices, Mixture
from gmmpipe.results.columns import MODEL, RESTARTS

ALL = "all"  # the start of a certificate over all starts


class FinishedRun(NamedTuple):
    """One run: coordinates, k and seed; its end (``convergence.End``) with all that is of it."""

    key: dict[str, Any]
    log_likelihood: float
    objective: float
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
    group = [*case, *MODEL]
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
    candidates = np.flatnonzero(sound)
    if not candidates.size:
        return candidates
    near = candidates[reaches(objective[candidates], objective[candidates].max())]
    near = near[np.argsort(-iteration[near], kind="stable")]
    before = np.maximum.accumulate(np.append(-np.inf, objective[near][:-1]))
    return np.sort(near[objective[near] > before])


def trusted(best: pd.DataFrame, certified: pd.DataFrame, outer: Sequence[str]) -> pd.DataFrame:
    """Return the rows of ``rank`` with what is certified of their models, over all starts."""
    group = ["dataset", *outer, *MODEL]
    widest = certified.drop_duplicates(group, keep="last")  # that over all starts comes last
    return best.merge(widest[[*group, *RESTARTS]], on=group, how="left")


def certify_model(
    runs: Sequence[FinishedRun], group: Sequence[str], seedless: Collection[str]
) -> tuple[Indices, list[dict[str, Any]]]:
    """Return which optimum each run of one model ended in (R,), and its rows of ``certificates``.

    A row for each start, then one for all of several. group: the axes that tell the model;
    seedless: starts of which one seed is as good as all.
    """
    which = reached(*zip(*((run.objective, run.mixture, run.end) for run in runs), strict=True))
    key, rows = {axis: runs[0].key[axis] for axis in group}, []
    pooled: list[int] = []
    starts = list(dict.fromkeys(run.key["start"] for run in runs))
    for start in starts:
        places = [i for i, run in enumerate(runs) if run.key["start"] == start]
        places = places[:1] if start in seedless else places
        pooled += places
        rows.append({**key, "start": start, **_certificate(runs, which, places, seedless)})
    if len(starts) > 1:
        rows.append({**key, "start": ALL, **_certificate(runs, which, pooled, seedless)})
    return which, rows


def _certificate(
    runs: Sequence[FinishedRun], which: Indices, places: Sequence[int], seedless: Collection[str]
) -> dict[str, Any]:
    some = [runs[i] for i in places]
    certificate = certify(
        which[places],
        [run.end for run in some],
        [run.drawn and run.key["start"] not in seedless for run in some],
        closed_form=is_closed_form(some[0].mixture),
    )
    best = min((i for i in places if which[i] != NONE), key=lambda i: which[i], default=None)
    value = np.nan if best is None else runs[best].log_likelihood
    return {**asdict(certificate), "log_likelihood": value}

"""Whether the preconditions hold under which the lowest BIC chooses a model: ``decide``."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from gmmpipe.mixture.bootstrap.intervals import KEPT, REJECTED, UNDECIDED
from gmmpipe.mixture.diagnostics.best_fit import TIE
from gmmpipe.mixture.diagnostics.criteria import CRITERIA, in_words, n_samples
from gmmpipe.mixture.diagnostics.restarts import DEGENERATE, HITS, MAXIMUM, NATS, OPEN
from gmmpipe.results.bootstrap_tests import stopping
from gmmpipe.results.build.stability import agreement
from gmmpipe.results.columns import FAMILY
from gmmpipe.results.dataset_tables import by_model
from gmmpipe.results.mixtures import rows_at
from gmmpipe.results.verdict import EQUAL, RIVAL, Reason, Share, Verdict, grave, mild
from gmmpipe.results.words.language import listing
from gmmpipe.results.words.wording import model

SCARCE, FEW = 2, 10  # samples for each parameter: too few to choose by BIC, few
STABLE = 0.9  # adjusted Rand index
NO_MAXIMUM = (*OPEN, DEGENERATE)
MOST = 3  # names in a reason


def decide(
    best: pd.DataFrame,
    tried: Collection[tuple[str, int]],
    fit: Mapping[str, Any],
    stability: pd.DataFrame,
    tests: pd.DataFrame | None = None,
) -> Verdict:
    """Return the verdict on the model of rank 1 of one data set at one outer point.

    best, stability, tests: the rows of the tables ``best``, ``stability`` and ``resamples``, and
    ``bootstrap``. tried: family and K of every model of the sweep; fit: its
    options `target` and `restarts`.
    """
    if best.empty:
        return Verdict("", (grave("none"),))
    row, models = best.sort_values("rank").iloc[0], by_model(best)
    option = "a larger fit.most_seeds" if fit["restarts"] == "auto" else "fit.restarts=auto"
    reasons = [*_size(row), *_sweep(row, models, tried), *_end(row, option)]
    reasons += [*_overtaken(row, models), *_restarts(row, fit["target"], option)]
    reasons += [*_rivals(row, models), *_gap(row, models)]
    reasons += [*_stability(row, stability), *_criteria(row, best), *_tests(row, tests)]
    return Verdict(model(row), tuple(sorted(reasons, key=lambda reason: not reason.grave)))


def others(row: pd.Series, models: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``models`` that are other densities than that of ``row``.

    Families that are equal in a case, such as all with one component, give one density twice.
    """
    near = (models["log_likelihood"] - row["log_likelihood"]).abs()
    alike = (near <= TIE * abs(row["log_likelihood"])) & (models["k"] == row["k"])
    alike &= models["n_parameters"] == row["n_parameters"]
    same_model = (models["covariance"] == row["covariance"]) & (models["k"] == row["k"])
    rest: pd.DataFrame = models[~alike & ~same_model]
    return rest


def other_choices(row: pd.Series, best: pd.DataFrame) -> dict[str, str]:
    """Return {criterion: model} of the criteria whose lowest value another model than row has."""
    picks = {}
    for name in filter(best.__contains__, CRITERIA):  # older results have fewer
        ordered = best.dropna(subset=[name]).sort_values(name, kind="stable").iloc[:1]
        if len(others(row, ordered)):
            picks[in_words(name)] = model(ordered.iloc[0])
    return picks


def _size(row: pd.Series) -> Iterator[Reason]:
    parameters = int(row["n_parameters"])
    samples = n_samples(row["bic"], row["log_likelihood"], parameters)
    if samples < SCARCE * parameters:
        yield grave("scarce", parameters=parameters, samples=samples, least=SCARCE)
    elif samples < FEW * parameters:
        yield mild("scarce", parameters=parameters, samples=samples, least=FEW)


def _sweep(
    row: pd.Series, models: pd.DataFrame, tried: Collection[tuple[str, int]]
) -> Iterator[Reason]:
    k, ks = int(row["k"]), sorted({k for _, k in tried})
    if len(tried) == 1:
        yield grave("alone")
    elif len(models) == 1:
        yield grave("one sound", tried=len(tried))
    elif len(ks) == 1:
        yield grave("one k", k=k)
    elif k == ks[-1]:
        yield grave("edge", which="largest", k=k, more="more")
    elif k == ks[0] > 1:
        yield grave("edge", which="smallest", k=k, more="fewer")
    elif k == models["k"].max():
        yield mild("last sound", k=k)


def _end(row: pd.Series, option: str) -> Iterator[Reason]:
    end = row.get("end", "")
    gap = row.get("limit", np.nan) - row["log_likelihood"]
    if end in NO_MAXIMUM:
        yield grave(end)
    elif end != MAXIMUM and row["k"] > 1:
        yield mild("unrecorded")
    if by := row.get("beaten_by", ""):
        yield grave("beaten", by=by.replace(" K=", ", K = "), option=option)
    if end == MAXIMUM and gap > NATS:
        yield mild("short", gap=gap, iterations=int(row["n_iter"]))


def _overtaken(row: pd.Series, models: pd.DataFrame) -> Iterator[Reason]:
    """Say whether the order is another at the maxima, as far as these are known."""
    if "limit" not in models:
        return
    gains = (models["limit"] - models["log_likelihood"]).fillna(0.0)
    ordered = models.assign(bic=models["bic"] - 2 * gains).sort_values("bic", kind="stable")
    for _, first in others(row, ordered.iloc[:1]).iterrows():
        yield grave("overtaken", other=model(first))


def _restarts(row: pd.Series, target: float, option: str) -> Iterator[Reason]:
    hits, finished, draws = row["hits"], row.get("finished", row["draws"]), row["draws"]
    if np.isnan(hits) and row["k"] == 1:  # in closed form
        return
    if draws == 1:
        yield grave("single")
    elif np.isnan(hits):
        yield grave("nothing drawn")
    elif finished > 0 and hits < HITS:
        yield grave("hits", hits=int(hits), finished=int(finished))
    elif row["p_better_bound"] > target:
        bound = Share(row["p_better_bound"])
        yield mild("target", bound=bound, target=Share(target), option=option)
    if row.get("unfinished", 0) > 0:
        yield mild("open runs", unfinished=int(row["unfinished"]), draws=int(draws))


def _rivals(row: pd.Series, models: pd.DataFrame) -> Iterator[Reason]:
    """Say which other models may be better than they are here, those near the best first."""
    rest = others(row, models)
    near = rest["bic"] - row["bic"] < RIVAL
    lesser = pd.Series(False, index=rest.index)
    if "end" in rest:
        lesser |= rest["end"].isin(NO_MAXIMUM)
    if "beaten_by" in rest:
        lesser |= rest["beaten_by"].fillna("") != ""
    rare = (rest["k"] > 1) & (rest["hits"] < HITS) & ~lesser
    about = {"rivals": int(near.sum()), "near": RIVAL, "least": HITS, "models": len(models)}
    for code, rows in (("rivals", near & lesser), ("rare", near & rare), ("open", ~near & lesser)):
        if rows.any():
            numbers = {**about, "count": int(rows.sum()), "names": _names(rest[rows])}
            yield Reason(code, code != "open", numbers)


def _names(rows: pd.DataFrame) -> str:
    words = [model(row) for _, row in rows.iloc[:MOST].iterrows()]
    rest = len(rows) - len(words)
    return listing("en", [*words, *([f"{rest} more"] if rest else [])])


def _gap(row: pd.Series, models: pd.DataFrame) -> Iterator[Reason]:
    for _, second in others(row, models).iloc[:1].iterrows():
        gap = float(second["bic"] - row["bic"])
        if gap < EQUAL:
            yield grave("close", other=model(second), gap=gap)
        elif gap < RIVAL:
            yield mild("lead", other=model(second), gap=gap)


def _stability(row: pd.Series, stability: pd.DataFrame) -> Iterator[Reason]:
    """Look at resamples, and at seeds only where there are none."""
    for _, agreeing in agreement(row, stability).iloc[:1].iterrows():
        if agreeing["ari"] < STABLE and agreeing["kind"] == "seeds":
            yield mild("seeds", runs=agreeing["runs"], start=agreeing["start"], ari=agreeing["ari"])
        elif agreeing["ari"] < STABLE:
            yield grave("unstable", runs=agreeing["runs"], ari=agreeing["ari"])


def _criteria(row: pd.Series, best: pd.DataFrame) -> Iterator[Reason]:
    by_pick: dict[str, list[str]] = {}
    for name, pick in other_choices(row, best).items():
        by_pick.setdefault(pick, []).append(name)
    if by_pick:
        picks = [f"{pick} ({', '.join(names)})" for pick, names in by_pick.items()]
        yield mild("criteria", picks=listing("en", picks))


def _tests(row: pd.Series, tests: pd.DataFrame | None) -> Iterator[Reason]:
    if tests is None:
        return
    rows = rows_at(tests, row[FAMILY])
    if rows.empty:
        return
    k, last = stopping(rows), rows["k0"].max()
    decision = REJECTED if k is None else rows.set_index("k0")["decision"][k]
    if decision == REJECTED and row["k"] <= last:
        yield mild("tests", where=f"rejects every K up to {last}")
    elif decision == KEPT and k != row["k"]:
        yield mild("tests", where=f"ends at K = {k}")
    elif decision == UNDECIDED:
        yield mild("tests", where=f"is undecided at K = {k}")

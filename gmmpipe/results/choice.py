"""Which fits are meant by values of their keys, such as k=3, covariance=tied, iteration=10."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from gmmpipe.errors import InputError, suggest
from gmmpipe.mixture.diagnostics.criteria import CRITERIA
from gmmpipe.results.columns import MODEL
from gmmpipe.results.mixtures import rows_at

MOST = 12  # values that a message lists
OF_RUN = ("start", "seed", "iteration")  # tell one run of a model, and a snapshot of it


class Runs(NamedTuple):
    """The fits of a version; folder: of it, axes: those of the sweep, outer: with dotted names.

    fits: reads the table, which may be long, where ``best`` does not do.
    """

    folder: Path
    fits: Callable[[], pd.DataFrame]
    best: pd.DataFrame
    axes: list[str]
    outer: list[str]


def chosen(runs: Runs, cell: Mapping[str, Any]) -> pd.DataFrame:
    """Return a row like those of ``best`` for each data set and outer point, its best such fit.

    Keys of ``cell`` that are not of a run pick the model, the one ranked first of several, by BIC
    or by what ``criterion`` names. With
    start, seed or iteration the row is that of a run of this model, the nearest to its best: of
    the same start and seed, if others are not asked for. Raises InputError for a key or a value
    that is not there, naming those that are.
    """
    best, axes = runs.best, runs.axes
    wanted: dict[str, Any] = {}
    order = meant("criterion", cell.get("criterion", "bic"), CRITERIA)
    for key, value in cell.items():
        if key == "criterion":
            continue
        if key not in axes and key not in best:
            raise InputError(suggest("key", key, ["criterion", *axes, *best.columns.drop(axes)]))
        values = [] if key in OF_RUN else best[key].unique().tolist()
        if key in axes and not any(is_meant(value, there) for there in values):
            values = runs.fits()[key].unique().tolist()
        wanted[key] = meant(key, value, values)
    run = {key: wanted.pop(key) for key in OF_RUN if key in wanted}
    by = "rank" if order == "bic" else order  # rank is the place by BIC
    if by not in best:
        raise InputError(f"{runs.folder}: is older than the criterion {by}; run it again")
    models = rows_at(best, wanted).sort_values(by, kind="stable")
    if models.empty and wanted:
        raise InputError(
            f"{runs.folder}: no sound fit has {in_words(wanted)}; the table fits has why"
        )
    models = models.drop_duplicates(["dataset", *runs.outer])
    if not run:
        return models
    return pd.DataFrame([_of_run(runs, row, run) for _, row in models.iterrows()])


def _of_run(runs: Runs, best: pd.Series, run: Mapping[str, Any]) -> pd.Series:
    """Return a row of ``best`` with the numbers of the nearest run of its model that is meant."""
    model = {axis: best[axis] for axis in ("dataset", *runs.outer, *MODEL)}
    fits = rows_at(runs.fits(), {**model, "status": "ok"})
    near = rows_at(fits, run)
    if near.empty:
        there = (f"{key} {', '.join(map(str, fits[key].unique()[:MOST]))}" for key in run)
        raise InputError(
            f"{runs.folder}: no run of {in_words(model)} has {in_words(run)};"
            f" it has {'; '.join(there)}"
        )
    order = pd.DataFrame({key: near[key] == best[key] for key in OF_RUN})
    order = order.assign(value=near["log_likelihood"]).sort_values(
        [*OF_RUN, "value"], ascending=False, kind="stable"
    )
    row = near.loc[order.index[0]]
    deltas = {
        name: best[name] + row[criterion] - best[criterion]
        for name in map(str, best.index)
        if (criterion := name.removeprefix("delta_")) != name
    }
    return pd.Series({**best, **{key: row[key] for key in best.index if key in row}, **deltas})


def parsed(option: str, words: Iterable[str]) -> list[tuple[str, str]]:
    """Return the pairs of texts "key=value,key=value", the values of an option."""
    pairs = []
    for item in (part.strip() for text in words for part in text.split(",")):
        key, equals, value = item.partition("=")
        if not equals:
            raise InputError(f"{option} holds {item!r}; give key=value, e.g. dataset=iris,k=3")
        pairs.append((key, value))
    return pairs


def meant(key: str, value: Any, values: Iterable[Any]) -> Any:
    """Return the value of a column that is meant: the same, the same words, or the same number.

    Raises InputError where there is none.
    """
    for there in values:
        if is_meant(value, there):
            return there
    listed = sorted(values, key=lambda there: inf if (n := _number(there)) is None else n)
    raise InputError(suggest(key, value, [str(there) for there in listed]))


def is_meant(value: Any, there: Any) -> bool:
    """Return whether two values are the same, the same words, or the same number."""
    number = _number(value)
    return str(there) == str(value) or (number is not None and _number(there) == number)


def in_words(values: Mapping[str, Any]) -> str:
    """Return values of keys as a person types them."""
    return ", ".join(f"{key}={value}" for key, value in values.items())


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None

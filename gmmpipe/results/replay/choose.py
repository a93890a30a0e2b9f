"""Which fits of an experiment are meant, from ``--cell dataset=iris,k=3``."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from gmmpipe.errors import InputError, suggest
from gmmpipe.results.experiment import Experiment


def chosen(experiment: Experiment, words: Sequence[str]) -> pd.DataFrame:
    """Return the rows of ``fits`` that ``words`` mean, one for each fit.

    words are texts "key=value,key=value"; a key given twice means either value. Without any: the
    selected model of each data set. Of the snapshots of one fit the last that is meant stands for
    it. Raises InputError for an unknown key or value and where nothing is left.
    """
    keys, rows = key_columns(experiment), experiment.fits
    if not words:
        best = experiment.best
        rows = best[best["rank"] == 1]
        if rows.empty:
            raise InputError(f"{experiment.folder}: every fit is degenerate; choose with --cell")
        return rows[[c for c in experiment.fits.columns if c in rows]].reset_index(drop=True)
    wanted = _parsed(words, keys)
    for key, values in wanted.items():
        values_there = experiment.fits[key].unique().tolist()
        meant = {_meant(key, value, values_there) for value in values}
        rows = rows[rows[key].isin(meant)]
    if rows.empty:
        raise InputError(f"no fit has {', '.join(words)}: those values never meet in fits.csv")
    fit = [key for key in keys if key != "iteration"]
    last = rows.sort_values("iteration", kind="stable").drop_duplicates(fit, keep="last")
    return last.sort_index().reset_index(drop=True)


def key_columns(experiment: Experiment) -> list[str]:
    """Return the columns that name a cell: the axes of the sweep."""
    axes = experiment.config["sweep"]
    return [column for column in experiment.fits.columns if column in axes]


def _parsed(words: Sequence[str], keys: list[str]) -> dict[str, list[str]]:
    wanted: dict[str, list[str]] = {}
    for item in (part.strip() for text in words for part in text.split(",")):
        key, equals, value = item.partition("=")
        if not equals:
            raise InputError(f"--cell holds {item!r}; give key=value, e.g. dataset=iris,k=3")
        if key not in keys:
            raise InputError(suggest("--cell key", key, keys))
        wanted.setdefault(key, []).append(value)
    return wanted


def _meant(key: str, text: str, values: list[Any]) -> Any:
    """Return the value of a column that a text means: the same words, or the same number."""
    for value in values:
        if str(value) == text or (_number(text) is not None and _number(value) == _number(text)):
            return value
    raise InputError(suggest(f"--cell {key}", text, [str(value) for value in values]))


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None

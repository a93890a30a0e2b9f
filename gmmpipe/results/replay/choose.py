"""Which fits of an experiment are meant, from ``--cell dataset=iris,k=3``."""

from collections.abc import Sequence

import pandas as pd

from gmmpipe.errors import InputError, suggest
from gmmpipe.results.choice import meant, parsed
from gmmpipe.results.experiment import StoredExperiment


def chosen(experiment: StoredExperiment, words: Sequence[str]) -> pd.DataFrame:
    """Return the rows of ``fits`` that ``words`` mean, one for each fit.

    words are texts "key=value,key=value"; a key given twice means either value. Without any: the
    selected model of each data set. Of the snapshots of one fit the last that is meant stands for
    it. Raises InputError for an unknown key or value and where nothing is left.
    """
    keys, rows = experiment.axes, experiment.fits
    if not words:
        best = experiment.best
        rows = best[best["rank"] == 1]
        if rows.empty:
            raise InputError(f"{experiment.folder}: every fit is degenerate; choose with --cell")
        return rows[[c for c in experiment.fits.columns if c in rows]].reset_index(drop=True)
    wanted = _parsed(words, keys)
    for key, values in wanted.items():
        values_there = experiment.fits[key].unique().tolist()
        rows = rows[
            rows[key].isin({meant(f"--cell {key}", value, values_there) for value in values})
        ]
    if rows.empty:
        raise InputError(f"no fit has {', '.join(words)}: those values never meet in fits.csv")
    fit = [key for key in keys if key != "iteration"]
    last = rows.sort_values("iteration", kind="stable").drop_duplicates(fit, keep="last")
    return last.sort_index().reset_index(drop=True)


def _parsed(words: Sequence[str], keys: list[str]) -> dict[str, list[str]]:
    wanted: dict[str, list[str]] = {}
    for key, value in parsed("--cell", words):
        if key not in keys:
            raise InputError(suggest("--cell key", key, keys))
        wanted.setdefault(key, []).append(value)
    return wanted

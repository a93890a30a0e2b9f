"""The tables of a finished version, one data set at one outer point of the sweep at a time."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gmmpipe.figures import FIGURES, DatasetTables, Style
from gmmpipe.mixture.slices import subset
from gmmpipe.results.bootstrap_tests import with_level
from gmmpipe.results.build.stability import stacked
from gmmpipe.results.columns import RUN, SETTINGS
from gmmpipe.results.dataset_tables import MOST_NUMBERS, MOST_SHOWN
from gmmpipe.results.mixtures import rows_at
from gmmpipe.results.refit import steps
from gmmpipe.results.tables import TABLES
from gmmpipe.results.version_tables import VersionTables
from gmmpipe.store import artifacts
from gmmpipe.store.plan import Plan

LONG = ("parameters", "trajectories")
UNREAD = (*LONG, "labels", "imputed")  # as a whole
MOST_RUNS = (
    1_000  # of a model and start; of more, some evenly over the seeds are drawn, and the best
)


def style_of(wanted: Mapping[str, Any]) -> Style:
    """Return the style in the section `figures` of a configuration."""
    taste: dict[str, Any] = {field.name: wanted[field.name] for field in fields(Style)}
    return Style(**{**taste, "sigmas": tuple(taste["sigmas"])})


def seen_by(name: str, dataset: str, case: str, tables: DatasetTables) -> tuple[DatasetTables, str]:
    """Return the tables as a figure sees them, and what its file is named after."""
    if FIGURES[name].across:
        return replace(tables, dataset=dataset), _file_part(dataset)
    return tables, case


def frames_of(plan: Plan) -> dict[str, pd.DataFrame]:
    """Return the tables of a finished version by name, but for those that may be long.

    Of ``labels`` there are the samples that are shown.
    """
    tables = VersionTables(plan.folder)
    shown = [(at, _shown(plan.data_sets[data].n)) for data, at in plan.cases()]
    labels = _labels(tables.stored("labels"), shown)
    names = [t.name for t in TABLES.values() if t.name not in UNREAD and t.is_asked(plan)]
    frames = {name: tables.frame(name) for name in names}
    for name, frame in frames.items():
        if "level" in TABLES[name].names():
            level = plan.config["bootstrap"]["level"]
            frames[name] = with_level(frame, plan.outer, level)
    return {"labels": labels} | frames


def _shown(n: int) -> npt.NDArray[np.int64]:
    """Return which of n samples figures and the report show: all, or a random choice."""
    return subset(n, MOST_SHOWN, "shown")


def _labels(
    table: artifacts.StoredTable, shown: Sequence[tuple[Mapping[str, Any], Any]]
) -> pd.DataFrame:
    """Return the rows of the table of the samples that are shown of each case."""
    parts = [table.rows(pd.DataFrame({"row": []}))]
    seen = [0] * len(shown)  # samples of each case; `row` counts those of the file
    for part in table.parts(table.columns):
        for case, (at, rows) in enumerate(shown):
            rows_of_case = _at(part, at)
            first, seen[case] = seen[case], seen[case] + len(rows_of_case)
            begin, end = np.searchsorted(rows, (first, seen[case]))
            parts.append(rows_of_case.iloc[rows[begin:end] - first])
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def cases(
    plan: Plan, frames: Mapping[str, pd.DataFrame]
) -> Iterator[tuple[tuple[str, str], DatasetTables]]:
    """Yield ((data set, file name part), tables) of each data set at each outer point.

    Of parameters and trajectories there are the rows of the runs that may be drawn.
    """
    tables = VersionTables(plan.folder)
    long = {name: tables.stored(name) for name in LONG}
    budget = MOST_NUMBERS // sum(1 for _ in plan.cases())
    for stored, at in plan.cases():
        here = {name: _at(frame, at) for name, frame in frames.items()}
        fits = here["fits"].query("status == 'ok'")  # a failed one has no numbers
        d = plan.data_sets[stored].d
        fits = fits.assign(drawn=drawn(fits, here["best"], d, budget))
        keys = fits.loc[fits["drawn"], [*at, *RUN]].drop_duplicates()
        here |= {name: table.rows(keys) for name, table in long.items()}
        data = artifacts.read_arrays(plan.stored(stored))
        x, rows, labels = data["x"], _shown(len(data["x"])), None
        if "labels" in data:
            codes = pd.Categorical.from_codes(data["labels"][rows], data["classes"].tolist())
            labels = pd.Series(codes)
        words = [at["dataset"], *(f"{axis}={at[axis]}" for axis in plan.outer)]
        named = {field.name for field in fields(DatasetTables)} & here.keys()
        arguments: dict[str, Any] = {name: here[name] for name in named}
        arguments |= {
            "dataset": ", ".join(words),
            "x": pd.DataFrame(x[rows], columns=data["features"].tolist()),
            "whole": len(x),
            "labels": labels,
            "fits": fits,
            "assignments": here["labels"],
            "stability": stacked(here["stability"], here.get("resamples")),
            "recovery": _at(frames["recovery"], {"dataset": at["dataset"]}),
            "tests": here.get("bootstrap"),
            "replay": partial(steps, plan, at, here["parameters"]),
        }
        yield (at["dataset"], _file_part(".".join(words))), DatasetTables(**arguments)


def drawn(fits: pd.DataFrame, best: pd.DataFrame, d: int, numbers: int) -> pd.Series:
    """Return for each row of ``fits`` whether its run may be drawn.

    These are the runs in ``best``, and of each model and start the likeliest and others evenly over
    the seeds: as many as make up so many numbers of data with d features, ``MOST_RUNS`` at most.
    """
    ends = fits.sort_values("iteration", kind="stable").drop_duplicates(RUN, keep="last")
    ends = ends.sort_values("seed", kind="stable")
    by_model = ends.groupby(SETTINGS, sort=False)
    snapshots = max(fits["iteration"].nunique(), 1)
    each = by_model["k"].first() * snapshots * 2 * (d + 1) ** 2 + fits["iteration"].max()
    most = min(MOST_RUNS, max(1, int(numbers // max(each.sum(), 1))))
    order = ends.sort_values(
        ["degenerate", "log_likelihood"], ascending=[True, False], kind="stable"
    )
    likeliest = ends.index.isin(order.drop_duplicates(SETTINGS).index)
    place, count = by_model.cumcount(), by_model["seed"].transform("size")
    even = place * most // count != (place - 1) * most // count  # all where there are no more
    kept = ends.loc[even | likeliest, RUN]
    kept = pd.concat([kept, best[RUN]]).drop_duplicates()
    is_drawn = fits[RUN].merge(kept, on=RUN, how="left", indicator=True)["_merge"] == "both"
    return is_drawn.set_axis(fits.index)


def _file_part(words: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.+=-]", "_", words)


def _at(frame: pd.DataFrame, at: Mapping[str, Any]) -> pd.DataFrame:
    return rows_at(frame, at).reset_index(drop=True)

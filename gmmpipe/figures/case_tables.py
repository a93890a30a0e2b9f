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
MOST_RUNS = 1_000  # drawn of a model and start: of more the best, and others evenly over the seeds


def style_from(section: Mapping[str, Any]) -> Style:
    """Return the style in the section `figures` of a configuration."""
    settings: dict[str, Any] = {field.name: section[field.name] for field in fields(Style)}
    return Style(**{**settings, "sigmas": tuple(settings["sigmas"])})


def tables_for(
    name: str, dataset: str, case: str, tables: DatasetTables
) -> tuple[DatasetTables, str]:
    """Return the tables as a figure sees them, and what its file is named after."""
    if FIGURES[name].across:
        return replace(tables, dataset=dataset), _file_part(dataset)
    return tables, case


def version_frames(
    plan: Plan, manifest: Mapping[str, Any] | None = None
) -> dict[str, pd.DataFrame]:
    """Return the tables of a finished version by name, but for those that may be long.

    Of ``labels`` there are the samples that are shown. manifest: as of ``VersionTables``.
    """
    tables = VersionTables(plan.folder, plan.outer, manifest=manifest)
    rows = [(point, _rows_to_show(plan.data_sets[data].n)) for data, point in plan.cases()]
    labels = _labels(tables.stored("labels"), rows)
    names = [t.name for t in TABLES.values() if t.name not in UNREAD and t.is_asked(plan)]
    frames = {name: tables.frame(name) for name in names}
    for name, frame in frames.items():
        if "level" in TABLES[name].names():
            level = plan.config["bootstrap"]["level"]
            frames[name] = with_level(frame, plan.outer, level)
    return {"labels": labels} | frames


def _rows_to_show(n: int) -> npt.NDArray[np.int64]:
    """Return which of n samples figures and the report show: all, or a random choice."""
    return subset(n, MOST_SHOWN, "shown")


def _labels(
    table: artifacts.StoredTable, rows_by_case: Sequence[tuple[Mapping[str, Any], Any]]
) -> pd.DataFrame:
    """Return the rows of the table of the samples that are shown of each case."""
    parts = [table.rows(pd.DataFrame({"row": []}))]
    counts = [0] * len(rows_by_case)  # samples of each case so far; `row` counts those of the file
    for part in table.parts(table.columns):
        for case, (point, rows) in enumerate(rows_by_case):
            rows_of_case = _rows_at(part, point)
            first, counts[case] = counts[case], counts[case] + len(rows_of_case)
            begin, end = np.searchsorted(rows, (first, counts[case]))
            parts.append(rows_of_case.iloc[rows[begin:end] - first])
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def case_tables(
    plan: Plan, frames: Mapping[str, pd.DataFrame], manifest: Mapping[str, Any] | None = None
) -> Iterator[tuple[tuple[str, str], DatasetTables]]:
    """Yield ((data set, file name part), tables) of each data set at each outer point.

    Of parameters and trajectories there are the rows of the runs that may be drawn. manifest: as
    of ``VersionTables``.
    """
    tables = VersionTables(plan.folder, plan.outer, manifest=manifest)
    long = {name: tables.stored(name) for name in LONG}
    budget = MOST_NUMBERS // sum(1 for _ in plan.cases())
    for stored, point in plan.cases():
        case_frames = {name: _rows_at(frame, point) for name, frame in frames.items()}
        fits = case_frames["fits"].query("status == 'ok'")  # a failed one has no numbers
        d = plan.data_sets[stored].d
        fits = fits.assign(drawn=runs_to_draw(fits, case_frames["best"], d, budget))
        keys = fits.loc[fits["drawn"], [*point, *RUN]].drop_duplicates()
        case_frames |= {name: table.rows(keys) for name, table in long.items()}
        data = artifacts.read_arrays(plan.stored(stored), "x", "features")
        x, rows, labels = data["x"], _rows_to_show(len(data["x"])), None
        if "labels" in data:
            codes = pd.Categorical.from_codes(data["labels"][rows], data["classes"].tolist())
            labels = pd.Series(codes)
        title = [point["dataset"], *(f"{axis}={point[axis]}" for axis in plan.outer)]
        names = {field.name for field in fields(DatasetTables)} & case_frames.keys()
        arguments: dict[str, Any] = {name: case_frames[name] for name in names}
        arguments |= {
            "dataset": ", ".join(title),
            "x": pd.DataFrame(x[rows], columns=data["features"].tolist()),
            "whole": len(x),
            "labels": labels,
            "fits": fits,
            "assignments": case_frames["labels"],
            "stability": stacked(case_frames["stability"], case_frames.get("resamples")),
            "recovery": _rows_at(frames["recovery"], {"dataset": point["dataset"]}),
            "tests": case_frames.get("bootstrap"),
            "replay": partial(steps, plan, point, case_frames["parameters"]),
        }
        yield (point["dataset"], _file_part(".".join(title))), DatasetTables(**arguments)


def runs_to_draw(
    fits: pd.DataFrame, best: pd.DataFrame, d: int, numbers: int, most_runs: int = MOST_RUNS
) -> pd.Series:
    """Return for each row of ``fits`` whether its run may be drawn.

    These are the runs in ``best``, and of each model and start the likeliest and others evenly over
    the seeds: as many as make up so many numbers of data with d features, ``most_runs`` at most.
    """
    ends = fits.sort_values("iteration", kind="stable").drop_duplicates(RUN, keep="last")
    ends = ends.sort_values("seed", kind="stable")
    by_model = ends.groupby(SETTINGS, sort=False)
    snapshots = max(fits["iteration"].nunique(), 1)
    each = by_model["k"].first() * snapshots * 2 * (d + 1) ** 2 + fits["iteration"].max()
    most = min(most_runs, max(1, int(numbers // max(each.sum(), 1))))
    order = ends.sort_values(
        ["degenerate", "log_likelihood"], ascending=[True, False], kind="stable"
    )
    likeliest = ends.index.isin(order.drop_duplicates(SETTINGS).index)
    place, count = by_model.cumcount(), by_model["seed"].transform("size")
    even = place * most // count != (place - 1) * most // count  # all where there are no more
    runs = pd.concat([ends.loc[even | likeliest, RUN], best[RUN]]).drop_duplicates()
    is_drawn = fits[RUN].merge(runs, on=RUN, how="left", indicator=True)["_merge"] == "both"
    return is_drawn.set_axis(fits.index)


def _file_part(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.+=-]", "_", text)


def _rows_at(frame: pd.DataFrame, point: Mapping[str, Any]) -> pd.DataFrame:
    return rows_at(frame, point).reset_index(drop=True)

"""Combine the bootstrap of a version into tables: a row per test, per parameter, per K."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from gmmpipe.errors import InputError
from gmmpipe.mixture.bootstrap.intervals import interval, p_value
from gmmpipe.mixture.diagnostics.matching import comparison_rows, partners
from gmmpipe.mixture.mixture import FIRST, Mixture
from gmmpipe.results.bootstrap_tests import decided, groups, stopping
from gmmpipe.results.build.ranking import ALL
from gmmpipe.results.build.stability import stability
from gmmpipe.results.columns import FAMILY, MODEL
from gmmpipe.results.mixtures import rows_at, to_mixture
from gmmpipe.results.tables import TABLES, write_tables
from gmmpipe.results.version_tables import VersionTables
from gmmpipe.store import artifacts
from gmmpipe.store.entries import BootstrapBlock
from gmmpipe.store.jobs import to_json
from gmmpipe.store.plan import Plan

Row = dict[str, Any]
Block = tuple[BootstrapBlock, dict[str, Any]]  # and its arrays


def run(inputs: Sequence[str], output: str, threads: int = 1) -> None:
    """Write the bootstrap's tables of the plan ``inputs[0]``, .parquet and .csv, into ``output``.

    They are bootstrap (the tests), intervals, and resamples (stability between resamples).

    Raises InputError for a damaged artifact.
    """
    del threads
    plan = Plan.read(inputs[0])
    if not plan.bootstrap_blocks:
        raise InputError(
            f"{plan.experiment} has no bootstrap to combine; set bootstrap.replicates=199 or"
            " bootstrap.stability=50"
        )
    level = plan.config["bootstrap"]["level"]
    tests: list[Row] = []
    intervals: list[Row] = []
    fits: list[Row] = []
    for windows in _groups(plan):
        kind = windows[0][0].config.kind
        if kind == "test":
            tests.extend(_tests(windows))
        elif kind == "stability":
            fits.extend(_resamples(plan, windows))
        else:
            intervals.extend(_intervals(plan, windows, level))
    frames = {
        "bootstrap": _decided(pd.DataFrame(tests), plan.outer, level),
        "intervals": pd.DataFrame(intervals, columns=TABLES["intervals"].names(plan.outer)),
        "resamples": stability(pd.DataFrame(fits), plan.outer, "bootstrap"),
    }
    write_tables(output, frames)


def _groups(plan: Plan) -> Iterator[list[Block]]:
    """Yield the blocks that are windows of the same replicates, in their order."""
    groups: dict[str, list[Block]] = {}
    for block, path in zip(plan.bootstrap_blocks.values(), plan.bootstraps, strict=True):
        same = to_json(replace(block.config, replicates=[]))
        identity = artifacts.digest([block.normalised, same])
        groups.setdefault(identity, []).append((block, artifacts.read_arrays(path)))
    yield from groups.values()


def _tests(windows: Sequence[Block]) -> Iterator[Row]:
    """Yield a row for each K of some windows of tests."""
    block, first = windows[0]
    statistics = np.concatenate([arrays["statistic"] for _, arrays in windows], axis=1)
    reasons = np.concatenate([arrays["reason"] for _, arrays in windows], axis=1)
    for i, k in enumerate(first["k"].tolist()):
        observed = float(first["observed"][i])
        p, error = p_value(observed, statistics[i])
        yield {
            **block.config.coordinates,
            "k0": k,
            "k1": k + 1,
            "statistic": observed,
            "replicates": len(reasons[i]),
            "degenerate": int(np.count_nonzero(reasons[i] != "")),
            "p_value": p,
            "mc_error": error,
            "reason": next((str(reason) for reason in reasons[i] if reason), ""),
            "null": statistics[i],
        }


def _decided(tests: pd.DataFrame, outer: list[str], level: float) -> pd.DataFrame:
    """Return the tests with what they decide, and print where testing stops."""
    columns = TABLES["bootstrap"].names(outer)
    if tests.empty:
        return pd.DataFrame(columns=columns)
    rows = decided(tests, outer, level)
    for family in groups(rows, outer):
        k, point = stopping(family), family[["dataset", *FAMILY, *outer]].iloc[0].to_dict()
        how = "all K rejected" if k is None else f"K = {k} {family.set_index('k0')['decision'][k]}"
        print(f"{point}: {how} at level {level:g}")
    return rows[columns]


def _intervals(plan: Plan, windows: Sequence[Block], level: float) -> Iterator[Row]:
    """Yield a row for each parameter of the mixture that some windows resampled."""
    block, first = windows[0]
    if not len(first["weight"]):
        return
    reasons = np.concatenate([arrays["reason"] for _, arrays in windows])
    sound = reasons == ""
    data = artifacts.read_arrays(plan.raw(block.normalised), "features")
    features = data["features"].tolist()
    key = {**block.config.coordinates, "k": len(first["weight"]), "kind": block.config.kind}
    observed = Mixture(first["weight"], first["mean"], first["covariance"])
    numbers = _numbers(plan, key, observed)
    tail = {"replicates": len(reasons), "degenerate": int(np.count_nonzero(~sound))}
    for parameter in ("weight", "mean", "covariance"):
        values = np.concatenate([arrays[f"replicate_{parameter}"] for _, arrays in windows])
        bounds = interval(values[sound], level)
        for index, estimate in sorted(
            np.ndenumerate(first[parameter]), key=lambda entry: numbers[entry[0][0]]
        ):
            if parameter == "covariance" and index[1] > index[2]:  # symmetric
                continue
            named = [features[j] for j in index[1:]]
            yield {
                **key,
                "component": numbers[index[0]],
                "parameter": parameter,
                "feature": named[0] if named else "",
                "other_feature": named[1] if len(named) > 1 else "",
                "estimate": float(estimate),
                "level": level,
                **{
                    word: float(v[index])
                    for word, v in zip(("se", "low", "high"), bounds, strict=True)
                },
                **tail,
            }


def _resamples(plan: Plan, windows: Sequence[Block]) -> Iterator[Row]:
    """Yield a row for each fit of a resample, with its labels, as ``stability`` wants them."""
    block, first = windows[0]
    data = artifacts.read_arrays(plan.raw(block.normalised), "x")
    x = data["x"]
    weight = data.get("weight", np.ones(len(x)))[comparison_rows(len(x))]
    for _, arrays in windows:
        for (i, r), sound in np.ndenumerate(arrays["sound"]):
            yield {
                **block.config.coordinates,
                "start": ALL,
                "k": int(first["k"][i]),
                "seed": int(arrays["replicate"][r]),
                "degenerate": not sound,
                "labels": arrays["labels"][i, r],
                "weight": weight,
            }


def _numbers(plan: Plan, key: Row, observed: Mixture) -> list[int]:
    """Return the number that each component has in the other tables."""
    tables = VersionTables(plan.folder, plan.outer)
    parameters, best = tables.stored("parameters"), tables.frame("best")
    best = rows_at(best, {axis: key[axis] for axis in ("dataset", *plan.outer, *MODEL)})
    cell = [column for column in parameters.columns if column in best.columns]
    mixture = to_mixture(parameters.rows(best[cell]))
    numbers: list[int] = (partners(observed, mixture) + FIRST).tolist()
    return numbers

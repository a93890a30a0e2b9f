"""Which numbers moved between two versions, cell by cell and model by model."""

from collections.abc import Mapping, Sequence
from math import isclose
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from gmmpipe.errors import InputError
from gmmpipe.mixture.diagnostics.best_fit import TIE
from gmmpipe.mixture.diagnostics.criteria import n_samples
from gmmpipe.results.columns import MODEL
from gmmpipe.results.compare.settings import data_digests
from gmmpipe.results.experiment import StoredExperiment
from gmmpipe.store.plan import AXES

OTHER = "other data"
COUNTED = ("bic", "log_likelihood", "n_parameters")  # from which N follows
ROUNDING = TIE  # relative change that is rounding, not another number


Place = tuple[Any, ...]


class Matched(NamedTuple):
    """The rows that two tables share, by their keys, and how many each has alone.

    both has the columns of the keys, then those of either table with the suffixes _a and _b.
    """

    keys: list[str]
    both: pd.DataFrame
    only_a: int
    only_b: int


def outer_axes(before: StoredExperiment, after: StoredExperiment) -> list[str]:
    """Return the outer axes of either sweep; the other has one point on them."""
    return list(dict.fromkeys([*before.outer, *after.outer]))


def table(experiment: StoredExperiment, name: str, outer: Sequence[str]) -> pd.DataFrame:
    """Return a table with all outer axes as texts, those not swept from the configuration.

    Of parameters the rows of the cells in ``best``.
    """
    best = name == "parameters"
    frame = experiment.rows(name, experiment.best) if best else getattr(experiment, name)
    added = {
        axis: frame[axis].map(_as_text) if axis in frame else _setting(experiment.config, axis)
        for axis in outer
    }
    return frame.assign(**added)


def matched(a: pd.DataFrame, b: pd.DataFrame, keys: Sequence[str]) -> Matched:
    """Return the rows of a and b that agree in the keys, in the order of a."""
    keys = list(keys)
    try:
        both = a.merge(b, on=keys, suffixes=("_a", "_b"), validate="one_to_one")
    except pd.errors.MergeError:
        raise InputError(
            f"a table has several rows of the same {', '.join(keys)}; verify both versions"
        ) from None
    return Matched(keys, both, len(a) - len(both), len(b) - len(both))


def cells(before: StoredExperiment, after: StoredExperiment) -> Matched:
    """Return the cells of both sweeps."""
    outer = outer_axes(before, after)
    a, b = table(before, "fits", outer), table(after, "fits", outer)
    return matched(a, b, [*(axis for axis in AXES if axis in a and axis in b), *outer])


def models(before: StoredExperiment, after: StoredExperiment) -> Matched:
    """Return the rows of ``best`` of the models that both fitted soundly."""
    outer = outer_axes(before, after)
    a, b = table(before, "best", outer), table(after, "best", outer)
    return matched(a, b, ["dataset", *MODEL, *outer])


def unlike(before: StoredExperiment, after: StoredExperiment) -> dict[Place, str]:
    """Return {(data set, *outer point): why} of those whose log-likelihoods cannot be compared."""
    keys = ["dataset", *outer_axes(before, after)]
    a, b = (
        table(e, "fits", keys[1:]).dropna(subset=["bic"]).drop_duplicates(keys)
        for e in (before, after)
    )
    old, new = (data_digests(e.manifest, e.config) for e in (before, after))
    result: dict[Place, str] = {}
    for _, row in matched(a, b, keys).both.iterrows():
        n = [n_samples(*(row[f"{name}_{side}"] for name in COUNTED)) for side in "ab"]
        digests = {*old[row["dataset"]]}, {*new[row["dataset"]]}
        if not (digests[0] <= digests[1] or digests[1] <= digests[0]):
            result[place(row, keys)] = OTHER
        elif not isclose(*n, rel_tol=1e-6):
            result[place(row, keys)] = f"N was {n[0]:.7g} and is {n[1]:.7g}"
    return result


def comparable(rows: Matched, unlike: Mapping[Place, str]) -> npt.NDArray[np.bool_]:
    """Return for each row of both whether its log-likelihoods can be compared."""
    keys = ["dataset", *(key for key in rows.keys if "." in key)]
    places = zip(*(rows.both[key] for key in keys), strict=True)
    return np.array([place not in unlike for place in places], dtype=bool)


def place(row: pd.Series, keys: Sequence[str]) -> Place:
    """Return the values of a row by which a data set at an outer point is known."""
    return tuple(row[key] for key in keys)


def movements(cells: Matched) -> pd.DataFrame:
    """Return a row for each number of the cells: how often and how far it moved, and where.

    moved counts cells beyond rounding (relative 1e-9), rounding those within; change is the
    largest, after minus before; median that of the absolute changes of those that moved; where
    the cell of the largest, by the keys that vary.
    """
    rows, varying = [], [key for key in cells.keys if cells.both[key].nunique() > 1]
    for name in _numbers(cells.both):
        a, b = (cells.both[f"{name}_{side}"].to_numpy(np.float64) for side in "ab")
        with np.errstate(invalid="ignore"):
            change = b - a
            differs = ~((a == b) | (np.isnan(a) & np.isnan(b)))
            near = np.abs(change) <= ROUNDING * np.maximum(np.abs(a), np.abs(b))
        moved = differs & ~near
        size = np.where(moved, np.abs(change), -1.0)
        largest = int(np.nanargmax(size)) if np.isfinite(size).any() and moved.any() else None
        rows.append(
            {
                "number": name,
                "cells": len(a),
                "moved": int(moved.sum()),
                "rounding": int((differs & near).sum()),
                "change": np.nan if largest is None else change[largest],
                "median": np.nan if largest is None else float(np.nanmedian(np.abs(change[moved]))),
                "where": "" if largest is None else where(cells.both.iloc[largest], varying),
            }
        )
    columns = ["number", "cells", "moved", "rounding", "change", "median", "where"]
    return pd.DataFrame(rows, columns=columns)


def where(row: pd.Series, keys: Sequence[str]) -> str:
    """Return the coordinates of a row as one text."""
    return ", ".join(f"{key}={row[key]}" for key in keys)


def _numbers(both: pd.DataFrame) -> list[str]:
    """Return the numbers, and the yes or no, that both tables have."""
    names = [str(name)[:-2] for name in both.columns if str(name).endswith("_a")]
    kinds = "biuf"
    return [
        name
        for name in names
        if f"{name}_b" in both and {both[f"{name}_{side}"].dtype.kind for side in "ab"} <= {*kinds}
    ]


def _setting(config: Mapping[str, Any], axis: str) -> str:
    value: Any = config
    for part in axis.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return _as_text(value)


def _as_text(value: Any) -> str:
    """Return a setting as a text: 1, 1.0 and numpy's 1 are the same."""
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        return f"{float(value):.12g}"
    return str(value)

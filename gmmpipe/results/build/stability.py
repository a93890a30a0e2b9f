"""Table `stability`: how far fits of the same samples agree, from seed to seed."""

from typing import Any

import numpy as np
import pandas as pd

from gmmpipe.mixture.diagnostics.stability import stability as summary
from gmmpipe.results.build.ranking import ALL
from gmmpipe.results.mixtures import table

GROUP = ("normaliser", "covariance", "start", "k")
COLUMNS = (*GROUP, "kind", "runs", "ari", "standard_error")
MOST_RUNS = 100  # of a group: 4,950 pairs


def stability(runs: pd.DataFrame, outer: list[str], kind: str = "seeds") -> pd.DataFrame:
    """Return mean adjusted Rand index and standard error over pairs of fits of equal settings.

    runs: a row per fit with its ``labels``, perhaps the ``weight`` of the samples compared, and
    whether it is ``degenerate``; such fits are left out, and of more than ``MOST_RUNS`` in a group
    those of the first seeds count: ``runs`` says how many did. A group of fewer than two has no
    row. kind: what sets the fits of a group apart, their ``seeds``, or the resamples of a
    ``bootstrap``, numbered in ``seed``.
    """
    key = ["dataset", *outer, *GROUP]
    rows: list[dict[str, Any]] = []
    if runs.empty:
        return table(rows, ["dataset", *outer, *COLUMNS])
    for values, ours in runs[~runs["degenerate"]].groupby(key, sort=False, dropna=False):
        labels = ours.sort_values("seed", kind="stable")["labels"].head(MOST_RUNS)
        if len(labels) > 1:
            weight = ours["weight"].iloc[0] if "weight" in ours else None
            stacked = np.stack(labels.to_list()).astype(np.int64)
            found = summary(stacked - min(int(stacked.min()), 0), weight)  # NOISE is a cluster too
            row = dict(zip(key, values, strict=True)) | {"kind": kind, "runs": found.runs}
            rows.append(row | {"ari": found.mean, "standard_error": found.standard_error})
    return table(rows, ["dataset", *outer, *COLUMNS])


def stacked(*parts: pd.DataFrame | None) -> pd.DataFrame:
    """Return the rows of such tables, those of seeds first; None and empty ones add none."""
    there = [part for part in parts if part is not None and len(part)]
    return pd.concat(there, ignore_index=True) if there else table([], ["start", "kind"])


def agreement(row: pd.Series, stability: pd.DataFrame) -> pd.DataFrame:
    """Return what is known of the clusters of a row of ``best``, resamples before seeds.

    Resamples are refitted from starts of their own; of seeds those of the row's start count.
    """
    if stability.empty:
        return stability
    keep = stability["start"].isin([row["start"], ALL])
    for key in ("normaliser", "covariance", "k"):
        keep &= stability[key] == row[key]
    return stability[keep].sort_values("kind", key=lambda kind: kind == "seeds", kind="stable")

"""Table `stability`: how far fits of the same samples agree, from seed to seed."""

from typing import Any

import numpy as np
import pandas as pd

from gmmpipe.mixture.diagnostics.stability import stability as summary
from gmmpipe.results.build.ranking import ALL
from gmmpipe.results.columns import MODEL, SETTINGS
from gmmpipe.results.mixtures import rows_at
from gmmpipe.results.tables import TABLES

MOST_RUNS = 100  # of a group: 4,950 pairs


def stability(
    runs: pd.DataFrame, outer: list[str], kind: str = "seeds", most_runs: int = MOST_RUNS
) -> pd.DataFrame:
    """Return mean adjusted Rand index and standard error over pairs of fits of equal settings.

    runs: a row per fit with its ``labels``, perhaps the ``weight`` of the samples compared, and
    whether it is ``degenerate``; such fits are left out, and of more than ``most_runs`` in a group
    those of the first seeds count: ``runs`` says how many did. A group of fewer than two has no
    row. kind: what sets the fits of a group apart, their ``seeds``, or the resamples of a
    ``bootstrap``, numbered in ``seed``.
    """
    key, columns = ["dataset", *outer, *SETTINGS], TABLES["stability"].names(outer)
    rows: list[dict[str, Any]] = []
    if runs.empty:
        return pd.DataFrame(rows, columns=columns)
    for values, group in runs[~runs["degenerate"]].groupby(key, sort=False, dropna=False):
        labels = group.sort_values("seed", kind="stable")["labels"].head(most_runs)
        if len(labels) > 1:
            weight = group["weight"].iloc[0] if "weight" in group else None
            stacked = np.stack(labels.to_list()).astype(np.int64)
            pairs = summary(stacked - min(int(stacked.min()), 0), weight)  # NOISE is a cluster too
            row = dict(zip(key, values, strict=True)) | {"kind": kind, "runs": pairs.runs}
            rows.append(row | {"ari": pairs.mean, "standard_error": pairs.standard_error})
    return pd.DataFrame(rows, columns=columns)


def stacked(*parts: pd.DataFrame | None) -> pd.DataFrame:
    """Return the rows of such tables, those of seeds first; None and empty ones add none."""
    filled = [part for part in parts if part is not None and len(part)]
    return (
        pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=["start", "kind"])
    )


def agreement(row: pd.Series, stability: pd.DataFrame) -> pd.DataFrame:
    """Return what is known of the clusters of a row of ``best``, resamples before seeds.

    Resamples are refitted from starts of their own; of seeds those of the row's start count.
    """
    if stability.empty:
        return stability
    rows = rows_at(stability, row[MODEL])
    rows = rows[rows["start"].isin([row["start"], ALL])]
    return rows.sort_values("kind", key=lambda kind: kind == "seeds", kind="stable")

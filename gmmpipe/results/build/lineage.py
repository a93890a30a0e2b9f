"""Table `lineage`: which component of a K the components of the next K come from."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import pandas as pd

from gmmpipe.mixture.diagnostics.lineage import Link, links, overlaps
from gmmpipe.mixture.mixture import FIRST
from gmmpipe.results.mixtures import Case, mixtures, rows_at
from gmmpipe.results.tables import TABLES


def lineage(
    best: pd.DataFrame,
    parameters: pd.DataFrame,
    cases: Iterable[Case],
    outer: list[str],
    threads: int = 1,
) -> pd.DataFrame:
    """Return the links between the best fits of neighbouring K of each (case, family).

    Of several normalisers the likeliest fit stands for a K. mass is the part of all samples that
    a component shares with its parent, share that over the component's own part; noise is left out.
    """
    rows: list[dict[str, Any]] = []
    for coordinates, data in cases:
        case_rows = rows_at(best, coordinates).sort_values(
            "log_likelihood", ascending=False, kind="stable"
        )
        for covariance, family in case_rows.groupby("covariance", sort=False):
            cells = family.drop_duplicates("k").sort_values("k")
            fitted = mixtures(cells, parameters)
            key = {**coordinates, "covariance": covariance}
            for overlap in overlaps(data["x"], fitted, data.get("weight"), threads):
                rows += [{**key, **_numbered(link)} for link in links(overlap)]
    return pd.DataFrame(rows, columns=TABLES["lineage"].names(outer))


def _numbered(link: Link) -> dict[str, Any]:
    """Return a link, its components by their numbers."""
    values = asdict(link)
    return values | {name: values[name] + FIRST for name in ("parent", "component")}

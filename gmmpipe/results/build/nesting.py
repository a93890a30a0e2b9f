"""Models that contain others: one with a lower log-likelihood is certainly not at its best."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from gmmpipe.mixture.diagnostics.restarts import NATS
from gmmpipe.mixture.families.containment import contains


def beaten_by(
    best: pd.DataFrame, outer: Sequence[str], features: Mapping[tuple[Any, ...], int]
) -> list[str]:
    """Return for each row of ``best`` the model that it contains and that is likelier, or "".

    K components contain K - 1, of which one counts twice, and families contain others. The
    likeliest such model is named, e.g. "full K=5"; both have the same data set, normaliser and
    outer point. features: D for each (data set, outer point) where nesting proves something, see
    ``FitOptions.nests``.
    """
    names = pd.Series("", index=best.index)
    for _, rows in best.groupby(["dataset", *outer, "normaliser"], sort=False):
        d = features.get(tuple(rows.iloc[0][["dataset", *outer]]))
        if d is None:
            continue
        ordered = rows.sort_values("log_likelihood", ascending=False, kind="stable")
        models = list(zip(ordered["covariance"], ordered["k"], strict=True))
        values = ordered["log_likelihood"].tolist()
        for i, (family, k) in enumerate(models):
            for (lesser, fewer), value in zip(models[:i], values, strict=False):
                if value > values[i] + NATS and fewer <= k and contains(family, lesser, d):
                    names[ordered.index[i]] = f"{lesser} K={fewer}"
                    break
    return names.tolist()

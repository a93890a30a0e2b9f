"""Table `recovery`: how near the fits of drawn data come to the mixture they were drawn from."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from gmmpipe.mixture.bootstrap.parameters import responsibilities
from gmmpipe.mixture.diagnostics.metrics import ari
from gmmpipe.mixture.diagnostics.recovery import BayesRule, bayes
from gmmpipe.mixture.diagnostics.recovery import recovery as errors
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.results.columns import CELL, RECOVERED
from gmmpipe.results.mixtures import Case, mixtures, rows_at
from gmmpipe.results.tables import TABLES


def recovery(
    best: pd.DataFrame,
    parameters: pd.DataFrame,
    cases: Iterable[Case],
    outer: list[str],
    threads: int = 1,
) -> pd.DataFrame:
    """Return a row for the best fit of the true K of each (case, normaliser, family).

    ``ari`` and ``error`` (share of samples wrong) are the fit's, ``bayes_ari`` and ``bayes_error``
    those of the classifier that knows the true mixture. ``weight_error`` is the total variation
    distance of the weights; the other errors (``diagnostics.recovery.Recovery``) are means over the
    components, weighted by the true weights. Data sets without a true mixture have no rows.
    """
    rows = []
    for coordinates, data in cases:
        if "true_weights" not in data:
            continue
        truth = Mixture(*(data[f"true_{name}"] for name in ("weights", "means", "covariances")))
        cells = rows_at(best, {**coordinates, "k": truth.n_components})
        optimum = bayes(data["x"], truth, threads)
        of_data = {"n": len(data["x"]), "bayes_ari": ari(optimum.labels, data["labels"])}
        of_data["bayes_error"] = optimum.error
        fitted = mixtures(cells, parameters)
        for (_, cell), mixture in zip(cells.iterrows(), fitted, strict=True):
            resp = responsibilities(data["x"], mixture, threads)
            row = {
                **coordinates,
                **{name: cell[name] for name in (*CELL, "log_likelihood", "ari")},
                **of_data,
            }
            rows.append(
                {**row, "error": 1 - cell["accuracy"]} | _means(mixture, truth, resp, optimum)
            )
    return pd.DataFrame(rows, columns=TABLES["recovery"].names(outer))


def _means(mixture: Mixture, truth: Mixture, resp: Array, optimum: BayesRule) -> dict[str, float]:
    """Return the errors of a mixture, one number each."""
    each = errors(mixture, truth, resp, optimum.resp)
    means = {name: float(np.sum(truth.weights * getattr(each, name))) for name in RECOVERED}
    return {"weight_error": float(each.weight_error.sum() / 2), **means}

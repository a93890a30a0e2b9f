r"""The numbers that a paper quotes, as LaTeX commands such as \gmmIrisComponents."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from gmmpipe.mixture.mixture import FIRST, Mixture
from gmmpipe.results.mixtures import rows_at
from gmmpipe.results.printing import latex, number_text
from gmmpipe.results.summary import case_name

PREFIX = "gmm"
DIGITS = ["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"]
MOST_PARAMETERS = 200  # means of a mixture
HEAD = r"""% {origin}
% In the preamble: \input{{numbers.tex}}. The selected model of each data set, in original units;
% log-likelihood and BIC in nats, Lead: BIC of the next model less that of the selected one.
"""

Selected = tuple[Mapping[str, Any], Mapping[str, Any], Mixture]  # point, arrays, mixture


def numbers_tex(
    origin: str, best: pd.DataFrame, selected: Iterable[Selected], outer: Sequence[str]
) -> str:
    """Return the text of numbers.tex: for each case with a selected model its numbers.

    origin: experiment and version, as figures say it.
    """
    lines, taken = [HEAD.format(origin=origin)], set[str]()
    for point, data, mixture in selected:
        case = case_name(outer, point)
        name = _unique(letters(case) or "Data", taken)
        lines.append(f"\n% {case}\n")
        rows = rows_at(best, point).sort_values("rank", kind="stable")
        values = {**_of_model(rows, data), **dict(_of_components(data, mixture))}
        lines += [f"\\newcommand{{\\{PREFIX}{name}{key}}}{{{v}}}\n" for key, v in values.items()]
        if mixture.means.size > MOST_PARAMETERS:
            lines.append(f"% {mixture.means.size} means: see parameters.parquet\n")
    return "".join(lines)


def letters(text: str) -> str:
    """Return a name as the letters that a LaTeX command may have: old-faithful2, OldFaithfulTwo."""
    words = re.findall(r"[A-Za-z]+|[0-9]", text)
    return "".join(DIGITS[int(w)] if w.isdigit() else w[0].upper() + w[1:] for w in words)


def value_tex(value: float, digits: int) -> str:
    """Return a number for text and for formulas."""
    mantissa, _, exponent = number_text(value, digits).partition("e")
    if exponent:
        return rf"\ensuremath{{{mantissa} \times 10^{{{int(exponent)}}}}}"
    return rf"\ensuremath{{{mantissa}}}" if mantissa.startswith("-") else mantissa


def _unique(name: str, taken: set[str]) -> str:
    """Return a name that is not taken yet, and take it."""
    while name in taken:
        name += "X"
    taken.add(name)
    return name


def _of_model(rows: pd.DataFrame, data: Mapping[str, Any]) -> dict[str, str]:
    """Return the numbers of the first row of ``best`` at a point, and the lead on the next."""
    row = rows.iloc[0]
    same = (rows["covariance"] == row["covariance"]) & (rows["k"] == row["k"])
    values = {
        "Samples": str(len(data["x"])),
        "Features": str(data["x"].shape[1]),
        "Components": str(row["k"]),
        "Family": latex(str(row["covariance"])),
        "Parameters": str(row["n_parameters"]),
        "LogLikelihood": value_tex(row["log_likelihood"], 2),
        "BIC": value_tex(row["bic"], 2),
    }
    if not same.all():
        values["Lead"] = value_tex(rows[~same]["bic"].iloc[0] - row["bic"], 2)
    counts = {"Restarts": row["finished"], "Hits": row["hits"]}
    return values | {key: f"{count:.0f}" for key, count in counts.items() if not pd.isna(count)}


def _of_components(data: Mapping[str, Any], mixture: Mixture) -> Iterator[tuple[str, str]]:
    """Yield weights, and of few components means and standard deviations too."""
    taken: set[str] = set()
    features = [
        _unique(letters(str(name)) or f"Feature{letters(str(j))}", taken)
        for j, name in enumerate(data["features"], 1)
    ]
    deviations = np.sqrt(np.diagonal(mixture.covariances, axis1=1, axis2=2))
    few = mixture.means.size <= MOST_PARAMETERS
    for i, weight in enumerate(mixture.weights):
        component = f"Component{letters(str(i + FIRST))}"
        yield f"{component}Weight", value_tex(weight, 3)
        for j, feature in enumerate(features if few else ()):
            yield f"{component}Mean{feature}", value_tex(mixture.means[i, j], 3)
            yield f"{component}Deviation{feature}", value_tex(deviations[i, j], 3)

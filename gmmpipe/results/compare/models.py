"""The best models of two versions, their parameters compared component by component."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from gmmpipe.mixture.diagnostics.matching import (
    assign,
    component_differences,
    overlap_of_labels,
    partners,
    reordered,
)
from gmmpipe.mixture.diagnostics.metrics import Codes
from gmmpipe.mixture.diagnostics.restarts import NATS
from gmmpipe.mixture.mixture import FIRST, Mixture
from gmmpipe.results.compare import numbers
from gmmpipe.results.experiment import StoredExperiment
from gmmpipe.results.mixtures import mixtures, rows_at
from gmmpipe.results.summary import verdicts_of_cases
from gmmpipe.results.verdict import Verdict
from gmmpipe.store.plan import AXES

PARAMETERS = ("weights", "means", "covariances")
SELECTED = [
    *("outcome", "model_a", "model_b", "verdict_a", "verdict_b"),
    *("bic_a", "bic_b", "change_bic", "moved"),
]
SAME, ANOTHER = "the same model", "another model"  # outcomes


def compared(
    before: StoredExperiment,
    after: StoredExperiment,
    matched: numbers.Matched,
    unlike: Mapping[numbers.Place, str],
) -> pd.DataFrame:
    """Return a row for each model of both: ranks, log-likelihoods, BIC, their changes, parameters.

    unlike: where log-likelihoods cannot be compared: their changes are NaN. weights, means and
    covariances are the largest deviations after the components are matched, the latter two in
    standard deviations; NaN where the features are others.
    """
    both = matched.both
    mixtures_a, mixtures_b = (_mixtures(e, both, side) for e, side in ((before, "a"), (after, "b")))
    rows = both[matched.keys].copy()
    for name in ("rank", "log_likelihood", "bic"):
        rows[f"{name}_a"], rows[f"{name}_b"] = both[f"{name}_a"], both[f"{name}_b"]
        if name != "rank":
            change = rows[f"{name}_b"] - rows[f"{name}_a"]
            rows[f"change_{name}"] = change.where(numbers.comparable(matched, unlike))
    differences = [
        _parameter_differences(a, b) for a, b in zip(mixtures_a, mixtures_b, strict=True)
    ]
    for name in PARAMETERS:
        rows[name] = np.array([each[name] for each in differences], dtype=np.float64)
    return rows


def winners(before: StoredExperiment, after: StoredExperiment) -> numbers.Matched:
    """Return the selected models of each data set and outer point of both."""
    outer = numbers.outer_axes(before, after)
    a, b = (numbers.table(e, "best", outer) for e in (before, after))
    return numbers.matched(a[a["rank"] == 1], b[b["rank"] == 1], ["dataset", *outer])


def verdicts(experiment: StoredExperiment, outer: Sequence[str]) -> dict[numbers.Place, Verdict]:
    """Return the verdict on each data set at each point of these outer axes."""
    cases = experiment.fits[["dataset", *experiment.outer]].drop_duplicates()
    places = numbers.table(experiment, "fits", outer).loc[cases.index, ["dataset", *outer]]

    def read(name: str) -> pd.DataFrame | None:
        return getattr(experiment, name) if name in experiment.tables else None

    points: list[Any] = cases.to_dict("records")
    decided = verdicts_of_cases(experiment.config, points, read)
    names = places.itertuples(index=False, name=None)
    return {place: case.verdict for place, case in zip(names, decided, strict=True)}


def selected(
    before: StoredExperiment,
    after: StoredExperiment,
    unlike: Mapping[numbers.Place, str],
    decided: Sequence[Mapping[numbers.Place, Verdict]],
) -> pd.DataFrame:
    """Return a row for each data set and outer point: what came of it, models, verdicts, BIC.

    unlike: where BIC cannot be compared, and why: its change is NaN. moved is the share of the
    samples whose component is another one, components being matched by the samples they share;
    NaN for other data. decided: the verdicts before and after.
    """
    matched = winners(before, after)
    labels = [numbers.table(e, "labels", matched.keys[1:]) for e in (before, after)]
    rows = []
    for _, row in matched.both.iterrows():
        coordinates = {key: row[key] for key in matched.keys}
        place = numbers.place(row, matched.keys)
        why = unlike.get(place)
        codes = [rows_at(frame, coordinates)["component"].to_numpy() for frame in labels]
        moved = np.nan if why == numbers.OTHER else _moved(*codes)
        change = np.nan if why else row["bic_b"] - row["bic_a"]
        described: dict[str, Any] = {"outcome": why or _outcome(row, change, moved)}
        described |= {f"model_{side}": _model(row, side) for side in "ab"}
        described |= {f"verdict_{s}": d[place].level for s, d in zip("ab", decided, strict=True)}
        described |= {"bic_a": row["bic_a"], "bic_b": row["bic_b"], "change_bic": change}
        rows.append({**coordinates, **described, "moved": moved})
    return pd.DataFrame(rows, columns=[*matched.keys, *SELECTED])


def _outcome(row: pd.Series, change: float, moved: float) -> str:
    """Return in words what became of the selected model of a data set."""
    families = row["covariance_a"], row["covariance_b"]
    sizes = [(row[f"k_{side}"], row[f"n_parameters_{side}"]) for side in "ab"]
    if sizes[0] == sizes[1] and moved == 0 and abs(change) <= 2 * NATS:
        return SAME
    same = families[0] == families[1] and row["k_a"] == row["k_b"]
    return "another fit of the same family and K" if same else ANOTHER


def pairs(before: StoredExperiment, after: StoredExperiment) -> list[tuple[str, Mixture, Mixture]]:
    """Return (data set, mixture before, mixture after) of the selected models of both."""
    matched = winners(before, after)
    mixtures_a, mixtures_b = (
        _mixtures(e, matched.both, side) for e, side in ((before, "a"), (after, "b"))
    )
    names = [
        ", ".join([row["dataset"], *(f"{axis}={row[axis]}" for axis in matched.keys[1:])])
        for _, row in matched.both.iterrows()
    ]
    return list(zip(names, mixtures_a, mixtures_b, strict=True))


def components(pairs: Sequence[tuple[str, Mixture, Mixture]]) -> pd.DataFrame:
    """Return a row for each component of (case, mixture before, mixture after), matched.

    distance is that of the means in standard deviations of the component before (Mahalanobis),
    size the ratio of the standard deviations (geometric mean), after to before.
    """
    rows: list[dict[str, Any]] = []
    for name, a, b in pairs:
        if a.n_features != b.n_features:
            continue
        partner = partners(a, b).tolist()
        alone = sorted({*range(b.n_components)} - {*partner})
        both = [*enumerate(partner), *((-1, j) for j in alone)]
        rows += [_component(name, a, i, b, j) for i, j in both]
    columns = ["case", "component_a", "component_b", "weight_a", "weight_b", "mean_a", "mean_b"]
    return pd.DataFrame(rows, columns=[*columns, "distance", "size"])


def _component(name: str, a: Mixture, i: int, b: Mixture, j: int) -> dict[str, Any]:
    row: dict[str, Any] = {"case": name, "distance": np.nan, "size": np.nan}
    for side, mixture, index in (("a", a, i), ("b", b, j)):
        exists = index >= 0
        row[f"component_{side}"] = index + FIRST if exists else np.nan
        row[f"weight_{side}"] = mixture.weights[index] if exists else np.nan
        row[f"mean_{side}"] = mixture.means[index] if exists else None
    if i >= 0 and j >= 0:
        shift = b.means[j] - a.means[i]
        row["distance"] = float(np.sqrt(shift @ np.linalg.solve(a.covariances[i], shift)))
        logs = [np.linalg.slogdet(m.covariances[k])[1] for m, k in ((a, i), (b, j))]
        row["size"] = float(np.exp((logs[1] - logs[0]) / (2 * a.n_features)))
    return row


def _mixtures(experiment: StoredExperiment, both: pd.DataFrame, side: str) -> list[Mixture]:
    """Return the mixture of each row of a matched table, as one of the two versions has it."""
    outer = [column for column in both.columns if "." in column]
    keys = {
        key: both[key] if key in both.columns else both[f"{key}_{side}"] for key in [*AXES, *outer]
    }
    return mixtures(pd.DataFrame(keys), numbers.table(experiment, "parameters", outer))


def _model(row: pd.Series, side: str) -> str:
    names = ("covariance", "k", "normaliser")
    family, k, normaliser = (row[n] if n in row.index else row[f"{n}_{side}"] for n in names)
    return f"{family}, k={k}, {normaliser}"


def _moved(a: Codes, b: Codes) -> float:
    """Return the share of samples that left their component; a, b (N,), noise below 0."""
    a, b = (np.where(codes < 0, codes.max() + 1, codes) for codes in (a, b))
    table = overlap_of_labels(a, b, int(a.max()) + 1, int(b.max()) + 1)
    partner = assign(table)
    stayed = sum(table[i, j] for i, j in enumerate(partner) if j >= 0)
    return 1 - float(stayed) / len(a)


def _parameter_differences(a: Mixture, b: Mixture) -> dict[str, float]:
    if a.n_features != b.n_features:
        return dict.fromkeys(PARAMETERS, np.nan)
    return component_differences(a, reordered(b, partners(a, b)))

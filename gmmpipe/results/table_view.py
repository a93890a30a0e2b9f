"""Tables as a person asks for them: of which model, which rows and columns, heads in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from gmmpipe.errors import InputError, suggest
from gmmpipe.mixture.densities import Responsibilities
from gmmpipe.mixture.diagnostics.matching import NOISE, component_of, to_numbers
from gmmpipe.mixture.mixture import FIRST
from gmmpipe.results import printing
from gmmpipe.results.choice import in_words, meant
from gmmpipe.results.columns import DEFECTS, MODEL, RUN
from gmmpipe.results.experiment import StoredExperiment
from gmmpipe.results.mixtures import rows_at
from gmmpipe.results.tables import TABLES
from gmmpipe.results.words.wording import model
from gmmpipe.store.plan import AXES


@dataclass(frozen=True)
class View:
    """What a person asks for of a table.

    Parameters
    ----------
    cell : mapping, optional
        Of winner and labels: another model or run, e.g. ``{"k": 3}``, as in ``mixture``.
    where : mapping, optional
        Only rows with these values in these columns.
    sort : sequence of str, optional
        Columns, a minus before one for falling values.
    columns : sequence of str, optional
        Which, in this order; by default those that a person reads, empty for all but `defects`,
        which `reason` says in words.
    rows : int, optional
        At most so many; by default all.
    heads : bool, default False
        Whether columns are named in words, with units.
    normalised : bool, default False
        Of winner: in the units in which it was fitted, such as min-max.
    probabilities : bool, default False
        Of labels: the probability of each component too.

    """

    cell: Mapping[str, Any] = field(default_factory=dict)
    where: Mapping[str, Any] = field(default_factory=dict)
    sort: Sequence[str] = ()
    columns: Sequence[str] | None = None
    rows: int | None = None
    heads: bool = False
    normalised: bool = False
    probabilities: bool = False


def view(experiment: StoredExperiment, name: str, asked: View) -> pd.DataFrame:
    """Return a table as it is asked for; raises InputError for what is not there."""
    names = [*experiment.tables, *DERIVED]
    if name not in names:
        raise InputError(suggest(f"{experiment.folder}: table", name, names))
    if asked.rows is not None and asked.rows < 1:
        raise InputError(f"rows is {asked.rows}; give 1 or more")
    _refuse_idle(name, asked)
    frame = _whole(experiment, name, asked)
    for column, value in asked.where.items():
        values = printing.selected(name, frame, [column])[column]
        frame = frame[values == meant(column, value, values.unique().tolist())]
    keys = [key.removeprefix("-") for key in asked.sort]
    if keys:
        printing.selected(name, frame, keys)
        rising = [not key.startswith("-") for key in asked.sort]
        frame = frame.sort_values(keys, ascending=rising, kind="stable")
    frame = frame[: asked.rows]
    columns = asked.columns
    if columns is None:
        columns = printing.readable(name, frame, experiment.outer)
        same = [c for c in columns if name in DERIVED and frame[c].nunique(dropna=False) == 1]
        columns = [c for c in columns if c not in same or c not in (*AXES, *experiment.outer)]
    elif not columns:
        columns = [name for name in map(str, frame) if name != DEFECTS]
    shown = printing.selected(name, frame, columns)
    return shown.set_axis(_heads(name, columns), axis=1) if asked.heads else shown.copy()


def caption_of(experiment: StoredExperiment, name: str, asked: View, frame: pd.DataFrame) -> str:
    """Return a sentence or two on what a table, ``frame``, shows."""
    of = f" ({experiment.name} {experiment.version})"
    if name not in DERIVED:
        return TABLES[name].note.removesuffix(".") + of + "." if name in TABLES else name + of
    cell = {key: value for key, value in asked.where.items() if key in experiment.axes}
    rows = _models(experiment, {**cell, **asked.cell})
    models = [f"{row['dataset']}: {model(row)}" for _, row in rows.iterrows()]
    text = f"Weight, mean and standard deviation (sd) of the components{of}. {'; '.join(models)}."
    resampled = any(str(column).startswith("se ") for column in frame)
    return text + (" se: bootstrap standard error." if resampled else "")


def _refuse_idle(name: str, asked: View) -> None:
    """Raise InputError for what is asked of a table that has no use for it."""
    for option, given, tables in (
        ("cell", asked.cell, ("winner", "labels")),
        ("normalised", asked.normalised, ("winner",)),
        ("probabilities", asked.probabilities, ("labels",)),
    ):
        if given and name not in tables:
            raise InputError(
                f"{option} is of {' and '.join(tables)}, not of the table {name}; leave it out"
            )


def _whole(experiment: StoredExperiment, name: str, asked: View) -> pd.DataFrame:
    if name in DERIVED:
        return DERIVED[name](experiment, asked)
    if name == "labels" and (asked.cell or asked.probabilities):
        return _labels(experiment, asked)
    return experiment.frame(name)


def _heads(name: str, columns: Sequence[str]) -> list[str]:
    table = TABLES.get(name, TABLES["parameters"])
    declared = {column.name: column.head for column in table.columns}
    return [declared.get(column, column) for column in columns]


def _models(experiment: StoredExperiment, cell: Mapping[str, Any]) -> pd.DataFrame:
    """Return the rows of ``best`` that are meant, by default those that are selected."""
    rows = experiment.chosen(cell)
    if rows.empty:
        raise InputError(f"{experiment.folder}: every fit is degenerate, so no model is selected")
    return rows


def _winner(experiment: StoredExperiment, asked: View) -> pd.DataFrame:
    """Return a row for each component of the models that are meant; noise comes last."""
    parts = [
        _components(experiment, row, normalised=asked.normalised)
        for _, row in _models(experiment, asked.cell).iterrows()
    ]
    frame = pd.concat(parts, ignore_index=True)
    first = [c for c in frame if not str(c).startswith(("mean ", "sd ", "se "))]
    return frame[[*first, *(c for c in frame if c not in first)]]


def _components(experiment: StoredExperiment, row: pd.Series, *, normalised: bool) -> pd.DataFrame:
    mixture = experiment.mixture_of(row)
    axes = {axis: row[axis] for axis in ("dataset", *experiment.outer)}
    data = experiment.data(**axes)
    scale = np.ones(mixture.n_features)
    if normalised:
        affine = experiment.affine(row)
        mixture, scale = affine.map(mixture), affine.scale
    k, noise = mixture.n_components, [] if mixture.box is None else [mixture.noise]
    columns: dict[str, Any] = {
        **{axis: row[axis] for axis in (*axes, *MODEL)},
        "component": [*range(FIRST, FIRST + k), *([NOISE] * len(noise))],
        "weight": [*mixture.weights, *noise],
    }
    errors = _standard_errors(experiment, row)
    gap = [np.nan] * len(noise)
    if ("weight", "") in errors:
        columns["se weight"] = [*errors["weight", ""], *gap]
    deviations = np.sqrt(np.diagonal(mixture.covariances, axis1=1, axis2=2))
    unit = f" [{row['normaliser']}]" if normalised else ""
    for j, feature in enumerate(data.columns):
        columns[f"mean {feature}{unit}"] = [*mixture.means[:, j], *gap]
        columns[f"sd {feature}{unit}"] = [*deviations[:, j], *gap]
        if ("mean", feature) in errors:
            columns[f"se {feature}{unit}"] = [*errors["mean", feature] / scale[j], *gap]
    return pd.DataFrame(columns)


def _standard_errors(experiment: StoredExperiment, row: pd.Series) -> dict[tuple[str, str], Any]:
    """Return {(parameter, feature or ""): (K,)} of a model's best fit, empty without a bootstrap.

    Of several kinds of resampling the first.
    """
    if "intervals" not in experiment.tables:
        return {}
    model = {axis: row[axis] for axis in ("dataset", *experiment.outer, *MODEL)}
    best = rows_at(experiment.best, model)
    rows = rows_at(experiment.intervals, model)
    if rows.empty or any(best.iloc[0][key] != row[key] for key in (*RUN, "iteration")):
        return {}
    rows = rows[(rows["kind"] == rows["kind"].iloc[0]) & rows["parameter"].isin(["weight", "mean"])]
    rows = rows.sort_values("component", kind="stable")
    groups = rows.groupby(["parameter", rows["feature"].fillna("")], sort=False)
    return {key: part["se"].to_numpy() for key, part in groups}


def _labels(experiment: StoredExperiment, asked: View) -> pd.DataFrame:
    """Return ``labels`` by the models that are meant, with all probabilities if these are."""
    parts = []
    for _, row in _models(experiment, asked.cell).iterrows():
        axes = {axis: row[axis] for axis in ("dataset", *experiment.outer)}
        x, mixture = experiment.data(**axes).to_numpy(), experiment.mixture_of(row)
        frame = rows_at(experiment.labels, axes).reset_index(drop=True)
        if len(frame) != len(x):
            raise InputError(f"{experiment.folder}: labels has no rows of {in_words(axes)}")
        logs = np.concatenate([log for _, log in Responsibilities(x)(mixture)])
        frame["component"] = to_numbers(component_of(logs, mixture))
        frame["probability"] = np.exp(logs.max(axis=1))
        if asked.probabilities:
            names = [f"p_{number}" for number in range(FIRST, FIRST + mixture.n_components)]
            names += ["p_noise"] * (logs.shape[1] - len(names))
            frame[names] = np.exp(logs)
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


Derived = Callable[[StoredExperiment, View], pd.DataFrame]
DERIVED: dict[str, Derived] = {"winner": _winner}  # in no file

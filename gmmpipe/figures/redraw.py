"""What a figure of a finished version is drawn from: any of its fits, some of its features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gmmpipe.errors import InputError, suggest
from gmmpipe.figures import FIGURES, DatasetTables
from gmmpipe.figures.case_tables import case_tables, tables_for, version_frames
from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.diagnostics.matching import component_of, to_numbers
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.results.columns import BOX, MATRIX, MODEL
from gmmpipe.results.experiment import StoredExperiment
from gmmpipe.store.layout import stored
from gmmpipe.store.manifest import arrays_of
from gmmpipe.store.plan import Plan


@dataclass(frozen=True)
class Shown:
    """What a figure is to show.

    cell: of which fit, as in ``StoredExperiment.chosen``, empty for the selected models; dataset in
    it is of which data set alone. columns: which features, empty for all.
    """

    cell: Mapping[str, Any] = field(default_factory=dict)
    columns: Sequence[str] = ()


def tables_to_draw(
    name: str, experiment: StoredExperiment, shown: Shown
) -> dict[str, DatasetTables]:
    """Return {case: its tables} to which a figure applies; the working folder is the project.

    The fit that is shown takes the place of the selected one. Raises InputError where there is
    none, for what is not there, and where the store has lost the data.
    """
    if name not in FIGURES:
        raise InputError(suggest("figure", name, sorted(FIGURES)))
    plan = _plan(experiment)
    datasets = list(dict.fromkeys(point["dataset"] for _, point in plan.cases()))
    dataset = shown.cell.get("dataset")
    if dataset is not None and dataset not in datasets:
        raise InputError(suggest("dataset", dataset, datasets))
    other = {key: value for key, value in shown.cell.items() if key != "dataset"}
    _refuse_idle(name, shown)
    frames = version_frames(plan, experiment.manifest)
    if other:
        rows = experiment.chosen(shown.cell)
        frames["best"] = _with_first(frames["best"], rows, ["dataset", *plan.outer])
        datasets = rows["dataset"].unique().tolist()
    elif dataset is not None:
        datasets = [dataset]
    result: dict[str, DatasetTables] = {}
    for (case_dataset, case), every_table in case_tables(plan, frames, experiment.manifest):
        tables, part = tables_for(name, case_dataset, case, every_table)
        if case_dataset not in datasets or part in result:
            continue
        tables = _reassigned(tables) if other else tables
        tables = restricted(tables, shown.columns) if shown.columns else tables
        if FIGURES[name].applies(tables):
            result[part] = tables
    if not result:
        where = f"data set {dataset}" if dataset else f"{plan.experiment} {plan.version}"
        raise InputError(f"{name} has nothing to show for {where}; choose another figure")
    return result


def restricted(tables: DatasetTables, columns: Sequence[str]) -> DatasetTables:
    """Return the tables of some features alone; mixtures become their marginals, which are exact.

    Likelihoods, criteria and the samples' components stay those of all features.
    """
    for column in columns:
        if column not in tables.features:
            raise InputError(suggest("column", column, tables.features))
        if list(columns).count(column) > 1:
            raise InputError(f"column {column} is named twice; name it once")
    kept, d = [tables.features.index(column) for column in columns], len(tables.features)

    def marginal(mixture: Mixture) -> Mixture:
        box = None if mixture.box is None else mixture.box[:, kept]
        covariances = mixture.covariances[:, kept][:, :, kept]
        return Mixture(mixture.weights, mixture.means[:, kept], covariances, box)

    def matrix(values: Any) -> Any:
        return np.reshape(values, (d, d))[np.ix_(kept, kept)].ravel()

    lists = {name: lambda values: np.asarray(values)[kept] for name in ("mean", "start_mean", *BOX)}
    lists |= dict.fromkeys((MATRIX, "start_covariance"), matrix)
    there = {name: take for name, take in lists.items() if name in tables.parameters}
    parameters = tables.parameters.assign(
        **{name: tables.parameters[name].map(take) for name, take in there.items()}
    )
    again = tables.replay
    return replace(
        tables,
        x=tables.x[list(columns)],
        parameters=parameters,
        replay=again and (lambda row, counts: [marginal(m) for m in again(row, counts)]),
    )


def _refuse_idle(name: str, shown: Shown) -> None:
    """Raise InputError for an option that is of other figures."""
    one_model = [each.name for each in FIGURES.values() if each.samples or each.of_model]
    samples = [each.name for each in FIGURES.values() if each.samples]
    another = any(key != "dataset" for key in shown.cell)
    for option, given, able in (("cell", another, one_model), ("columns", shown.columns, samples)):
        if given and name not in able:
            raise InputError(f"{name} has no use for {option}, which is of {', '.join(able)}")


def _plan(experiment: StoredExperiment) -> Plan:
    """Return the plan; raises InputError where the store has lost it or the version's data."""
    plan = experiment.study
    of = {plan.stored(name): name for name in plan.data_sets}
    of |= {stored("normalised", name): each.data for name, each in plan.normalised_data.items()}
    for path, name in of.items():
        data_set = plan.data_sets[name]
        arrays_of(Path(), experiment.manifest, path, (data_set.n, data_set.d))
    return plan


def _with_first(best: pd.DataFrame, rows: pd.DataFrame, case: list[str]) -> pd.DataFrame:
    """Return ``best`` with some rows in place of those of their models, and ranked first."""
    keys = [*case, *MODEL]
    others = best.merge(rows[keys], on=keys, how="left", indicator="beside")
    others = others[others["beside"] == "left_only"].drop(columns="beside").sort_values("rank")
    frame = pd.concat([rows, others], ignore_index=True)
    return frame.assign(rank=frame.groupby(case, sort=False).cumcount() + 1)


def _reassigned(tables: DatasetTables) -> DatasetTables:
    """Return the tables with the samples' components by the fit that is ranked first."""
    mixture = tables.mixture(tables.selected())
    _, logs = log_responsibilities(tables.x.to_numpy(), mixture)
    assignments = pd.DataFrame(
        {
            "component": to_numbers(component_of(logs, mixture)),
            "probability": np.exp(logs.max(axis=1)),
        }
    )
    return replace(tables, assignments=assignments)

"""Turn the fits of a version into tables: a row per cell, component, fit and sample."""

import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from gmmpipe.data.dataset import UNKNOWN, Texts
from gmmpipe.errors import InputError
from gmmpipe.mixture.densities import Responsibilities
from gmmpipe.mixture.diagnostics.matching import component_of, to_numbers
from gmmpipe.mixture.engines.missing import imputed
from gmmpipe.mixture.fit_arrays import fit_options
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.mixture.slices import slices_of
from gmmpipe.mixture.starts.registry import STARTS, undrawn
from gmmpipe.results.build.assess import Part, assess, schemas_of
from gmmpipe.results.build.best import certified, in_order, ranked, references
from gmmpipe.results.build.lineage import lineage
from gmmpipe.results.build.nesting import beaten_by
from gmmpipe.results.build.ranking import trusted
from gmmpipe.results.build.recovery import recovery
from gmmpipe.results.build.write import TableMerger
from gmmpipe.results.mixtures import Case, mixtures, rows_at
from gmmpipe.results.numbers import numbers_tex
from gmmpipe.results.tables import TABLES, write_tables
from gmmpipe.store import artifacts
from gmmpipe.store.layout import NUMBERS
from gmmpipe.store.plan import Plan
from gmmpipe.workflow.processes import n_processes, run_shares

Row = dict[str, Any]


def run(inputs: Sequence[str], output: str, threads: int = 1) -> None:
    """Write the tables of the plan ``inputs[0]`` into the folder ``output``.

    Log-likelihoods, means and covariances are in original units, the starts in normalised ones.
    No process holds the rows of all cells: see
    ``gmmpipe.results.build``. Raises InputError for a damaged artifact.
    """
    plan = Plan.read(inputs[0])
    with artifacts.scratch(output) as scratch:
        n = 1 if plan.is_wide else n_processes(plan.n_cells, threads)
        shares = run_shares(assess, n, plan.path, scratch, max(1, threads // n))
        parts = in_order(part for share in shares for part in share)
        if not any(part.likeliest for part in parts):
            raise InputError(f"every fit failed, e.g.: {_first_reason(parts[0], scratch)}")
        certificates, optima = certified(parts, scratch, plan.outer, _undrawn(plan))
        best = trusted(ranked(parts, plan.outer), certificates, plan.outer)
        best["beaten_by"] = beaten_by(best, plan.outer, _features(plan))
        reference_runs = references(parts, scratch, best, plan.outer)
        merger = TableMerger(schemas_of(plan), reference_runs, best, plan.outer)
        merger.write(parts, optima, scratch, output, _row_bytes(plan))
    frames = {"best": best, "certificates": certificates, "stability": merger.stability}
    parameters = merger.parameters
    selected = list(_selected(plan, best, parameters))
    _write_labels(plan, selected, f"{output}/labels.parquet", threads)
    for name, table in (("lineage", lineage), ("recovery", recovery)):
        frames[name] = table(best, parameters, _cases(plan), plan.outer, threads)
    if plan.imputes:
        frames["imputed"] = _imputed(plan, selected)
    write_tables(output, frames)
    origin = f"gmmpipe experiment {plan.experiment}, version {plan.version}"
    numbers = numbers_tex(origin, best, selected, plan.outer)
    artifacts.write(f"{output}/{NUMBERS}", numbers)
    _write_drawn(plan, output)


def _row_bytes(plan: Plan) -> dict[str, int]:
    """Return about what a row of each long table takes."""
    d = max(data.d for data in plan.data_sets.values())
    steps = max(block.config.iteration[-1] for block in plan.fit_blocks.values())
    return {"fits": 400, "parameters": 16 * (d + 1) ** 2 + 200, "trajectories": 8 * steps + 100}


def _first_reason(part: Part, scratch: str) -> str:
    return str(next(part.read(scratch, "fits"))["reason"][0])


def _undrawn(plan: Plan) -> dict[str, float]:
    """Return of each start below which seed it draws nothing at random."""
    starts = plan.config["start"].items()
    return {name: undrawn(STARTS[options["method"]]) for name, options in starts}


def _features(plan: Plan) -> dict[tuple[Any, ...], int]:
    """Return D of each (data set, outer point) where a model that contains another must win."""
    features = {}
    for block in plan.fit_blocks.values():
        point = block.config.coordinates
        if fit_options(block.config.fit).nests:
            key = (point["dataset"], *(point[axis] for axis in plan.outer))
            features[key] = plan.data_of(block.normalised).d
    return features


def _selected(
    plan: Plan, best: pd.DataFrame, parameters: pd.DataFrame
) -> Iterator[tuple[Row, Row, Mixture]]:
    """Yield each case with a selected model, and that model; print it."""
    keys = [c for c in parameters.columns if c in best.columns]
    for point, data in _cases(plan):
        chosen = rows_at(best, {"rank": 1, **point})
        if chosen.empty:
            print(f"{point}: every fit is degenerate, so no model is selected")
            continue
        (mixture,) = mixtures(chosen, parameters)
        print(f"{chosen[keys].iloc[0].to_dict()}: BIC {chosen['bic'].iloc[0]:.3f}")
        print(mixture.describe())
        yield dict(point), dict(data), mixture


def _write_labels(
    plan: Plan, selected: Sequence[tuple[Row, Row, Mixture]], path: str, threads: int
) -> None:
    """Write each sample's component by the selected model of its data set, slice by slice."""
    if not selected:
        artifacts.write_frame(path, pd.DataFrame(columns=[*plan.outer, *TABLES["labels"].names()]))
        return
    rows = sum(len(data["x"]) for _, data, _ in selected)
    columns = pd.DataFrame(
        [point for point, _, _ in selected]
    )  # values of an axis may differ in type
    ids = {"id": ""} if any("id" in data for _, data, _ in selected) else {}
    columns = columns.assign(row=0, **ids, component=0, probability=0.0, label="")
    texts = dict.fromkeys((*ids, "label"), "string")
    columns = columns.astype(texts)
    schema = pa.Schema.from_pandas(columns, preserve_index=False)
    with artifacts.appending(path, schema, rows, 100) as table:
        for point, data, mixture in selected:
            for part in _labelled(point, data, mixture, threads):
                whole = part.reindex(columns=columns.columns).astype(texts)
                table.append(pa.Table.from_pandas(whole, preserve_index=False))


def _labelled(point: Row, data: Row, mixture: Mixture, threads: int) -> Iterator[pd.DataFrame]:
    numbers = _row_numbers(data)
    for rows, log_resp in Responsibilities(data["x"], threads)(mixture):
        columns = {**point, "row": numbers[rows]}
        columns["component"] = to_numbers(component_of(log_resp, mixture))
        columns["probability"] = np.exp(log_resp.max(axis=1))
        if "id" in data:
            columns["id"] = Texts(data["id"], data["id_end"]).of(rows)
        columns["label"] = None
        if "labels" in data:
            codes = data["labels"][rows]
            columns["label"] = np.where(codes == UNKNOWN, None, data["classes"][codes])
        yield pd.DataFrame(columns)


def _row_numbers(data: Row) -> Any:
    """Return the number of each sample in its source, from 0 (N,)."""
    return data["row"] if "row" in data else np.arange(len(data["x"]))


def _imputed(plan: Plan, selected: Sequence[tuple[Row, Row, Mixture]]) -> pd.DataFrame:
    """Return a row for each missing value: its mean given what is observed of the sample."""
    parts = []
    for point, data, mixture in selected:
        rows, columns = np.nonzero(np.isnan(data["x"]))
        missing = {"row": _row_numbers(data)[rows], "feature": data["features"][columns]}
        missing["mean"] = imputed(data["x"], mixture)[rows, columns]
        parts.append(pd.DataFrame({**point, **missing}).astype({"feature": "string"}))
    names = [*plan.outer, *TABLES["imputed"].names()]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)


def _cases(plan: Plan) -> Iterator[Case]:
    """Yield the coordinates and the arrays of each data set at each outer point."""
    for name, point in plan.cases():
        yield point, artifacts.read_arrays(plan.stored(name))


def _write_drawn(plan: Plan, output: str) -> None:
    """Write the data sets drawn at random as numpy.savetxt does, for numpy.loadtxt."""
    for stored, name in plan.drawn.items():
        x = artifacts.read_arrays(plan.stored(stored))["x"]
        with artifacts.writing(f"{output}/{name}") as file:
            for cut in slices_of(len(x)):
                text = io.StringIO()
                np.savetxt(text, x[cut])
                file.write(text.getvalue().encode())

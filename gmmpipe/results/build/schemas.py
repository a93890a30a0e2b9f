"""The columns of the long tables: fits, parameters, trajectories; and of the ends of runs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from gmmpipe.mixture.defects import Defect
from gmmpipe.mixture.diagnostics.criteria import CRITERIA
from gmmpipe.mixture.diagnostics.metrics import METRICS
from gmmpipe.results.mixtures import BOX, DEFECTS

KEYS = ("k", "seed", "iteration")
LONG = ("fits", "parameters", "trajectories")
RECORDS = pa.list_(
    pa.struct({"component": pa.int64(), "code": pa.string(), "numbers": pa.list_(pa.float64())})
)  # see ``mixture.defects``; in the table components have their numbers, which count from 1
MEASURES = ("least_eigenvalue", "least_samples", "most_tied", "noise")


def schemas(points: Sequence[Mapping[str, Any]], noisy: bool) -> dict[str, pa.Schema]:
    """Return the schema of each long table of cells at these points, and that of ``ends``.

    noisy: some fit has a noise component, hence a box.
    """
    at = pd.DataFrame(points).assign(k=0, seed=0)
    cell, some = at.assign(iteration=0), pd.Series([np.zeros(1)] * len(at))
    numbers = dict.fromkeys((*CRITERIA, *METRICS, *MEASURES), 0.0)
    done = cell.assign(n_iter=0, converged=True, degenerate=True, log_likelihood=0.0)
    run = done.assign(n_parameters=0, **numbers, log_prior=0.0, end="", limit=0.0, optimum=0)
    frames = {"fits": run.assign(status="", reason="")}
    parameters = cell.assign(**(dict.fromkeys(BOX, some) if noisy else {}), component=0, weight=0.0)
    parameters = parameters.assign(mean=some, covariance_matrix=some, start_weight=0.0)
    parameters = parameters.assign(start_mean=some, start_covariance=some, eigenvalue=0.0)
    frames["parameters"] = parameters.assign(samples=0.0, tied=0.0)
    frames["trajectories"] = at.assign(log_likelihood=some)
    found = {n: pa.Schema.from_pandas(f, preserve_index=False) for n, f in frames.items()}
    found["fits"] = found["fits"].append(pa.field(DEFECTS, RECORDS))
    numbers_of_one = pa.list_(pa.float64())
    ends = {"seed": pa.int64(), "log_likelihood": pa.float64(), "sound": pa.bool_()}
    ends |= {"end": pa.string(), "limit": pa.float64(), "objective": pa.float64()}
    ends |= dict.fromkeys(("weights", "means", "covariances"), numbers_of_one)
    return found | {"ends": pa.schema({**ends, "labels": pa.list_(pa.int32())})}


def batch(
    schema: pa.Schema, rows: int, constant: Mapping[str, Any], columns: Mapping[str, Any]
) -> pa.RecordBatch:
    """Return a batch; constant: the columns of one value, columns: arrays, (R, M) for lists."""
    found = []
    for field in schema:
        if field.name in columns:
            found.append(column(columns[field.name], field.type))
        elif field.name in constant:
            found.append(pa.repeat(pa.scalar(constant[field.name], field.type), rows))
        else:
            found.append(pa.nulls(rows, field.type))
    return pa.RecordBatch.from_arrays(found, schema=schema)


def column(values: Any, kind: pa.DataType) -> pa.Array:
    """Return an array as Arrow, NaN as null; of two axes each row as a list, as from pandas."""
    if not pa.types.is_list(kind) or isinstance(values, pa.Array):
        return pa.array(values, kind, from_pandas=True)
    rows, width = values.shape
    return lists(np.arange(rows + 1) * width, values.ravel(), kind)


def lists(ends: npt.NDArray[np.int64], values: npt.NDArray[Any], kind: pa.DataType) -> pa.Array:
    """Return the lists of which row i has values[ends[i]:ends[i + 1]]."""
    flat = pa.array(values, kind.value_type, from_pandas=True)
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), flat).cast(kind)


def encoded(defects: Iterable[Iterable[Defect]]) -> pa.Array:
    """Return the defects of cells as the column of that name."""
    return pa.array([[defect._asdict() for defect in each] for each in defects], RECORDS)


def decoded(column: pa.ChunkedArray) -> list[list[Defect]]:
    """Return the defects of the cells in a column of that name."""
    return [
        [Defect(each["component"], each["code"], tuple(each["numbers"])) for each in cell]
        for cell in column.to_pylist()
    ]

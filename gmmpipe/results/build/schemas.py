"""The long tables, and the ends of runs, as Arrow: schemas and batches."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from gmmpipe.mixture.defects import Defect
from gmmpipe.results.columns import BOX, DEFECTS, OUTER
from gmmpipe.results.tables import LONG, TABLES

RECORDS = pa.list_(
    pa.struct({"component": pa.int64(), "code": pa.string(), "numbers": pa.list_(pa.float64())})
)  # see ``mixture.defects``; in the table components have their numbers, which count from 1
EXAMPLES = {"text": "", "whole": 0, "number": 0.0, "yes or no": True}


def schemas(points: Sequence[Mapping[str, Any]], noisy: bool) -> dict[str, pa.Schema]:
    """Return the schema of each long table of cells at these points, and that of ``ends``.

    noisy: some fit has a noise component, hence a box.
    """
    coordinates = pd.DataFrame(points)  # outer axes have the types of their values
    declared = {*coordinates.columns, OUTER.name, DEFECTS, *(() if noisy else BOX)}
    examples: dict[str, Any] = EXAMPLES | {"numbers": pd.Series([np.zeros(1)] * len(coordinates))}
    result = {}
    for name in LONG:
        new = [column for column in TABLES[name].columns if column.name not in declared]
        frame = coordinates.assign(**{column.name: examples[column.type] for column in new})
        result[name] = pa.Schema.from_pandas(frame, preserve_index=False)
    result["fits"] = result["fits"].append(pa.field(DEFECTS, RECORDS))
    numbers_of_one = pa.list_(pa.float64())
    ends = {"seed": pa.int64(), "log_likelihood": pa.float64(), "sound": pa.bool_()}
    ends |= {"end": pa.string(), "limit": pa.float64(), "objective": pa.float64()}
    ends |= dict.fromkeys(("weights", "means", "covariances"), numbers_of_one)
    return result | {"ends": pa.schema({**ends, "labels": pa.list_(pa.int32())})}


def batch(
    schema: pa.Schema, rows: int, constant: Mapping[str, Any], columns: Mapping[str, Any]
) -> pa.RecordBatch:
    """Return a batch; constant: the columns of one value, columns: arrays, (R, M) for lists.

    Of both absent, as of a box where there is no noise, a column is null.
    """
    if strange := {*constant, *columns} - {*schema.names}:
        raise KeyError(f"columns {sorted(strange)} are not declared in result_columns")
    arrays = []
    for field in schema:
        if field.name in columns:
            arrays.append(column(columns[field.name], field.type))
        elif field.name in constant:
            arrays.append(pa.repeat(pa.scalar(constant[field.name], field.type), rows))
        else:
            arrays.append(pa.nulls(rows, field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


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

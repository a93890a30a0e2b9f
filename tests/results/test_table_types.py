"""A table of others', whose record and manifest are right all the same, is refused in one line."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from versions import vouch

import gmmpipe
from gmmpipe.cli.figure import redraw
from gmmpipe.errors import InputError
from gmmpipe.results.columns import OUTER
from gmmpipe.results.compare import numbers
from gmmpipe.results.replay.replay import run as replay
from gmmpipe.results.summary import case_verdicts
from gmmpipe.results.table_types import refuse_gaps, refuse_other
from gmmpipe.results.tables import TABLES
from gmmpipe.store import artifacts
from gmmpipe.store.manifest import version_folder
from gmmpipe.workflow.rerun import _numbers, difference_of

LATEST = "results/smoke/latest"
AXIS = "fit.tol"
TYPES = {
    "text": pa.large_string(),
    "whole": pa.int64(),
    "number": pa.float64(),
    "yes or no": pa.bool_(),
    "numbers": pa.list_(pa.float64()),
    "records": pa.list_(pa.struct({"component": pa.int64()})),
}


def schema(table):
    columns = [(AXIS if column is OUTER else column.name, column) for column in table.columns]
    return pa.schema([(name, TYPES[column.type]) for name, column in columns])


def check(table, found, rows=1):
    refuse_other(table, found, rows, Path("t.parquet"), [AXIS])


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_each_column_of_each_table_is_checked(table):
    whole = schema(table)
    check(table, whole)
    for place, column in enumerate(table.columns):
        name = whole.names[place]
        if column.optional:
            check(table, whole.remove(place))
        else:
            with pytest.raises(InputError, match=rf"t\.parquet: has no column '{name}'; run"):
                check(table, whole.remove(place))
        with pytest.raises(InputError, match=f"has 2 columns '{name}'"):
            check(table, whole.append(whole.field(place)))
        for kind in {*TYPES.values(), pa.binary(), pa.timestamp("s")} - {TYPES[column.type]}:
            other = whole.set(place, pa.field(name, kind))
            allowed = column.type == "number" and kind == pa.int64()
            allowed |= column.type == "whole" and column.optional and kind == pa.float64()
            allowed |= column is OUTER and kind in (pa.int64(), pa.float64(), pa.bool_())
            if allowed:
                check(table, other)
            else:
                with pytest.raises(InputError, match=f"column '{name}' holds "):
                    check(table, other)
        check(table, whole.set(place, pa.field(name, pa.null())), rows=0)


def test_what_each_row_needs_is_there_in_each(finished):
    assert finished.code == 0
    frame = gmmpipe.load(LATEST).fits
    for name in ("k", "degenerate"):
        gap = frame.astype({name: object})
        gap.loc[0, name] = None
        with pytest.raises(InputError, match=f"column '{name}' lacks values"):
            refuse_gaps(TABLES["fits"], gap, Path("fits.parquet"))
    refuse_gaps(TABLES["fits"], frame.assign(ari=np.nan), Path("fits.parquet"))


def renamed(table, name):
    return table.rename_columns([f"{n}_" if n == name else n for n in table.column_names])


def as_text(table, name):
    words = pa.array([str(i) for i in range(table.num_rows)])
    return table.set_column(table.schema.get_field_index(name), name, words)


def emptied(table, name):
    nothing = pa.nulls(table.num_rows, table.schema.field(name).type)
    return table.set_column(table.schema.get_field_index(name), name, nothing)


def forge(path, table):
    """Write a table with its record, and let the manifest tell of it."""
    artifacts.write_table(path, table)
    vouch(path)


def said(read):
    """Return what is wrong, "" for nothing; any other error is one."""
    try:
        read()
    except InputError as error:
        return str(error)
    return ""


def readers(name):
    """Return all that reads tables of a version."""
    plan = gmmpipe.load(LATEST).study
    return [
        lambda: getattr(gmmpipe.load(LATEST), name),
        lambda: gmmpipe.load(LATEST).typeset(name),
        lambda: gmmpipe.load(LATEST).estimator(),
        lambda: gmmpipe.compare(LATEST, LATEST)._repr_html_(),
        lambda: redraw("clusters", LATEST, "x.svg"),
        lambda: replay(LATEST),
        lambda: case_verdicts(plan),
    ]


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("fits", "k"),
        ("fits", "bic"),
        ("best", "rank"),
        ("parameters", "covariance_matrix"),
        ("parameters", "component"),
        ("trajectories", "log_likelihood"),
        ("labels", "component"),
    ],
)
@pytest.mark.parametrize("change", [renamed, as_text, emptied])
def test_a_forged_table_is_named_by_whatever_reads_it(name, column, change, finished):
    """Its record and its manifest tell of the forged bytes."""
    assert finished.code == 0
    path = version_folder(LATEST) / f"tables/{name}.parquet"
    forge(
        path.relative_to(Path.cwd()),
        change(pq.read_table(path), column).replace_schema_metadata(None),
    )
    lines = [line for read in readers(name) if (line := said(read))]
    assert len(lines) >= 2 or (change, column) == (emptied, "bic")  # of fits that failed it is null
    assert [line for line in lines if not re.search(rf"{name}\.parquet: .*'{column}'", line)] == []


def test_a_list_that_is_missing_is_another_number(tmp_path):
    table = pa.table({"null": [[1.0, 2.0], None, [3.0]]})
    pq.write_table(table, tmp_path / "t.parquet")
    numbers = _numbers(tmp_path / "t.parquet")
    assert difference_of(numbers, numbers) == ""
    assert difference_of(numbers, {"null": np.arange(6.0)})


@pytest.mark.parametrize("name", ["parameters", "trajectories"])
def test_a_run_that_a_table_lacks_is_named(name, finished):
    assert finished.code == 0
    path = f"{version_folder(LATEST)}/tables/{name}.parquet"
    empty = pq.read_table(path).slice(0, 0).replace_schema_metadata(None)
    artifacts.write_table(path, empty)
    with pytest.raises(InputError, match=f"{name}.parquet: not of this version"):
        gmmpipe.load(LATEST).estimator()
    forge(Path(path).relative_to(Path.cwd()), empty)
    with pytest.raises(InputError, match=f"the table {name} (lacks a run|has no mixture)"):
        gmmpipe.load(LATEST).estimator()


def test_rows_that_share_their_keys_are_one_line():
    twice = pd.DataFrame({"dataset": ["gmm", "gmm"], "k": [2, 2]})
    with pytest.raises(InputError, match="several rows of the same dataset, k"):
        numbers.matched(twice, twice[:1], ["dataset", "k"])

"""The declared tables and columns are those that are written, shown and described."""

import typing
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import tables_page

from gmmpipe.results.columns import BOX, CELL, DEFECTS, RESTARTS
from gmmpipe.results.tables import TABLES
from gmmpipe.store.plan import AXES
from gmmpipe.workflow.experiment import Experiment

FEW = ("experiment=smoke", "sweep.k=[1,2]", "sweep.seed=[0,1]", "sweep.iteration=[1,20]")


def columns_of(study):
    folder = Path(study.folder, "tables")
    return {path.stem: pq.read_schema(path).names for path in folder.glob("*.parquet")}


def test_what_is_written_is_what_is_declared(study):
    axis = "dataset.blobs.separation"
    done = study(
        *FEW, "sweep.dataset=[blobs]", f"sweep.{axis}=[2.0,4.0]", "dataset.blobs.k=2",
        "sweep.covariance=full", "bootstrap.replicates=19", "bootstrap.max_k=1",
        "bootstrap.stability=3",
    )  # fmt: skip
    written = columns_of(done)
    assert set(written) == set(TABLES) - {"imputed"}
    for name, columns in written.items():
        assert columns == [n for n in TABLES[name].names([axis]) if n not in (*BOX, "id")], name
    texts = {path.stem for path in Path(done.folder, "tables").glob("*.csv")}
    assert texts == {"failed", *(name for name, table in TABLES.items() if table.csv)}


def test_with_noise_and_missing_values_there_is_more(study):
    rows = Path("data/gmm.data").read_text().splitlines()
    Path("data/gmm.data").write_text("\n".join(["nan 79", *rows[1:]]) + "\n")
    done = study(*FEW, "sweep.dataset=[gmm]", "fit.noise=0.05", "fit.missing=mar")
    written = columns_of(done)
    assert written["parameters"] == TABLES["parameters"].names()
    assert written["imputed"] == TABLES["imputed"].names()


def test_what_is_shown_is_a_column():
    for table in TABLES.values():
        names = table.names()
        assert len(set(names)) == len(names), table.name
        assert {*table.shown.split(), *table.readable.split()} <= {*names}, table.name
    assert {*AXES, DEFECTS} <= {*TABLES["fits"].names()}
    assert {*RESTARTS} <= {*TABLES["best"].names()}
    assert list(AXES[1:]) == CELL
    for name in ("best", "certificates"):  # chances are printed as bounds
        chances = {c for c in TABLES[name].readable.split() if c.startswith("p_")}
        assert chances == {"p_better_bound"}


@pytest.mark.parametrize("kind", ["annotations", "dir"])
def test_an_experiment_has_every_table_as_an_attribute(kind):
    known = (
        typing.get_type_hints(Experiment, localns={"pd": pd})
        if kind == "annotations"
        else dir(object.__new__(Experiment))
    )
    assert set(TABLES) <= set(known)


def test_no_other_attribute_is_a_table():
    with pytest.raises(AttributeError, match="bset"):
        _ = object.__new__(Experiment).bset


def test_the_page_of_tables_is_up_to_date():
    assert tables_page.PAGE.read_text(encoding="utf-8") == tables_page.page(), (
        "python docs/tables_page.py"
    )

"""The long tables: rows in order and numbered alike, however the work was cut."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gmmpipe.mixture.defects import Defect
from gmmpipe.results.build import assess, write
from gmmpipe.results.build.schemas import decoded, encoded
from gmmpipe.workflow import processes as workers
from gmmpipe.workflow.stages import evaluate

SWEEP = ("experiment=smoke", "sweep.k=[1,2,3]", "sweep.seed=0..3", "sweep.start=[uniform,kmeans]")


def content(folder):
    return {path.name: path.read_bytes() for path in Path(folder).glob("[!.]*")}


def test_how_the_work_is_cut_changes_no_byte(study, monkeypatch):
    done = study(*SWEEP)
    whole = content(f"{done.folder}/tables")
    monkeypatch.setattr(assess, "MOST_NUMBERS", 1)  # a slice for each cell
    evaluate.run([done.path], "cells")
    assert content("cells") == whole
    monkeypatch.setattr(workers, "CELLS_PER_PROCESS", 1)
    evaluate.run([done.path], "processes", 2)
    assert content("processes") == whole


def test_a_failing_pass_leaves_nothing_behind(study, monkeypatch):
    done = study("experiment=smoke", "sweep.dataset=sample", "sweep.k=1", "sweep.seed=0")

    def broken(*_):
        raise ArithmeticError("in the midst")

    monkeypatch.setattr(write, "_explained", broken)
    with pytest.raises(ArithmeticError):
        evaluate.run([done.path], "tables")
    assert list(Path("tables").iterdir()) == []


def test_rows_of_parameters_get_numbers_and_their_order():
    means = [[50.0], [70.0], [51.0], [71.0], [80.0], [60.0], [81.0], [61.0]]  # 2 fits, 2 snapshots
    table = pa.table({"component": [1, 2] * 4, "mean": means})
    found = write._reordered(table, np.array([[0, 1], [1, 0]]))
    assert found["component"].to_pylist() == [1, 2] * 4
    assert [m for (m,) in found["mean"].to_pylist()] == [50, 70, 51, 71, 60, 80, 61, 81]


def test_reasons_name_components_by_their_numbers():
    collapsed = (Defect(0, "empty"), Defect(1, "indefinite", (3.0,)), Defect(None, "stopped", (7,)))
    fits = pa.table(
        {
            "seed": [0, 1, 2],
            "reason": ["", "", "lost: component 0"],
            "defects": encoded([(), collapsed, ()]),
        }
    )
    found = write._explained(fits, [0, 1], np.array([[0, 1], [1, 0]]))
    assert found["reason"].to_pylist() == [
        "",
        "component 1: covariance not positive definite (3 effective samples);"
        " component 2: no samples left, weight 0; stopped after 7 iterations",
        "lost: component 0",  # a cell that failed has no components
    ]
    assert decoded(found["defects"])[1] == [
        Defect(1, "indefinite", (3.0,)),
        Defect(2, "empty"),
        Defect(None, "stopped", (7.0,)),
    ]

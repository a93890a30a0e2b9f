"""Cells that cannot be fitted: rows with a reason, which stop no others and are never best."""

import pandas as pd
import pytest

from gmmpipe.errors import InputError
from gmmpipe.workflow import run
from gmmpipe.workflow.stages import figures

# a tree of two leaves cannot be cut into three
TINY = (
    "experiment=smoke",
    "sweep.dataset=[gmm,sample]",
    "sweep.start=[ward,points]",
    "sweep.k=2..3",
)
TINY += ("sweep.seed=0", "sweep.iteration=[1,5]", "start.ward.most=2", "figures.names=[selection]")
TINY += ("figures.formats=[png]",)


def tables(study, name):
    return pd.read_csv(f"{study.folder}/tables/{name}.csv")


def test_failed_cells_are_rows_and_stop_no_others(study, capsys):
    done = study(*TINY)
    fits, failed = tables(done, "fits"), tables(done, "failed")
    assert len(fits) == 2 * 2 * 2 * 2 * 2  # nothing is missing
    lost = fits[fits["status"] == "failed"]
    # a column that is empty where a fit failed is of no type in failed.csv
    pd.testing.assert_frame_equal(lost.reset_index(drop=True), failed, check_dtype=False)
    assert set(lost["start"] + lost["k"].astype(str)) == {"ward3"}
    assert len(lost) == 2 * 2 * 2
    assert lost["reason"].str.contains("start ward: k is 3, but the tree has 2 leaves").all()
    assert lost[["log_likelihood", "bic"]].isna().all(axis=None)
    assert lost["degenerate"].all()
    sound = fits[fits["status"] == "ok"]
    assert sound["log_likelihood"].notna().all()
    best = tables(done, "best")
    assert set(best["k"]) == {2, 3}
    assert best["status"].eq("ok").all()
    figures.run([done.path], f"{done.folder}/figures")
    capsys.readouterr()
    assert run._failures(done) == 1
    said = capsys.readouterr().err
    assert "4 fits failed, the first (dataset gmm, " in said
    assert "failed.csv" in said


def test_failures_may_be_let_pass(study, capsys):
    done = study(*TINY, "fit.on_failure=continue")
    assert len(tables(done, "failed")) == 8
    assert run._failures(done) == 0
    assert "failed, the first" not in capsys.readouterr().err


def test_a_study_of_which_no_fit_succeeds_says_why(study):
    with pytest.raises(InputError, match=r"every fit failed, e\.g\.: start ward: k is 3"):
        study(*TINY, "sweep.start=[ward]", "sweep.k=3")

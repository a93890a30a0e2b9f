"""A column of weights through the stages: a row of weight 2 is that row twice."""

import numpy as np
import pandas as pd
import pytest

import gmmpipe
from gmmpipe.errors import InputError
from gmmpipe.workflow import make_plan

RNG = np.random.default_rng(2)
CLASS = np.repeat(["a", "b"], [50, 40])
X = RNG.normal(size=(90, 2)) * [1, 20] + np.where(CLASS == "a", 0, 5)[:, None] * [1, 20]
COUNTS = RNG.integers(0, 4, 90)
BOTH = ("experiment=smoke", "sweep.start=[split]", "sweep.seed=[0]", "sweep.iteration=[60]")
BOTH += (
    "sweep.covariance=[full,EII,VEV]",
    "sweep.normaliser=[minmax,standard,none]",
    "sweep.k=1..3",
)
KEYS = ["normaliser", "covariance", "k"]


@pytest.fixture
def files(project):
    """Two data sets that say the same: w has weights, r the rows as often as they count."""
    table = pd.DataFrame({"u": X[:, 0], "v": X[:, 1], "class": CLASS, "n": COUNTS})
    table.to_csv(project / "w.csv", index=False)
    written = table.loc[table.index.repeat(COUNTS)].drop(columns="n")
    written.to_csv(project / "r.csv", index=False)
    say = "dataset.{0}={{kind: file, path: {0}.csv, label: class{1}}}"
    return (say.format("w", ", weight: n"), say.format("r", ""))


def test_all_tables_say_the_same_as_of_the_rows_written_out(files, study):
    done = study(*BOTH, *files, "sweep.dataset=[w,r]")
    run = gmmpipe.load(done.folder)
    fits = {name: rows.set_index(KEYS) for name, rows in run.fits.groupby("dataset")}
    for column in fits["w"].select_dtypes("number"):
        if column not in ("seed", "iteration", "n_iter"):
            found, written = fits["w"][column], fits["r"][column]
            np.testing.assert_allclose(found, written, rtol=1e-7, atol=1e-9, err_msg=column)
    assert fits["w"]["reason"].tolist() == fits["r"]["reason"].tolist()
    best = run.best[run.best["rank"] == 1].set_index("dataset")
    assert (
        best.loc["w", ["covariance", "k"]].tolist() == best.loc["r", ["covariance", "k"]].tolist()
    )
    w, r = (run.labels[run.labels["dataset"] == name] for name in ("w", "r"))
    assert len(w) == 90  # a row that does not count has a component too
    assert w["component"].repeat(COUNTS).tolist() == r["component"].tolist()
    w, r = (run.lineage[run.lineage["dataset"] == name] for name in ("w", "r"))
    np.testing.assert_allclose(w["share"], r["share"], atol=1e-6)


def test_the_bootstrap_resamples_what_the_rows_count_for(files, study):
    asked = ("bootstrap.replicates=19", "bootstrap.max_k=1", "bootstrap.starts=1")
    asked += ("bootstrap.kind=[parametric,nonparametric,weighted]", "bootstrap.stability=4")
    rest = ("sweep.covariance=[full]", "sweep.normaliser=[standard]", "sweep.k=1..2", *asked)
    done = study(*BOTH, *rest, *files, "sweep.dataset=[w,r]")
    run = gmmpipe.load(done.folder)
    w, r = (run.bootstrap[run.bootstrap["dataset"] == name] for name in ("w", "r"))
    np.testing.assert_allclose(w["statistic"], r["statistic"], rtol=1e-6)
    keys = ["kind", "component", "parameter", "feature", "other_feature"]
    w, r = (run.intervals[run.intervals["dataset"] == n].set_index(keys) for n in ("w", "r"))
    np.testing.assert_allclose(w["estimate"], r["estimate"], rtol=1e-4, atol=1e-6)
    ratio = w["se"] / r["se"]
    assert ratio.between(0.3, 3).all()
    assert run.resamples.groupby("dataset").size().to_dict() == {"r": 1, "w": 1}


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("1\n-1\n2", "line 3: the weight -1 is negative"),
        ("1\n\n2", "line 3, column 'n': '' is a missing value"),
        ("0.2\n0.3\n0.1", "the weights sum to 0.6; .*scale them to sum to the number of rows"),
        ("0\n0\n0", "the weights sum to 0"),
    ],
)
def test_what_is_no_weight_is_refused(column, words, project):
    cells = zip(("1,2", "3,5", "7,4"), column.split("\n"), strict=True)
    (project / "d.csv").write_text("a,b,n\n" + "\n".join(f"{a},{b}" for a, b in cells))
    with pytest.raises(InputError, match=words):
        make_plan.make_plan(project, ["experiment=smoke"], {"path": "d.csv", "weight": "n"})


def test_the_command_line_names_the_column(project, gmmpipe, refused):
    (project / "d.csv").write_text("a,b,n\n1,2,1\n3,5,2\n7,4,0\n")
    said = gmmpipe("show", "--data", "d.csv", "--weight", "n")
    assert "weight: n" in said.out
    refused("weight belong to data --data", "show", "--weight", "n")
    refused("'m' weight", "run", "--data", "d.csv", "--weight", "m", "--", "-n")
    refused("'n' weight columns", "run", "--data", "d.csv", "--weight", "n", "--columns", "a,n")
    words = "sweep.k 3 2 rows of positive weight"
    refused(words, "run", "--data", "d.csv", "--weight", "n", "sweep.k=3")


def test_a_replay_refuses_weights(files, study, refused):
    study(*BOTH, *files, "sweep.dataset=[w]", "sweep.covariance=[full]", "sweep.k=2")
    refused("rows have weights", "replay", "results/smoke/latest")

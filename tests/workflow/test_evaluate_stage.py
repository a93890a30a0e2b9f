import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from gmmpipe.results.columns import DEFECTS
from gmmpipe.results.mixtures import to_mixture
from gmmpipe.results.summary import case_verdicts
from gmmpipe.store import artifacts

KEYS = ["dataset", "normaliser", "covariance", "start", "k", "seed", "iteration"]
SWEEP = (
    "experiment=smoke",
    "sweep.dataset=[gmm,sample]",
    "sweep.normaliser=[minmax,standard,none]",
)
SWEEP += ("sweep.k=[1,2]", "sweep.seed=[0,3]", "sweep.iteration=[0,5]")


def tables(study):
    names = ("fits", "best", "parameters", "trajectories", "labels")
    return {n: artifacts.read_frame(f"{study.folder}/tables/{n}.parquet") for n in names}


def test_tables_agree_with_scipy_and_one_another(study):
    done = study(*SWEEP)
    t = tables(done)
    fits, parameters = t["fits"], t["parameters"]
    assert list(fits.columns[:7]) == KEYS
    assert len(fits) == len(fits[KEYS].drop_duplicates()) == 2 * 3 * 2 * 2 * 2 * 2
    assert len(parameters) == fits["k"].sum()

    data = {d.dataset: artifacts.read_arrays(done.stored(n)) for n, d in done.data_sets.items()}
    for key, rows in parameters.groupby(KEYS):
        x, mixture = data[key[0]]["x"], to_mixture(rows)
        logs = [
            np.log(w) + multivariate_normal(m, c).logpdf(x)
            for w, m, c in zip(mixture.weights, mixture.means, mixture.covariances, strict=True)
        ]
        row = fits.set_index(KEYS).loc[key]
        assert row["log_likelihood"] == pytest.approx(logsumexp(logs, axis=0).sum(), rel=1e-9)
        expected = row["n_parameters"] * np.log(len(x)) - 2 * row["log_likelihood"]
        assert row["bic"] == pytest.approx(expected, rel=1e-12)

    full = fits[fits["covariance"] == "full"]  # circles are not the same in other units
    cells = full.pivot(index=[c for c in KEYS if c != "normaliser"], columns="normaliser")
    done_ = cells["log_likelihood"].xs(5, level="iteration")
    np.testing.assert_allclose(done_["standard"], done_["minmax"], rtol=1e-6)  # original units
    assert fits.loc[fits["dataset"] == "gmm", "ari"].isna().all()
    assert fits.loc[fits["dataset"] == "sample", "ari"].max() > 0.9
    last = t["trajectories"]["log_likelihood"].map(lambda v: v[-1])
    after = fits.loc[fits["iteration"] == 5, "log_likelihood"]
    np.testing.assert_allclose(last, after, rtol=1e-14)


def test_the_best_and_the_labels_are_of_the_selected_model(study):
    done = study(*SWEEP)
    t = tables(done)
    best = t["best"]
    assert (
        best.groupby("dataset")["bic"].transform("min") == best["bic"] - best["delta_bic"]
    ).all()
    for _, rows in best.groupby("dataset"):
        assert rows["rank"].tolist() == list(range(1, len(rows) + 1))
        assert rows["bic"].is_monotonic_increasing
    assert t["labels"].groupby("dataset").size().to_dict() == {"gmm": 272, "sample": 100}
    assert t["labels"]["probability"].between(0.25, 1).all()
    text = pd.read_csv(f"{done.folder}/tables/fits.csv")
    assert [*text.columns, DEFECTS] == list(t["fits"].columns)  # the sentence is in both
    np.testing.assert_array_equal(text["log_likelihood"], t["fits"]["log_likelihood"])


def test_a_sample_is_written_for_the_tutorial_s_own_loadtxt(study):
    done = study("experiment=smoke", "sweep.k=1", "sweep.seed=0", "sweep.iteration=1")
    x = np.loadtxt(f"{done.folder}/tables/sample.data")
    (name,) = (n for n in done.data_sets if n.startswith("sample"))
    np.testing.assert_array_equal(x, artifacts.read_arrays(done.stored(name))["x"])


def test_outer_axes_are_columns_and_cases_of_their_own(study):
    done = study("experiment=smoke", "sweep.dataset=sample", "sweep.fit.tol=[0,0.5]", "sweep.k=2")
    t = tables(done)
    for name, frame in t.items():
        assert sorted(frame["fit.tol"].unique()) == [0, 0.5], name
    assert t["labels"].groupby("fit.tol").size().tolist() == [100, 100]
    assert t["best"]["rank"].tolist().count(1) == 2


def test_when_every_fit_is_degenerate_the_tables_are_there_all_the_same(study, project, capsys):
    (project / "d.csv").write_text("1,2\n3,4\n")
    done = study(
        "experiment=smoke",
        "sweep.dataset=[d]",
        "dataset.d={kind: file, path: d.csv}",
        "sweep.k=2",
        "sweep.covariance=full",
    )
    assert "every fit is degenerate" in capsys.readouterr().out
    t = tables(done)
    assert t["fits"]["degenerate"].all()
    assert len(t["labels"]) == len(t["best"]) == 0
    (found,) = case_verdicts(done)
    assert found.lines == [
        "d: Not settled, because every fit is degenerate, so no model is selected."
    ]
    assert "bic" in t["best"].columns


def test_ends_of_runs_are_told_in_every_table(study):
    """Two seeds of `points` converge at the saddle where both components are equal."""
    done = study(
        "experiment=restarts",
        "fit.restarts=fixed",
        "sweep.dataset=[gmm]",
        "sweep.covariance=[tied]",
        "sweep.start=[points]",
        "sweep.k=[1,2]",
    )
    t = tables(done)
    fits = t["fits"].set_index("seed")
    two = fits[fits["k"] == 2]
    assert two.index[two["end"] == "saddle"].tolist() == [0]
    assert two.loc[0, "converged"]
    assert two.loc[0, "log_likelihood"] == pytest.approx(-1289.797, abs=1e-3)
    assert two["limit"].max() == pytest.approx(-1140.187, abs=1e-3)
    found = pd.read_csv(f"{done.folder}/tables/certificates.csv").set_index("k")
    assert found.loc[2, ["draws", "finished", "saddles", "unfinished"]].tolist() == [10, 9, 1, 0]
    assert found.loc[1, ["hits", "p_new", "p_better_bound"]].isna().all()
    best = t["best"].set_index("k")
    assert best["end"].tolist() == ["maximum", "maximum"]
    assert best["beaten_by"].tolist() == ["", ""]


def test_names_of_rows_and_the_groups_that_are_known_are_kept_in_the_labels(project, study):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"id": [f"r{i}" for i in range(40)], "a": rng.normal(size=40)})
    frame["b"], frame["kind"] = frame["a"] ** 2 + rng.normal(size=40), [None, "x", "y", None] * 10
    frame.to_csv(project / "t.csv", index=False)
    dataset = "dataset.t={kind: file, path: t.csv, label: kind, id: id}"
    done = study("experiment=smoke", "sweep.dataset=[sample,t]", dataset, *SWEEP[3:], "sweep.k=[2]")
    labels = tables(done)["labels"].set_index("dataset")
    assert labels.loc["t", "id"].tolist() == frame["id"].tolist()
    assert labels.loc["t", "label"].tolist() == frame["kind"].tolist()
    assert labels.loc["sample", "id"].isna().all()

import numpy as np
import pandas as pd
import pytest

from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.diagnostics.metrics import ari
from gmmpipe.results.build import stability as stability_table
from gmmpipe.results.mixtures import to_mixture
from gmmpipe.store import artifacts

NAMES = ("fits", "best", "parameters", "lineage", "stability", "recovery")


def tables(done):
    return {n: artifacts.read_frame(f"{done.folder}/tables/{n}.parquet") for n in NAMES}


def test_lineage_is_that_of_the_best_of_each_family(study):
    done = study("experiment=smoke", "sweep.dataset=gmm", "sweep.normaliser=[minmax,none]")
    t, (data,) = tables(done), done.data
    x, links = artifacts.read_arrays(data)["x"], t["lineage"]
    assert list(links.columns)[:5] == ["dataset", "covariance", "parent_k", "parent", "k"]
    assert len(links) == 2 * (1 * 2 + 2 * 3)
    assert np.allclose(links.groupby(["covariance", "k", "component"])["share"].sum(), 1)
    assert np.allclose(links.groupby(["covariance", "k"])["mass"].sum(), 1)
    resp = {}
    for k in (2, 3):
        rows = t["best"].query(f"covariance == 'spherical' and k == {k}")
        top = rows.loc[[rows["log_likelihood"].idxmax()]]
        keys = [c for c in t["parameters"].columns if c in top.columns]
        mixture = to_mixture(top[keys].merge(t["parameters"], on=keys))
        resp[k] = np.exp(log_responsibilities(x, mixture)[1])
    found = links.query("covariance == 'spherical' and k == 3").pivot(
        index="component", columns="parent", values="mass"
    )
    np.testing.assert_allclose(found, resp[3].T @ resp[2] / len(x), rtol=1e-9, atol=1e-15)


def test_stability_is_the_mean_agreement_of_the_seeds(study):
    done = study(
        "experiment=smoke", "sweep.dataset=gmm", "sweep.covariance=full", "sweep.start=random"
    )
    t, (data,) = tables(done), done.data
    x = artifacts.read_arrays(data)["x"]
    rows = t["stability"].set_index("k")
    assert rows["kind"].unique().tolist() == ["seeds"]
    assert rows["runs"].tolist() == [3, 3, 3]
    assert rows.loc[1, "ari"] == 1
    ends = t["parameters"].query("k == 3 and iteration == 10")
    hard = [
        log_responsibilities(x, to_mixture(one))[1].argmax(axis=1)
        for _, one in ends.groupby("seed")
    ]
    pairs = [ari(hard[a], hard[b]) for a, b in ((0, 1), (0, 2), (1, 2))]
    assert rows.loc[3, "ari"] == pytest.approx(np.mean(pairs), abs=1e-9)
    assert min(pairs) < 1


def test_recovery_of_what_was_drawn(study):
    done = study(
        "experiment=smoke",
        "sweep.dataset=[gmm,blobs]",
        "sweep.dataset.blobs.separation=[1.0,4.0]",
        "dataset.blobs.k=2",
        "sweep.iteration=[40]",
        "sweep.covariance=full",
    )
    t = tables(done)
    found = t["recovery"].set_index("dataset.blobs.separation")
    assert set(found["dataset"]) == {"blobs"}  # the others have no true mixture
    assert len(found) == 2
    near, far = found.loc[1.0], found.loc[4.0]
    assert far["bayes_ari"] > near["bayes_ari"]
    assert far["bayes_error"] < near["bayes_error"]
    assert far["mean_error"] < 0.1
    assert far["ari"] == pytest.approx(far["bayes_ari"], abs=0.02)
    assert far["covariance_error"] < 0.2
    best = t["best"].query("dataset == 'blobs' and k == 2").set_index("dataset.blobs.separation")
    assert near["ari"] == best.loc[1.0, "ari"]
    assert near["error"] == pytest.approx(1 - best.loc[1.0, "accuracy"])


def test_degenerate_fits_and_lone_ones_have_no_stability():
    key = {"dataset": "x", "normaliser": "none", "covariance": "full", "start": "random", "k": 2}
    labels = [np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), np.array([1, 1, 0, 0])]
    runs = pd.DataFrame(
        [{**key, "seed": s, "degenerate": s == 1, "labels": labels[s]} for s in (0, 1, 2)]
        + [{**key, "k": 3, "seed": 0, "degenerate": False, "labels": labels[0]}]
    )
    (row,) = stability_table.stability(runs, [], "bootstrap").to_dict("records")
    assert (row["k"], row["kind"], row["runs"], row["ari"]) == (2, "bootstrap", 2, 1.0)
    assert np.isnan(row["standard_error"])


def test_of_very_many_runs_the_first_seeds_count():
    key = {"dataset": "x", "normaliser": "none", "covariance": "full", "start": "random", "k": 2}
    labels = [np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]), np.array([0, 1, 0, 1])]
    runs = pd.DataFrame(
        [{**key, "seed": s, "degenerate": False, "labels": labels[s]} for s in (2, 1, 0)]
    )
    (row,) = stability_table.stability(runs, [], most_runs=2).to_dict("records")
    assert (row["runs"], row["ari"]) == (2, 1.0)


def test_tables_without_rows_have_their_columns(study):
    done = study("experiment=smoke", "sweep.dataset=gmm", "sweep.k=2", "sweep.seed=0")
    t = tables(done)
    for name, columns in {
        "lineage": ["parent", "mass"],
        "stability": ["ari", "standard_error"],
        "recovery": ["bayes_ari", "mean_error"],
    }.items():
        assert len(t[name]) == 0
        assert {"dataset", *columns} <= set(t[name].columns)


def test_the_seeds_of_mixed_that_draw_nothing_are_no_random_draws(study):
    settings = ["sweep.start=mixed", "sweep.seed=0..4", "sweep.k=[2]", "sweep.covariance=full"]
    done = study("experiment=smoke", "sweep.dataset=gmm", *settings)
    (row,) = artifacts.read_frame(f"{done.folder}/tables/certificates.parquet").to_dict("records")
    assert (row["draws"], row["finished"]) == (5, 5)
    assert row["p_better_bound"] == pytest.approx(1 - 0.05 ** (1 / 3))

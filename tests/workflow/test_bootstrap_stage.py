"""The stages bootstrap and combine: files in, files out."""

import json

import numpy as np
import pytest

import gmmpipe
from gmmpipe.errors import InputError
from gmmpipe.mixture.bootstrap.intervals import decision, p_value
from gmmpipe.results.tables import table_paths
from gmmpipe.store import artifacts
from gmmpipe.store.jobs import BootstrapJob, from_json
from gmmpipe.workflow.stages import bootstrap

SMALL = ("experiment=smoke", "sweep.dataset=sample", "sweep.covariance=[full]", "fit.tol=1e-9")
SMALL += ("sweep.k=1..3", "sweep.iteration=[300]", "bootstrap.replicates=12", "bootstrap.max_k=2")
SMALL += ("bootstrap.starts=1", "bootstrap.level=0.1")


@pytest.fixture
def block(study, tmp_path):
    """Return a function: the arrays of a planned block of a kind, its settings changed."""
    done = study(*SMALL)

    def call(planned, threads=1, **changes):
        sections = done.bootstrap_blocks.items()
        name = next(n for n, s in sections if s.config.kind == planned)
        told = {**json.loads(done.job("bootstrap", name)), **changes}
        job = from_json(BootstrapJob, told, "--config")
        bootstrap.run(done.replicated(name), str(tmp_path / "b.npz"), job, threads)
        return artifacts.read_arrays(tmp_path / "b.npz")

    return call


def test_a_replicate_is_the_same_in_any_block_and_on_any_threads(block):
    whole, part = block("test"), block("test", replicates=[7, 3], k=[2])
    np.testing.assert_array_equal(whole["statistic"][1:, [7, 3]], part["statistic"])
    assert whole["observed"][1] == part["observed"][0]
    for kind in ("parametric", "nonparametric"):
        whole, part = block(kind), block(kind, replicates=[11], threads=2)
        for name in ("weight", "mean", "covariance"):
            replicates = whole[f"replicate_{name}"]
            np.testing.assert_array_equal(replicates[11:], part[f"replicate_{name}"])
            np.testing.assert_array_equal(whole[name], part[name])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"replicates": []}, r"replicates is \[\]; list should have at least 1 item"),
        ({"replicates": [0.5]}, r"replicates\.0 is 0\.5; input should be a valid integer"),
        ({"k": None}, "k is None; give a list"),
        ({"k": [100]}, "k is 100; choose from 1 to 99"),
        ({"kind": "jackknife"}, "bootstrap kind is 'jackknife'; choose one of"),
    ],
)
def test_wrong_settings_are_refused(changes, words, block):
    with pytest.raises(InputError, match=words):
        block("test", **changes)


def test_the_tables_say_what_the_blocks_hold(study):
    done = study(*SMALL)
    run = gmmpipe.load(done.folder)
    tests, intervals = run.bootstrap, run.intervals
    columns = "dataset normaliser covariance k0 k1 statistic replicates degenerate p_value mc_error"
    assert list(tests.columns[:10]) == columns.split()
    assert tests[["k0", "k1"]].to_numpy().tolist() == [[1, 2], [2, 3]]
    for _, row in tests.iterrows():
        assert len(row["null"]) == row["replicates"] == 12
        assert row["degenerate"] == np.isnan(row["null"]).sum()
        expected = p_value(row["statistic"], row["null"])
        np.testing.assert_array_equal([row["p_value"], row["mc_error"]], expected)
        assert row["decision"] == decision(row["p_value"], row["mc_error"], 0.1)
    assert set(tests["level"]) == set(intervals["level"]) == {0.1}

    best = run.best.set_index("k")["log_likelihood"]  # the ratio is no smaller than that
    assert (tests["statistic"] > 2 * np.diff(best) - 1e-3).all()
    k = run.best["k"].iloc[0]
    assert set(intervals["k"]) == {k}
    assert intervals.groupby(["kind", "parameter"]).size().to_dict() == {
        (kind, parameter): n * k
        for kind in ("nonparametric", "parametric")
        for parameter, n in (("covariance", 3), ("mean", 2), ("weight", 1))
    }
    mixture = run.mixture(k=k)
    means = intervals[intervals["parameter"] == "mean"].query("kind == 'parametric'")
    np.testing.assert_allclose(means["estimate"], mixture.means.ravel(), rtol=1e-3)
    assert (intervals["low"] <= intervals["high"]).all()
    assert (intervals["se"] > 0).all()
    manifest = artifacts.read_json(f"{done.folder}/manifest.json")
    assert {*done.bootstraps, *table_paths(done, "combine")} <= set(manifest["artifacts"])


def test_windows_of_replicates_make_one_distribution(study, monkeypatch):
    whole = gmmpipe.load(study(*SMALL).folder)
    whole = (whole.bootstrap, whole.intervals)
    monkeypatch.setattr("gmmpipe.workflow.bootstrap_blocks.width_of", lambda *_: 5)
    parts = study(*SMALL)
    assert len(parts.bootstraps) == 9  # three windows of each kind
    split = gmmpipe.load(parts.folder)
    assert whole[0].drop(columns="null").equals(split.bootstrap.drop(columns="null"))
    np.testing.assert_array_equal(np.stack(whole[0]["null"]), np.stack(split.bootstrap["null"]))
    assert whole[1].equals(split.intervals)


def test_where_every_fit_is_degenerate_the_tables_say_so(study, project):
    (project / "d.csv").write_text("1,2\n3,4\n5,7\n")
    done = study(
        "experiment=smoke",
        "sweep.dataset=[d]",
        "dataset.d={kind: file, path: d.csv}",
        "sweep.k=2",
        "sweep.covariance=full",
        "bootstrap.replicates=4",
        "bootstrap.level=0.5",
    )
    run = gmmpipe.load(done.folder)
    assert run.best.empty
    assert run.intervals.empty
    assert "estimate" in run.intervals.columns
    (row,) = run.bootstrap.to_dict("records")
    assert (row["replicates"], row["degenerate"], row["selected"]) == (4, 4, False)
    assert np.isnan(row["p_value"])
    assert row["reason"].startswith("observed data: a component: ")


def test_an_experiment_without_it_has_neither_jobs_nor_tables(study):
    done = study(*SMALL, "bootstrap.replicates=0")
    assert (done.bootstraps, table_paths(done, "combine")) == ([], [])
    with pytest.raises(InputError, match=r"no table intervals; run with bootstrap.replicates"):
        gmmpipe.load(done.folder).intervals  # noqa: B018 - it is read when asked for

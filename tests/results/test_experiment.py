"""Results back in Python: gmmpipe.load."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from projects import carry_out, make_project
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

import gmmpipe
from gmmpipe.errors import InputError
from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.diagnostics.matching import to_numbers
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.results import version_tables
from gmmpipe.results.columns import RUN
from gmmpipe.store import artifacts

TINY = ("experiment=smoke", "sweep.k=[1,2]", "sweep.seed=[0,1]")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project with one experiment done, which no test may change."""
    root = make_project(tmp_path_factory.mktemp("loaded") / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.delenv("GMMPIPE_RUN", raising=False)
        return root, carry_out(*TINY)


@pytest.fixture
def loaded(made, monkeypatch):
    root, done = made
    monkeypatch.chdir(root)
    return done, gmmpipe.load("results/smoke/latest")


def test_everything_of_a_version_is_there(loaded, monkeypatch, tmp_path):
    done, found = loaded
    monkeypatch.chdir(tmp_path)  # it is found again from anywhere
    assert found.config == done.config
    assert found.manifest["version"] == done.version
    assert done.version in repr(found)
    assert len(found.fits) == 2 * 2 * 2 * 2 * 2
    assert len(found.parameters) == found.fits["k"].sum()
    assert len(found.trajectories) == len(found.fits) / 2
    assert len(found.labels) == 372
    assert set(found.best["dataset"]) == {"gmm", "sample"}
    assert found.fits is found.fits  # read once


def test_of_a_large_table_only_the_rows_asked_for_are_read(loaded):
    _, found = loaded
    best, whole = found.best, {n: found.rows(n, found.best) for n in ("parameters", "trajectories")}
    other = gmmpipe.load("results/smoke/latest")
    other._tables = version_tables.VersionTables(other.folder, other.outer, small=0)
    for name, rows in whole.items():
        pd.testing.assert_frame_equal(other.rows(name, best), rows)
        one = other.rows(name, best.iloc[1])
        pd.testing.assert_frame_equal(one, found.rows(name, best.iloc[1]))
        assert 0 < len(one) < len(rows)
    assert other.mixture("gmm").n_components == best["k"][0]
    assert not {"fits", "parameters", "trajectories"} & set(vars(other))


def test_a_mixture_has_the_likelihood_of_its_row(loaded):
    done, found = loaded
    (name,) = (n for n in done.data_sets if n.startswith("gmm"))
    x = artifacts.read_arrays(done.stored(name))["x"]
    for cell in ({}, {"k": 1}, {"covariance": "spherical", "k": 2}):
        mixture = found.mixture("gmm", **cell)
        rows = found.best[found.best["dataset"] == "gmm"]
        for column, value in cell.items():
            rows = rows[rows[column] == value]
        logs = [
            np.log(w) + multivariate_normal(m, c).logpdf(x)
            for w, m, c in zip(mixture.weights, mixture.means, mixture.covariances, strict=True)
        ]
        total = logsumexp(logs, axis=0).sum()
        assert total == pytest.approx(rows.iloc[0]["log_likelihood"], rel=1e-9)


def test_what_is_not_there_is_said(loaded):
    _, found = loaded
    for dataset, cell, words in (
        ("gmn", {}, "gmn"),
        (None, {}, "several data sets"),
        ("gmm", {"kk": 2}, "'kk'"),
        ("gmm", {"k": 9}, "k is 9; choose one of 1, 2"),
        ("gmm", {"seed": 9}, "seed is 9; choose one of 0, 1"),
        ("gmm", {"covariance": "ful"}, "did you mean 'full'"),
    ):
        for method in (found.mixture, found.estimator):
            with pytest.raises(InputError, match=words):
                method(dataset, **cell)


def test_every_seed_and_snapshot_can_be_asked_for(loaded):
    _, found = loaded
    best = found.best.query("dataset == 'gmm'").iloc[0]
    row = found.fits.merge(best[["dataset", *RUN]].to_frame().T.infer_objects()).set_index(
        "iteration"
    )
    for iteration in (1, 10):
        one = found.mixture("gmm", iteration=iteration)
        rows = found.rows("parameters", {**row.loc[iteration], "iteration": iteration})
        np.testing.assert_array_equal(one.weights, rows.sort_values("component")["weight"])
    assert not np.array_equal(found.mixture("gmm", iteration=1).means, found.mixture("gmm").means)
    for seed in (0, 1):
        fit = found.chosen({"dataset": "gmm", "k": 2, "covariance": "full", "seed": seed}).iloc[0]
        assert (fit["seed"], fit["iteration"]) == (seed, best["iteration"])
        assert fit["delta_bic"] == pytest.approx(fit["bic"] - best["bic"])
        model = found.estimator("gmm", k=2, covariance="full", seed=seed)
        assert model.bic(found.data("gmm")) == pytest.approx(fit["bic"], rel=1e-12)


def test_an_experiment_stands_for_its_latest_version(loaded):
    _, found = loaded
    assert gmmpipe.load("results/smoke").folder == found.folder
    with pytest.raises(InputError, match="results: no finished experiment"):
        gmmpipe.load("results")


def test_the_winner_is_a_table(loaded):
    _, found = loaded
    table, mixture = found.table("winner", where={"dataset": "gmm"}), found.mixture("gmm")
    assert table.columns.tolist() == [
        "component", "weight", "mean eruption (min)", "sd eruption (min)", "mean waiting (min)",
        "sd waiting (min)",
    ]  # fmt: skip
    np.testing.assert_array_equal(table["component"], [1, 2])
    np.testing.assert_array_equal(table.filter(like="mean"), mixture.means)
    deviations = np.sqrt(np.diagonal(mixture.covariances, axis1=1, axis2=2))
    np.testing.assert_array_equal(table.filter(like="sd"), deviations)
    scaled = found.table("winner", cell={"dataset": "gmm"}, normalised=True)
    low, wide = found.data("gmm").min(), np.ptp(found.data("gmm").to_numpy(), axis=0)
    means = scaled.filter(regex=r"mean .* \[minmax\]")
    np.testing.assert_allclose(means, (mixture.means - low.to_numpy()) / wide, rtol=1e-12)
    np.testing.assert_allclose(found.mixture("gmm", normalised=True).means, means, rtol=1e-12)
    text = found.typeset("winner", "latex", where={"dataset": "gmm"}, caption="")
    assert "gmm: full, K = 2." in text
    assert "sample" not in text
    assert len(found.table("winner", cell={"k": 1})) == 2


def test_labels_have_all_probabilities_where_asked(loaded):
    _, found = loaded
    table = found.table("labels", columns=(), probabilities=True, where={"dataset": "gmm"})
    x, labels = found.data("gmm"), found.labels.query("dataset == 'gmm'")
    np.testing.assert_array_equal(table["component"], labels["component"])
    np.testing.assert_array_equal(table[["p_1", "p_2"]], found.estimator("gmm").predict_proba(x))
    other = found.table("labels", cell={"dataset": "gmm", "k": 1})
    assert set(other["component"]) == {1}
    with pytest.raises(InputError, match="probabilities is of labels, not of the table best"):
        found.table("best", probabilities=True)


def test_rows_and_heads_of_tables(loaded):
    _, found = loaded
    table = found.table("best", where={"dataset": "gmm", "k": 2.0}, sort=["-bic"], heads=True)
    assert table["BIC (nats)"].is_monotonic_decreasing
    assert set(table["K"]) == {2}
    assert "log-likelihood (nats)" in table
    for options, words in (
        ({"where": {"kk": 1}}, "kk"),
        ({"where": {"k": 9}}, "k is 9; choose one of 1, 2"),
        ({"sort": ["-bci"]}, "'bic'"),
        ({"wear": {}}, "'where'"),
    ):
        with pytest.raises(InputError, match=words):
            found.table("best", **options)
    with pytest.raises(InputError, match="leave it out"):
        found.typeset("best", "csv", caption="")


def test_an_estimator_predicts_as_the_tables_say(loaded):
    _, found = loaded
    x = found.data("gmm")
    assert x.columns.tolist() == ["eruption (min)", "waiting (min)"]
    model, row = found.estimator("gmm"), found.best[found.best["dataset"] == "gmm"].iloc[0]
    assert isinstance(model, gmmpipe.GaussianMixture)
    labels = found.labels[found.labels["dataset"] == "gmm"]
    np.testing.assert_array_equal(to_numbers(model.predict(x)), labels["component"])
    np.testing.assert_allclose(model.predict_proba(x).max(axis=1), labels["probability"])
    assert model.bic(x) == pytest.approx(row["bic"], rel=1e-12)
    assert model.icl(x) == pytest.approx(row["icl"], rel=1e-9)
    assert model.score(x) == pytest.approx(model.lower_bound_, rel=1e-12)
    assert (model.n_iter_, model.converged_) == (row["n_iter"], row["converged"])
    assert model.trajectory_[-1] == row["log_likelihood"]
    drawn, components = model.set_params(random_state=0).sample(5000)
    np.testing.assert_allclose(drawn.mean(axis=0), model.weights_ @ model.means_, rtol=0.05)
    assert drawn.shape == (len(components), 2)
    again = model.fit(x)  # as good as new
    assert again.bic(x) == pytest.approx(model.bic(x))


def test_every_family_comes_back_in_original_units(study):
    """Min-max units are not those of the data: spherical becomes diag, EEV full."""
    families = "full,tied,diag,spherical,EII,EEI,VEI,EVI,VEE,EVE,VVE,EEV,VEV,EVV"
    study(
        "experiment=smoke", "sweep.dataset=[gmm]", f"sweep.covariance=[{families}]", "sweep.k=[2]",
        "sweep.seed=[0]", "sweep.iteration=[10]", "sweep.normaliser=[minmax,none]",
    )  # fmt: skip
    found = gmmpipe.load("results/smoke/latest")
    x = found.data()
    for family in families.split(","):
        for normaliser in ("minmax", "none"):
            cell = {"covariance": family, "normaliser": normaliser}
            model = found.estimator(**cell)
            rows = found.best[(found.best[list(cell)] == list(cell.values())).all(axis=1)]
            assert model.bic(x) == pytest.approx(rows["bic"].iloc[0], rel=1e-12), cell
            np.testing.assert_array_equal(
                model.predict(x),
                log_responsibilities(x.to_numpy(), found.mixture(**cell))[1].argmax(axis=1),
            )
            held = FAMILIES[family].scale_invariant or normaliser == "none"
            assert (model.covariance_type == family) == held, cell


def test_noise_and_missing_values_come_back_too(study):
    rows = Path("data/gmm.data").read_text().splitlines()
    rows[:3] = ["nan 79", "1.8 nan", "9 20"]
    Path("data/gmm.data").write_text("\n".join(rows) + "\n")
    few = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=[2]", "sweep.iteration=[50]")
    study(*few, "fit.noise=0.05", "fit.missing=mar")
    found = gmmpipe.load("results/smoke/latest")
    model, x = found.estimator(), found.data()
    np.testing.assert_array_equal(to_numbers(model.predict(x)), found.labels["component"])
    assert model.predict(x)[2] == -1
    assert model.bic(x) == pytest.approx(found.best["bic"].iloc[0], rel=1e-9)
    drawn, components = model.set_params(random_state=0).sample(4000)
    assert (components == -1).mean() == pytest.approx(model.mixture_.noise, abs=0.01)
    low, high = model.mixture_.box
    assert ((drawn >= low) & (drawn <= high))[components == -1].all()
    assert "noise" in found.mixture()._repr_html_()


def test_data_is_that_of_the_version_or_none(study):
    done = study("experiment=smoke", "sweep.k=[1]", "sweep.seed=[0]")
    found = gmmpipe.load("results/smoke/latest")
    with pytest.raises(InputError, match=r"several data sets have .*dataset=gmm; dataset=sample"):
        found.data()
    with pytest.raises(InputError, match="no data set has"):
        found.data("gmn")
    (name,) = (n for n in done.data_sets if n.startswith("gmm"))
    artifacts.write(done.stored(name), b"other")
    with pytest.raises(InputError, match=r"not the data that this version fitted.*manifest\.json"):
        found.data("gmm")
    Path(done.stored(name)).unlink()
    with pytest.raises(InputError, match=r"the store has lost it.*`-- results/store/data/gmm-"):
        found.data("gmm")
    assert not hasattr(found.estimator("gmm"), "feature_names_in_")  # predicts all the same
    Path(done.path).unlink()
    with pytest.raises(InputError, match="the plan of this version is missing"):
        gmmpipe.load(found.folder).data("gmm")


def test_what_a_notebook_shows(loaded):
    _, found = loaded
    page = found._repr_html_()
    for word in (found.version, "32 cells, 0 of them degenerate", "gmm", "sample", "certificates"):
        assert word in page
    found.best["dataset"] = "<script>"
    assert "<script>" not in found._repr_html_()
    assert "&lt;script&gt;" in found._repr_html_()
    page = gmmpipe.load(found.folder).mixture("gmm", k=2)._repr_html_()
    assert page.count("<tr>") == 3
    assert re.findall(r"<tr><td[^>]*>(\w+)<", page) == ["1", "2"]
    assert "correlation" in page
    wide = Mixture(np.full(30, 1 / 30), np.zeros((30, 12)), np.tile(np.eye(12), (30, 1, 1)))
    page = wide._repr_html_()
    assert page.count("<tr>") == 1 + 20 + 1
    assert "... 10 more" in page
    assert "x<sub>7</sub>" in page
    assert "x<sub>8</sub>" not in page


def test_tables_typeset(loaded, gmmpipe, refused, tmp_path):
    _, found = loaded
    words = ("table", "best", "results/smoke/latest", "--format", "latex")
    answer = gmmpipe(*words, "--columns", "dataset,delta_bic", "--rows", "2", "--digits", "1")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[1:4] == ["\\begin{tabular}{lr}", "\\toprule", "dataset & delta\\_bic \\\\"]
    assert lines[5] == "gmm & 0.0 \\\\"
    assert len(lines) == 9
    assert gmmpipe(*words, "-o", str(tmp_path / "best.tex")).out == ""
    refused("column bic is named twice", *words, "--columns", "bic,k,bic")
    written = (tmp_path / "best.tex").read_text()
    assert written == found.typeset("best", "latex")
    assert " ari " not in found.typeset("best", "text", rows=1)  # gmm has no known groups
    csv = found.typeset("fits", "csv")
    assert csv == (found.folder / "tables/fits.csv").read_text()
    for name in found.tables:
        assert (
            found.typeset(name, "markdown", rows=3).count("\n")
            == min(len(getattr(found, name)), 3) + 2
        )


def test_tables_that_are_not_there(loaded, refused):
    for name, words, *options in (
        ("best", "bicc bic", "--columns", "bicc"),
        ("best", "rows 0", "--rows", "0"),
        ("best", "digits 99", "--digits", "99"),
        ("best", "tex latex", "--format", "tex"),
        ("bset", "bset best"),
        ("bootstrap", "bootstrap"),
    ):
        refused(words, "table", name, str(loaded[1].folder), *options)


def test_loading_costs_no_plot_and_no_compiler():
    code = "import gmmpipe, sys; gmmpipe.load; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"matplotlib", "numba", "sklearn", "hydra", "snakemake", "jinja2", "yaml"}
    assert not heavy & {name.split(".")[0] for name in done.stdout.split()}


def test_a_folder_without_results(tmp_path):
    with pytest.raises(InputError, match=r"no finished experiment; give results/"):
        gmmpipe.load(tmp_path)

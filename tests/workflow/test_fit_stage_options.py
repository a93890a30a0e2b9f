"""Missing values, frozen parts and noise through the stages, from a file to the tables."""

import numpy as np
import pandas as pd
import pytest

import gmmpipe
from gmmpipe.errors import InputError
from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.engines.missing import imputed
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.workflow import make_plan

RNG = np.random.default_rng(5)
X = RNG.normal(size=(80, 3)) * [1, 20, 0.3] + np.repeat([[0, 0, 0], [6, 90, 1]], [45, 35], axis=0)
LOST = (RNG.random(X.shape) < 0.15) & (np.arange(3) < 2)
HOLED = np.where(LOST, np.nan, X)
ANY = [name for name, family in FAMILIES.items() if family.features is None]
ALL = ("experiment=smoke", "fit=converged", "sweep.start=[kmeans]", "sweep.seed=[0]", "sweep.k=[2]")
ALL += (
    "sweep.iteration=[200]",
    "sweep.normaliser=[minmax,standard,none]",
    "sweep.covariance=[full]",
)
OWN = ("dataset.own={kind: file, path: own.csv}", "sweep.dataset=[own]")


@pytest.fixture
def own(project):
    """Return a function that writes the data set: rows of three features."""

    def write(x):
        pd.DataFrame(x, columns=["u", "v", "w"]).to_csv(project / "own.csv", index=False)

    return write


def carried_out(study, *settings):
    done = study(*ALL, *OWN, *settings)
    return gmmpipe.load(done.folder)


def test_missing_values_are_fitted_by_what_is_observed(own, study):
    own(HOLED)
    run = carried_out(study, "fit.missing=mar", f"sweep.covariance=[{','.join(ANY)}]")
    assert set(run.fits["covariance"]) == set(ANY)
    for row in run.fits.to_dict("records"):
        key = {name: row[name] for name in ("normaliser", "covariance")}
        densities, _ = log_responsibilities(HOLED, run.mixture("own", **key), missing="mar")
        assert row["log_likelihood"] == pytest.approx(densities.sum(), abs=1e-6), key
        expected = row["n_parameters"] * np.log(80) - 2 * row["log_likelihood"]
        assert row["bic"] == pytest.approx(expected, abs=1e-9)
    units = run.fits.pivot(index="covariance", columns="normaliser", values="log_likelihood")
    free = [name for name in ANY if FAMILIES[name].scale_invariant]
    np.testing.assert_allclose(units.loc[free, "none"], units.loc[free, "minmax"], atol=1e-4)
    np.testing.assert_allclose(units.loc[free, "none"], units.loc[free, "standard"], atol=1e-4)
    assert len(run.labels) == 80


def test_imputed_means_are_those_of_the_selected_model(own, study, refused):
    own(HOLED)
    run = carried_out(study, "fit.missing=mar")
    table = run.imputed
    assert len(table) == LOST.sum()
    filled = imputed(HOLED, run.mixture())
    column = table["feature"].map({"u": 0, "v": 1, "w": 2})
    np.testing.assert_allclose(table["mean"], filled[table["row"], column], rtol=1e-12)
    apart = np.abs(table["mean"] - X[table["row"], column]) / X.std(axis=0)[column]
    assert apart.mean() < 0.5  # the groups are far apart, so the other features tell
    refused("fit.missing is mar whole rows", "replay", "results/smoke/latest")
    own(X)
    with pytest.raises(InputError, match=r"no table imputed; run with fit\.missing=mar"):
        carried_out(study, "fit.missing=mar").imputed  # noqa: B018 - it is read when asked for


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ((), r"line 3, column 'u': '' is a missing value; .*or fit\.missing=mar"),
        (("dataset.own.missing=keep",), r"own keeps 1 missing values; set fit\.missing=mar"),
        (("fit.missing=mar", "dataset.own.missing=refuse"), "is a missing value"),
        (("fit.missing=mr",), "fit.missing is 'mr'"),
        (
            ("fit.missing=mar", "bootstrap.replicates=19"),
            r"parametric and a test needs complete rows.*bootstrap\.kind=\[nonparametric\]",
        ),
    ],
)
def test_missing_values_are_refused_unless_asked_for(settings, words, own, project):
    x = X.copy()
    x[1, 0] = np.nan
    own(x)
    with pytest.raises(InputError, match=words):
        make_plan.make_plan(project, [*ALL, *OWN, *settings])


def test_dropped_rows_and_infinity_under_mar(own, project):
    x = HOLED.copy()
    x[7] = np.nan
    own(x)
    (data,) = make_plan.make_plan(project, [*ALL, *OWN, "fit.missing=mar"]).data_sets.values()
    assert (data.n, data.dropped, data.missing) == (79, 1, np.isnan(x).sum() - 3)
    x[9, 2] = np.inf
    own(x)
    with pytest.raises(InputError, match="line 11, column 'w': 'inf' is not finite"):
        make_plan.make_plan(project, [*ALL, *OWN, "fit.missing=mar"])


@pytest.mark.parametrize(
    ("frozen", "count"),
    [("weights", 2 * 3 + 12), ("means", 1 + 12), ("covariances,weights", 2 * 3)],
)
def test_frozen_parts_stay_and_are_no_parameters(frozen, count, own, study):
    own(X)
    run = carried_out(study, f"fit.frozen=[{frozen}]", "sweep.normaliser=[standard]")
    (row,) = run.fits.to_dict("records")
    assert row["n_parameters"] == count
    assert row["bic"] == pytest.approx(count * np.log(80) - 2 * row["log_likelihood"])
    parts = run.parameters
    scale = np.diag(1 / X.std(axis=0))
    for name in frozen.split(","):
        if name == "weights":
            assert parts["weight"].tolist() == parts["start_weight"].tolist()
        if name == "means":
            z = [scale @ (mean - X.mean(axis=0)) for mean in parts["mean"]]
            np.testing.assert_allclose(z, np.stack(parts["start_mean"]), atol=1e-12)
        if name == "covariances":
            z = [scale @ c.reshape(3, 3) @ scale for c in parts["covariance_matrix"]]
            expected = np.stack(parts["start_covariance"]).reshape(2, 3, 3)
            np.testing.assert_allclose(z, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("fit.frozen=[weights,means,covariances]", "nothing is left to fit, leave one out"),
        ("fit.frozen=[mean]", "fit.frozen.0 is 'mean'; input should be 'weights', 'means' or"),
        ("fit=map fit.frozen=[means,covariances]", "regularisation is map, a prior on means"),
        ("fit.frozen=[means] bootstrap.replicates=19", "K \\+ 1.*fit.frozen holds means"),
        ("fit.noise=1", "fit.noise is 1; input should be less than 1"),
        ("fit.noise=-0.1", "fit.noise is -0.1"),
    ],
)
def test_what_makes_no_sense_is_refused_when_planning(settings, words, project):
    with pytest.raises(InputError, match=words):
        make_plan.make_plan(project, ["experiment=smoke", *settings.split()])


NOISY = np.vstack([X, RNG.uniform([-30, -400, -8], [30, 400, 8], (20, 3))])


def test_noise_is_a_component_of_its_own(own, study):
    own(NOISY)
    run = carried_out(study, "fit.noise=0.2", "sweep.start=[points]", "sweep.seed=0..5",
                      "bootstrap.stability=3", "bootstrap.replicates=3", "bootstrap.max_k=2",
                      "bootstrap.level=0.3", "bootstrap.starts=1")  # fmt: skip
    best = run.best
    assert set(run.fits["n_parameters"]) == {2 * 3 + 12 + 1 + 2}
    np.testing.assert_allclose(best["log_likelihood"], best["log_likelihood"][0], atol=1e-4)
    np.testing.assert_allclose(best["noise"], 0.2, atol=0.07)
    mixture = run.mixture(normaliser="standard")
    np.testing.assert_allclose(mixture.box, [NOISY.min(axis=0), NOISY.max(axis=0)])
    densities, logs = log_responsibilities(NOISY, mixture)
    (row,) = best[best["normaliser"] == "standard"].to_dict("records")
    assert row["log_likelihood"] == pytest.approx(densities.sum(), abs=1e-6)
    entropy = -np.sum(np.exp(logs) * logs)
    assert row["icl"] == pytest.approx(row["bic"] + 2 * entropy, abs=1e-6)
    assert mixture.weights.sum() == pytest.approx(1 - row["noise"])
    labels = run.labels["component"]
    assert set(labels) == {-1, 1, 2}
    assert (labels[:80] != -1).mean() > 0.9
    assert (labels[80:] == -1).mean() > 0.7
    assert len(run.intervals)
    assert run.resamples["ari"].between(0.5, 1).all()


def test_a_start_may_come_from_a_file(own, study, project):
    own(X)
    groups = np.repeat(["b", "a"], [45, 35])
    (project / "g.csv").write_text("\n".join(["group", *groups]))
    (project / "p.json").write_text('{"means": [[0, 0, 0], [6, 90, 1]], "covariances": [400, 400]}')
    given = ("sweep.start=[g,p]", "start.g={method: given, path: g.csv}", "sweep.normaliser=[none]")
    run = carried_out(study, *given, "start.p={method: given, path: p.json}")
    starts = {name: rows.reset_index(drop=True) for name, rows in run.parameters.groupby("start")}
    np.testing.assert_allclose(starts["p"]["start_mean"][0], [0, 0, 0], atol=1e-12)
    np.testing.assert_allclose(starts["p"]["start_covariance"][0], 400 * np.eye(3).ravel())
    means = [X[45:].mean(axis=0), X[:45].mean(axis=0)]
    ours = sorted(starts["g"]["start_mean"], key=lambda mean: -mean[0])
    np.testing.assert_allclose(ours, means, rtol=1e-9)
    assert set(run.manifest["inputs"]) == {"own.csv", "g.csv", "p.json"}
    both = run.fits["log_likelihood"]
    assert both[0] == pytest.approx(both[1], abs=1e-3)
    (project / "g.csv").write_text("\n".join(["group", *groups[::-1]]))
    again = carried_out(study, *given, "start.p={method: given, path: p.json}")
    assert again.folder != run.folder


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("../p.json", "", "../p.json: lies outside the project"),
        ("/etc/passwd", "", "/etc/passwd: lies outside the project"),
        ("q.json", None, "q.json: no such file"),
        ("p.json", "[1", "p.json: not JSON"),
        ("p.json", "[[1]]", "p.json: give an object with means, perhaps weights and covariances"),
        ("p.json", '{"means": [[1]], "cov": 1}', "p.json: a key is 'cov'; choose one of"),
        ("p.json", '{"means": [["a"], [2]]}', "p.json: means are k lists of d numbers"),
        ("p.json", '{"means": [[1, 2], [3]]}', r"p.json: start given: means\[1\] is \[3.0\]"),
        ("p.json", '{"means": [[1, 2]], "weights": [0]}', "each is above 0"),
        ("p.json", '{"means": [[1], [2], [3]]}', r"p.json: 3 components; set sweep.k=\[3\]"),
        ("g.csv", "a,b\n1,2\n3,4\n", "g.csv: 2 columns; give one, the group of each row"),
        ("g.csv", "1\n2\n", "g.csv: 2 groups, but gmm has 272 rows"),
        ("g.csv", "g\nx\nNA\n", "g.csv: line 3: no group; give one for each row"),
        ("g.xls", "1\n2\n", "g.xls: the file name decides the format"),
    ],
)
def test_a_file_that_is_no_start_is_refused_when_planning(path, content, words, project):
    if content:
        (project / path).write_text(content)
    settings = ["experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=[2]", "sweep.start=[mine]"]
    with pytest.raises(InputError, match=words):
        make_plan.make_plan(project, [*settings, f"start.mine={{method: given, path: {path}}}"])


def test_means_and_a_path_are_one_too_many(project):
    settings = ["experiment=smoke", "sweep.k=[2]", "sweep.start=[given]"]
    with pytest.raises(InputError, match="start given: give either means or the path of a file"):
        make_plan.make_plan(project, [*settings, "start.given.path=x.json"])

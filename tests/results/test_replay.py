"""`gmmpipe replay` on finished results."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from versions import vouch

from gmmpipe.errors import InputError
from gmmpipe.results.replay.peers import ENGINES
from gmmpipe.store import artifacts

LATEST = "results/smoke/latest"
TINY = ("experiment=smoke", "sweep.k=[1,2]", "sweep.seed=[0,1]", "sweep.iteration=[0,3,12]")


@pytest.fixture
def finished(study):
    return study(*TINY)


def needs(name):
    """Skip where an engine is absent, with its own reason."""
    try:
        ENGINES[name].ready()
    except InputError as error:
        pytest.skip(str(error))


def tamper(name, change):
    """Change a table of the latest version in place, and what its manifest tells of it."""
    path = Path(LATEST) / f"tables/{name}.parquet"
    frame = artifacts.read_frame(path)
    schema = pq.read_schema(path).remove_metadata()
    table = pa.Table.from_pandas(change(frame), schema, preserve_index=False)
    artifacts.write_table(path, table.replace_schema_metadata())
    vouch(path)


@pytest.mark.usefixtures("finished")
@pytest.mark.parametrize("name", ENGINES)
def test_the_selected_models_agree(name, gmmpipe):
    needs(name)
    answer = gmmpipe("replay", LATEST, "--engine", name, "-o", "out/steps.csv")
    assert (answer.code, answer.err) == (0, "")
    head, first, second, last = answer.out.splitlines()
    assert head.split()[:6] == ["dataset", "normaliser", "covariance", "start", "k", "seed"]
    assert first.startswith("gmm ")
    assert second.startswith("sample ")
    assert all("agrees to " in line and "over 12 iterations" in line for line in (first, second))
    assert last.startswith(f"{name} ")
    assert "2 of 2 fits agree (log-likelihoods within 1e-09" in last
    table = pd.read_csv("out/steps.csv")
    assert len(table) == 2 * 13
    assert table["iteration"].tolist() == [*range(13)] * 2
    assert table["deviation"].max() < 1e-12
    np.testing.assert_allclose(table["replayed"], table["log_likelihood"], rtol=1e-10)
    ends = artifacts.read_frame(f"{LATEST}/tables/best.parquet").query("rank == 1")
    assert table["log_likelihood"][12::13].tolist() == ends["log_likelihood"].tolist()


@pytest.mark.usefixtures("finished")
def test_cells_are_chosen_by_columns(gmmpipe):
    def lines(*arguments):
        answer = gmmpipe("replay", LATEST, *arguments)
        assert answer.code == 0, answer
        return [line.split() for line in answer.out.splitlines()[1:-1]]

    assert len(lines("--cell", "dataset=gmm")) == 2 * 2 * 2  # one a fit, not one a snapshot
    (one,) = lines("--cell", "dataset=gmm,covariance=full", "--cell", "k=2,seed=1")
    assert one[:6] == ["gmm", "minmax", "full", "kmeans", "2", "1"]
    assert one[-2:] == ["12", "iterations"]
    either = lines("--cell", "dataset=gmm,covariance=full,seed=1,k=1,k=2")
    assert [line[4] for line in either] == ["1", "2"]
    (early,) = lines("--cell", "dataset=gmm,covariance=full,k=2,seed=1,iteration=3")
    assert early[-2] == "3"
    assert early[7] != "-"
    (few,) = lines("--cell", "dataset=gmm,covariance=full,k=2,seed=1", "--iterations", "3")
    assert few == early  # the snapshot kept there
    (bare,) = lines("--cell", "dataset=gmm,covariance=full,k=2,seed=1", "--iterations", "5")
    assert bare[7] == "-"  # none was kept there


def test_outer_axes_and_other_normalisers(study, gmmpipe):
    study(
        "experiment=smoke", "sweep.dataset=[gmm]", "sweep.normaliser=[none,standard]",
        "sweep.k=[2]", "sweep.seed=[0]", "sweep.iteration=[10]", "sweep.covariance=[full]",
        "sweep.fit.tol=[0,1e-2]", "fit.regularisation=0.9",
    )  # fmt: skip
    answer = gmmpipe("replay", LATEST, "--cell", "fit.tol=0.01")
    assert answer.code == 0
    assert len(answer.out.splitlines()) == 4
    steps = {line.split()[-2] for line in answer.out.splitlines()[1:-1]}
    assert all(0 < int(count) < 10 for count in steps)  # tol ended it, the replay follows
    answer = gmmpipe("replay", LATEST, "--cell", "fit.tol=0", "--engine", "scikit-learn")
    assert answer.code == 1  # the floor is active, and not theirs
    assert "0 of 2 fits agree" in answer.out
    assert "theirs is below fit.regularisation=0.9 from iteration" in answer.out


def _trajectory(frame):
    changed = frame["log_likelihood"].map(np.copy)
    for values in changed:
        values[7:] += 1e-5
    return frame.assign(log_likelihood=changed)


def _entry(column):
    return lambda frame: frame.assign(**{column: frame[column] * (1 + 1e-5)})


def _weight(frame):
    return frame.assign(weight=frame["weight"] + 1e-5)


@pytest.mark.parametrize(
    ("table", "change", "words"),
    [
        ("trajectories", _trajectory, "differs from iteration 7 on: ours -"),
        ("parameters", _weight, "differs in the weights after 12 iterations: by 1.0e-05"),
        ("parameters", _entry("mean"), "differs in the means after 12 iterations"),
        ("parameters", _entry("covariance_matrix"), "differs in the covariances after 12"),
        ("parameters", _entry("start_covariance"), "differs from iteration 0 on: ours -"),
    ],
)
@pytest.mark.usefixtures("finished")
def test_a_changed_table_is_found(table, change, words, gmmpipe):
    tamper(table, change)
    answer = gmmpipe("replay", LATEST)
    assert answer.code == 1
    assert answer.out.count(words) == 2
    assert "0 of 2 fits agree" in answer.out


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("'mcluts'; choose one of (did you mean 'mclust'?)", ["--engine", "mcluts"]),
        ("key is 'covarianc'; (did you mean 'covariance'?)", ["--cell", "covarianc=full"]),
        ("covariance is 'ful'; one of full, spherical 'full'?)", ["--cell", "covariance=ful"]),
        ("--cell k is '7'; choose one of 1, 2", ["--cell", "k=7"]),
        ("--cell holds 'k'; give key=value", ["--cell", "k"]),
        ("--iterations is -1; give 0 or more", ["--iterations", "-1"]),
        ("-o is 'x.txt'; .csv or .parquet", ["-o", "x.txt"]),
        ("unrecognized arguments: k=2", ["k=2"]),
    ],
)
@pytest.mark.usefixtures("finished")
def test_what_is_wrong_is_said(words, arguments, refused):
    refused(words, "replay", LATEST, *arguments)


def test_a_folder_without_results(refused, tmp_path):
    refused("no finished experiment; give results/", "replay", str(tmp_path))


def test_a_store_that_lost_its_data_says_how_to_make_them(finished, refused):
    (path,) = (p for p in finished.normalisations if "gmm" in p)
    content = Path(path).read_bytes()
    artifacts.write(path, content[:-1])  # whole, but another
    refused(f"{path}: not the data that this version fitted remove it", "replay", LATEST)
    Path(path).unlink()
    refused(f"{path}: the store has lost it; `gmmpipe run` `-- {path}`", "replay", LATEST)
    Path(finished.path).unlink()
    refused("the plan of this version is missing; `gmmpipe run`", "replay", LATEST)


ODD = {
    "flat": lambda a: {"x": a["x"].ravel()},
    "of fewer rows": lambda a: {"x": a["x"][1:]},
    "of other features": lambda a: {k: a[k][..., :1] for k in ("x", "shift", "scale")},
    "of text": lambda a: {"x": a["x"].astype("U8")},
    "scale of another shape": lambda a: {"scale": a["scale"][None]},
    "scale of zero": lambda a: {"scale": 0 * a["scale"]},
    "shift not finite": lambda a: {"shift": np.nan * a["shift"]},
}


@pytest.mark.parametrize("change", ODD.values(), ids=ODD)
def test_forged_data_are_refused_in_one_line(change, finished, refused):
    manifest = artifacts.read_json(f"{finished.folder}/manifest.json")
    for path in finished.normalisations:
        arrays = artifacts.read_arrays(path)
        artifacts.write_arrays(path, arrays | change(arrays))
        manifest["artifacts"][path] |= artifacts.describe(path)
    artifacts.write_json(f"{finished.folder}/manifest.json", manifest)
    refused("results/store/normalised/ run it again", "replay", LATEST)


@pytest.mark.usefixtures("finished")
def test_a_start_of_other_features_is_refused(refused):
    start = {"start_mean": np.zeros(3), "start_covariance": np.eye(3).ravel()}
    tamper(
        "parameters", lambda frame: frame.assign(**{k: [v] * len(frame) for k, v in start.items()})
    )
    refused("features", "replay", LATEST)


def test_fits_under_a_prior_are_refused(study, refused):
    study(*TINY, "fit=map", "sweep.dataset=[gmm]")
    refused("fit.regularisation is map; maximum likelihood", "replay", LATEST)


def test_accelerated_fits_are_refused(study, refused):
    study(*TINY, "fit.acceleration=anderson", "sweep.dataset=[gmm]")
    refused("fit.acceleration is anderson; EM's own", "replay", LATEST)


@pytest.mark.usefixtures("finished")
def test_values_that_never_meet(refused):
    tamper("fits", lambda fits: fits[(fits["dataset"] != "gmm") | (fits["seed"] != 1)])
    cell = "dataset=gmm,seed=1"
    refused(f"no fit has {cell}: never meet in fits.csv", "replay", LATEST, "--cell", cell)

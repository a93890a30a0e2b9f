"""Results back in Python: gmmpipe.load."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

import gmmpipe
from gmmpipe import artifacts
from gmmpipe.errors import InputError

TINY = ("experiment=smoke", "sweep.k=[1,2]", "sweep.seed=[0,1]")


@pytest.fixture
def loaded(study):
    done = study(*TINY)
    return done, gmmpipe.load("results/smoke/latest")


def test_everything_of_a_version_is_there(loaded, monkeypatch, tmp_path):
    done, found = loaded
    monkeypatch.chdir(tmp_path)  # it is found again from anywhere
    assert found.config == done.plan["config"]
    assert found.manifest["version"] == done.version
    assert done.version in repr(found)
    assert len(found.fits) == 2 * 2 * 2 * 2 * 2
    assert len(found.parameters) == found.fits["k"].sum()
    assert len(found.trajectories) == len(found.fits) / 2
    assert len(found.labels) == 372
    assert set(found.best["dataset"]) == {"gmm", "sample"}
    assert found.fits is found.fits  # read once


def test_a_mixture_has_the_likelihood_of_its_row(loaded):
    done, found = loaded
    (name,) = (n for n in done.plan["data"] if n.startswith("gmm"))
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


@pytest.mark.parametrize(
    ("dataset", "cell", "words"),
    [
        ("gmn", {}, "gmn"),
        (None, {}, "several data sets"),
        ("gmm", {"kk": 2}, "'kk'"),
        ("gmm", {"k": 9}, "9"),
    ],
)
def test_what_is_not_there_is_said(dataset, cell, words, loaded):
    with pytest.raises(InputError, match=words):
        loaded[1].mixture(dataset, **cell)


def test_a_folder_without_results(tmp_path):
    with pytest.raises(InputError, match=r"no finished experiment; give results/"):
        gmmpipe.load(tmp_path)

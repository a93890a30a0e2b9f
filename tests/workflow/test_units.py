"""Units are of no account, from a file to the selected model, where theory says so.

A family has no units when scaling a feature leads from member to member. The other families
compare features with each other; the README names which are which.
"""

import re
from pathlib import Path

import numpy as np
import pytest

import gmmpipe
from gmmpipe.data.generators import Blobs
from gmmpipe.mixture.families.family import FAMILIES

FREE = [n for n, f in FAMILIES.items() if f.scale_invariant and f.features is None]
ALIKE = ("experiment=smoke", "fit=converged", "fit.tol=1e-10", "sweep.start=[kmeans,ward]")
ALIKE += ("sweep.normaliser=[none,minmax,standard]", "sweep.dataset=[whole,small]")
ALIKE += ("sweep.seed=[0]", "sweep.k=1..3", "sweep.iteration=[300]", "fit.certify=0")
FIT = ["covariance", "start", "k", "seed"]
SMALL = 1e-4  # times the first column


def carried_out(study, project, x, families):
    """Return the tables of the data ``whole``, and ``small`` with its first column scaled."""
    for name, scale in (("whole", 1.0), ("small", SMALL)):
        scaled = x * np.r_[scale, np.ones(x.shape[1] - 1)]
        np.savetxt(project / f"{name}.csv", scaled, delimiter=",", fmt="%.17g")
    files = [f"dataset.{name}={{kind: file, path: {name}.csv}}" for name in ("whole", "small")]
    done = study(*ALIKE, *files, f"sweep.covariance=[{','.join(families)}]")
    return gmmpipe.load(done.folder)


@pytest.mark.parametrize(("d", "families"), [(2, FREE), (1, ["E", "V"])])
def test_the_same_likelihood_and_the_same_model_in_all_units(d, families, study, project):
    x = Blobs(n=150, d=d, k=3, separation=2.0).sample(np.random.default_rng(3)).x * 40 + 300
    run = carried_out(study, project, x, families)
    volume = np.where(run.fits["dataset"] == "small", len(x) * np.log(SMALL), 0.0)
    fits = run.fits.assign(log_likelihood=run.fits["log_likelihood"] + volume)
    table = fits.pivot(index=FIT, columns=["dataset", "normaliser"], values="log_likelihood")
    assert table.shape == (len(families) * 2 * 3, 6)
    apart = table.max(axis=1) - table.min(axis=1)
    assert apart.max() < 1e-6, apart.idxmax()
    for column in ("n_parameters", "degenerate"):
        assert (fits.groupby(FIT)[column].nunique() == 1).all()
    first = run.best.sort_values("bic").drop_duplicates(["dataset", "normaliser"])
    assert len(first) == 6
    assert len(first[["covariance", "k"]].drop_duplicates()) == 1


def test_families_with_units_differ_and_the_docs_name_them(study, project):
    x = Blobs(n=150, d=2, k=3, separation=2.0).sample(np.random.default_rng(3)).x * [40, 1]
    others = [n for n, f in FAMILIES.items() if not f.scale_invariant and f.features is None]
    run = carried_out(study, project, x, others)
    spread = run.fits[run.fits["dataset"] == "whole"].groupby(FIT)["log_likelihood"].agg(np.ptp)
    assert set(spread[spread > 0.01].index.get_level_values("covariance")) == set(others)
    text = " ".join((Path(__file__).parents[2] / "README.md").read_text("utf-8").split())
    aliases = {"full", "tied", "diag", "spherical"}
    (free,) = re.findall(r"nor to the families ([A-Z ]+):", text)
    (bound,) = re.findall(r"the same fit\. ([A-Z ]+) compare features", text)
    assert set(free.split()) == set(FREE) - aliases
    assert set(bound.split()) == set(others) - aliases

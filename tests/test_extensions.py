"""A family and a start of one's own: three lines register them, and nothing else is needed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gmmpipe as package
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.starts.points import STARTS

TESTS = Path(__file__).parent
TOY = """
from dataclasses import dataclass

import numpy as np

from gmmpipe.mixture.families.family import FAMILIES, Family
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.mixture.moments import check_k, total_covariance
from gmmpipe.mixture.starts.points import STARTS


def toy(counts, scatter, floor):
    \"\"\"Give all components the same variances.\"\"\"
    variances = np.diagonal(scatter.sum(axis=0)) / counts.sum()
    bounded = variances if (floor == 0).any() else np.maximum(variances, floor)
    return np.tile(np.diag(bounded), (len(counts), 1, 1))


@dataclass(frozen=True)
class Toy:
    \"\"\"Means at random rows.\"\"\"

    def __call__(self, x, k, rng):
        check_k(x, k)
        means = x[rng.permutation(len(x))[:k]]
        return Mixture(np.full(k, 1 / k), means, np.tile(total_covariance(x), (k, 1, 1)))


FAMILIES["toy"] = Family(
    lambda k, d: d, toy, axis_aligned=True, scale_invariant=True, text="Equal ellipsoids."
)
STARTS["toy"] = Toy
"""


@pytest.fixture
def registered():
    """Register the toys in this process, and forget them afterwards."""
    exec(TOY, {"__name__": "toys"})  # noqa: S102 - as a user's module would be run
    yield
    del FAMILIES["toy"], STARTS["toy"]


@pytest.mark.usefixtures("registered")
def test_toys_are_swept_and_listed(study, gmmpipe):
    settings = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.start=[toy,kmeans]")
    done = study(*settings, "sweep.covariance=[toy,EEI]", "sweep.k=1..2", "sweep.iteration=[40]")
    run = package.load(done.folder)
    rows = run.fits.set_index(["covariance", "start", "k", "seed"]).sort_index()
    assert set(run.fits["start"]) == {"toy", "kmeans"}
    np.testing.assert_array_equal(rows.loc["toy", "n_parameters"], rows.loc["EEI", "n_parameters"])
    ours, theirs = (rows.loc[name, "log_likelihood"] for name in ("toy", "EEI"))
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)  # they are the same family
    said = gmmpipe("list").out
    assert re.search(r"covariance:\n(  .*\n)*  toy +Equal ellipsoids\.\n", said)
    assert re.search(r"start:\n(  .*\n)*  toy +Means at random rows\.\n", said)


@pytest.mark.usefixtures("registered")
def test_what_a_toy_cannot_do_is_said(refused):
    refused("covariance.toy.x options", "show", "sweep.covariance=[toy]", "covariance.toy.x=1")
    refused("'toi' did you mean 'toy'", "show", "sweep.start=[toi]")


def test_toys_run_through_the_contract_tests(tmp_path):
    (tmp_path / "toys.py").write_text(TOY)
    files = ("test_covariance", "test_em_edges", "test_starts")
    options = ["-q", "-n", "0", "-p", "toys", "-p", "no:cacheprovider", "-k", "toy"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *(f"tests/mixture/{n}.py" for n in files)],
        cwd=TESTS.parent,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    passed = int(re.search(r"(\d+) passed", done.stdout)[1])
    assert passed > 15, done.stdout

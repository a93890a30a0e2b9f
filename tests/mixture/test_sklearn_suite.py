import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sklearn.mixture.tests
from sklearn.utils.estimator_checks import check_param_validation, parametrize_with_checks

from gmmpipe import GaussianMixture, Prior

SUPPORT = Path(__file__).parents[1] / "support"
SUITE = Path(sklearn.mixture.tests.__file__).parent
MODULES = ["test_gaussian_mixture", "test_mixture"]
PLUGIN = "substitute_gaussian_mixture"
RUNS = 70
"""Tests of scikit-learn 1.9 that apply and need no package beyond ours; fewer is a mistake."""

SEVERAL = GaussianMixture(
    n_components=2,
    covariance_type="diag",
    init_params="random_from_data",
    random_state=0,
    snapshots=[0, 1],
    n_jobs=2,
)


def expected_failures(estimator):
    if estimator.n_components == 1:
        return {}
    return {
        "check_sample_weight_equivalence_on_dense_data": (
            "the start is drawn from other rows when rows are repeated; equal starts are "
            "compared in test_estimator"
        )
    }


@parametrize_with_checks(
    [GaussianMixture(), SEVERAL, GaussianMixture(prior=Prior(), missing="mar")],
    expected_failed_checks=expected_failures,
    xfail_strict=True,
)
def test_the_estimator_passes_every_check_of_scikit_learn(estimator, check):
    check(estimator)


def test_every_parameter_is_validated_in_scikit_learns_words():
    check_param_validation("GaussianMixture", GaussianMixture())


def excluded():
    source = (SUPPORT / f"{PLUGIN}.py").read_text()
    return re.findall(r'^    "(test_\w+)(?:\[\w+\])?":', source, re.MULTILINE)


@pytest.mark.parametrize("name", sorted(set(excluded())))
def test_excluded_tests_still_exist(name):
    sources = [(SUITE / f"{module}.py").read_text() for module in MODULES]
    assert any(f"def {name}(" in source for source in sources)


def test_scikit_learns_own_mixture_tests_pass_on_our_class(tmp_path):
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(SUPPORT), str(SUPPORT.parents[1])]),
        "SKLEARN_RUN_FLOAT32_TESTS": "1",
        "OMP_NUM_THREADS": "1",  # on tiny data threads only wait for each other
        "OPENBLAS_NUM_THREADS": "1",
        "SCIPY_ARRAY_API": "1",  # numpy arrays under array_api_dispatch too
    }
    environment = {k: v for k, v in environment.items() if not k.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-p", PLUGIN, "-p", "no:cacheprovider", "-q"]
    command += ["-p", "no:xdist", "-c", os.devnull, "--rootdir", str(tmp_path), "--pyargs"]
    command += [f"sklearn.mixture.tests.{module}" for module in MODULES]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= RUNS, done.stdout[-1000:]

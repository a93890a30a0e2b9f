"""Modules under the names they had before they moved."""

import subprocess
import sys
from importlib import import_module

import pytest

import gmmpipe

NAMES = [
    ("gmmpipe.cluster", "Dask"),
    ("gmmpipe.figures.ellipses", "draw_ellipses"),
    ("gmmpipe.numerics.em", "fit"),
    ("gmmpipe.numerics.mixture", "Mixture"),
    ("gmmpipe.numerics.partitions", "Partitioned"),
    ("gmmpipe.numerics.starts", "STARTS"),
    ("gmmpipe.stores", "Npy"),
    ("gmmpipe.stores", "Parquet"),
]


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_an_old_path_works_and_says_the_new_one(module, name):
    new = gmmpipe._MOVED[module]
    code = f"from {module} import {name} as old; from {new} import {name} as new; assert old is new"
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"DeprecationWarning: {module} is now {new}" in done.stderr


def test_each_new_path_is_there():
    for new in gmmpipe._MOVED.values():
        import_module(new)


def test_any_other_name_is_no_module():
    with (
        pytest.warns(DeprecationWarning, match="gmmpipe.mixture"),
        pytest.raises(ModuleNotFoundError),
    ):
        import_module("gmmpipe.numerics.stepwise")

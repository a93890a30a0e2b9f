"""Compiled code is kept beside the package, else in the user's folder, else not at all."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

import gmmpipe
from gmmpipe.mixture.kernels import compile as compiling

SMALLEST_FIT = """
import numpy as np, gmmpipe
from gmmpipe.mixture.em.fit import fit
from gmmpipe.mixture.mixture import Mixture
x = np.arange(9.0)[:, None]
start = Mixture(np.ones(2) / 2, np.array([[1.0], [6.0]]), np.ones((2, 1, 1)))
print("from", gmmpipe.__file__)
print("result", fit(x, [start], "spherical", [5])[0].trajectory.tobytes().hex())
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with a copy of the package whose engine has no place for compiled code.

    Permissions do not stop root, but a file in the place of a folder stops everybody.
    """
    package = Path(gmmpipe.__file__).parent
    shutil.copytree(package, tmp_path / "gmmpipe", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "gmmpipe/mixture/kernels/__pycache__").touch()
    return tmp_path


def fit_in_a_process(folder):
    """Return result, files that compiled code was read from and files it was written to."""
    own = {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache"), "NUMBA_DEBUG_CACHE": "1"}
    other = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "PYTHONPATH")}
    done = subprocess.run(
        [sys.executable, "-B", "-c", SMALLEST_FIT],
        cwd=folder, env=other | own, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"from {folder}" in done.stdout
    result = re.findall("^result (.+)$", done.stdout, re.M)
    read, written = (
        {Path(name) for name in re.findall(rf"data {word} '(.+\.nbc)'", done.stdout)}
        for word in ("loaded from", "saved to")
    )
    return result, read, written


@pytest.mark.skipif(sys.platform != "linux", reason="XDG_CACHE_HOME moves the cache on Linux only")
def test_a_package_that_cannot_be_written_is_compiled_once_for_its_user(folder):
    result, read, written = fit_in_a_process(folder)
    assert len(written) == 2  # the loop over the samples and the rest
    assert not read
    assert all(path.is_relative_to(folder / "cache") for path in written)
    times = {path: path.stat().st_mtime_ns for path in (folder / "cache").rglob("*.nb?")}
    assert fit_in_a_process(folder) == (result, written, set())
    assert times == {path: path.stat().st_mtime_ns for path in (folder / "cache").rglob("*.nb?")}


def _doubled(x):
    return 2 * x


def test_without_any_folder_to_write_to_code_is_compiled_for_the_process(tmp_path, monkeypatch):
    def refuse(**options):
        raise PermissionError(f"read-only file system: {options}")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    assert compiling.compiled(_doubled)(np.float64(2.0)) == 4.0
    assert not list(tmp_path.rglob("*.nb?"))

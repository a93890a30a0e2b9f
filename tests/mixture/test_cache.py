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


def begin(folder):
    own = {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache"), "NUMBA_DEBUG_CACHE": "1"}
    other = {k: v for k, v in os.environ.items() if k not in ("NUMBA_CACHE_DIR", "PYTHONPATH")}
    return subprocess.Popen(
        [sys.executable, "-B", "-c", SMALLEST_FIT], cwd=folder, env=other | own,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def end(process, folder):
    """Return result, files that compiled code was read from and files it was written to."""
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert f"from {folder}" in out
    result = re.findall("^result (.+)$", out, re.M)
    read, written = (
        {Path(name) for name in re.findall(rf"data {word} '(.+\.nbc)'", out)}
        for word in ("loaded from", "saved to")
    )
    return result, read, written


@pytest.mark.skipif(sys.platform != "linux", reason="XDG_CACHE_HOME moves the cache on Linux only")
def test_a_package_that_cannot_be_written_is_compiled_once_for_its_user(folder):
    """Two processes begin on a cold cache at once, a third finds it warm."""
    cold = [end(process, folder) for process in [begin(folder), begin(folder)]]
    result = cold[0][0]
    assert result == cold[1][0] != []
    files = set((folder / "cache").rglob("*.nbc"))
    assert len(files) == 2  # the loop over the samples and the rest
    assert all(read | written == files for _, read, written in cold)
    times = {path: path.stat().st_mtime_ns for path in (folder / "cache").rglob("*.nb?")}
    assert end(begin(folder), folder) == (result, files, set())
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

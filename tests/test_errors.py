import errno
import os

import pytest

from gmmpipe.cli import main
from gmmpipe.errors import DamagedArtifact, InputError, Obstacle, explain

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "results/x.npz")
LINES = [
    (InputError("k is 0"), 2, "gmmpipe: k is 0"),
    (Obstacle("a\n b"), 1, "gmmpipe stopped: a b"),
    (DamagedArtifact("x.npz: damaged"), 1, "gmmpipe stopped: x.npz: damaged"),
    (FULL, 1, "gmmpipe stopped: results/x.npz: No space left on device; free some space and"),
    (PermissionError(errno.EACCES, "Permission denied", "results/.lock"), 1, "its permissions"),
    (OSError(errno.EROFS, "Read-only file system", "results"), 1, "make it writable"),
    (
        FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"),
        1,
        "gmmpipe stopped: No usable temporary directory found in ['/tmp']; check the path",
    ),
    (OSError(errno.ENOTDIR, "Not a directory", "a.tmp", None, "a"), 1, "gmmpipe stopped: a: Not a"),
    (MemoryError("Unable to allocate 9 GiB"), 1, "not enough memory (Unable to allocate 9 GiB);"),
    (MemoryError(), 1, "not enough memory (an allocation failed);"),
    (RuntimeError("can't start new thread"), 1, "not enough memory (can't start new thread);"),
    (
        ImportError("IMPORTANT: ...\nlibopenblas.so: failed to map segment from shared object"),
        1,
        "not enough memory (failed to map segment); free some, allow more (ulimit -v, -u), or",
    ),
    (
        ModuleNotFoundError("No module", name="dask"),
        1,
        "the package dask is missing; `pip install dask` gets it",
    ),
    (
        ModuleNotFoundError("No module", name="hydra.core"),
        1,
        "the package hydra is missing; `pip install 'gmmpipe[pipeline]'` gets it",
    ),
    (KeyboardInterrupt(), 1, "interrupted; run the same command to continue"),
]


@pytest.mark.parametrize(("error", "code", "words"), LINES)
def test_what_stands_in_the_way_is_told_in_one_line(error, code, words, monkeypatch, gmmpipe):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(main, "_list", fail)
    monkeypatch.chdir(main.__file__.rpartition("/gmmpipe/")[0])
    answer = gmmpipe("list")
    assert answer.code == code
    assert answer.err.count("\n") == 1
    assert words in answer.err
    assert answer.err.startswith("gmmpipe" + ": " * (code == 2))


@pytest.mark.parametrize(
    "fault", [KeyError("x"), OSError(errno.EBADF, "bad"), ModuleNotFoundError("", name="gmmpipe.x")]
)
def test_a_fault_of_the_code_is_not_made_pretty(fault):
    assert explain(fault) is None

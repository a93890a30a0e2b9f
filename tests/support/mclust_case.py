"""R's mclust as an oracle: a script of R in, numbers out."""

import shutil
import subprocess

import numpy as np
import pytest

HEAD = """
if (!suppressMessages(require(mclust, quietly = TRUE))) quit(status = 77)
value <- scan("stdin", quiet = TRUE)
"""


def in_r(script, numbers):
    """Return the lines that a script of R prints, with mclust loaded and the numbers in `value`.

    Skips the test where R or mclust is not there.
    """
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("needs R with mclust: there is no Rscript on PATH")
    done = subprocess.run(
        [rscript, "-e", HEAD + script],
        input="\n".join(map(repr, np.ravel(numbers).tolist())),
        capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    if done.returncode == 77:
        pytest.skip("needs R with mclust: the package is not installed")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def mclust(script, x):
    """Return the numbers that a script prints, one a line, for x (N, D) as a matrix `x`."""
    shape = f"x <- matrix(value, nrow={len(x)}, byrow=TRUE); set.seed(1);"
    return [float(word) for line in in_r(shape + script, x) for word in line.split()]

"""R's mclust as an oracle: a script of R in, numbers out."""

import shutil
import subprocess

import numpy as np
import pytest


def mclust(script: str, x) -> list[float]:
    """Return the numbers that a script of R prints, one a line, for x (N, D) as a matrix `x`."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("Rscript is not installed: no comparison with mclust")
    values = ",".join(repr(float(v)) for v in np.ravel(x, order="F"))
    code = f"x <- matrix(c({values}), nrow={len(x)}); set.seed(1); {script}"
    head = "if (!suppressMessages(require(mclust, quietly=TRUE))) quit(status=77);\n"
    done = subprocess.run(
        [rscript, "-"], input=head + code, capture_output=True, text=True, check=False
    )
    if done.returncode == 77:
        pytest.skip("R has no package mclust: no comparison with it")
    assert done.returncode == 0, done.stderr
    return [float(line) for line in done.stdout.split()]

"""R's mclust (Scrucca, Fop, Murphy and Raftery 2016), one estep and mstep at a time."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from gmmpipe.errors import InputError
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.results.replay.engine import Case, Peer, Step, Stopped

MODELS = {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII"}
NAMES = "[EV]([EV][EVI]|II)"  # volume, shape, orientation: equal, varying or none
GET = 'Debian: apt install r-base-core r-cran-mclust; in R: install.packages("mclust")'
SCRIPT = Path(__file__).with_name("mclust.R")
LITTLE = np.dtype("<f8")  # what the script reads and writes: every bit of a double


def ready() -> str:
    """Return name and version; raises InputError where Rscript or mclust is absent."""
    if shutil.which("Rscript") is None:
        raise InputError(f"engine mclust needs Rscript, which is not on PATH ({GET})")
    done = _rscript("-e", "cat(as.character(packageVersion('mclust')))")
    if done.returncode:
        raise InputError(f"engine mclust needs R's package mclust, which R does not find ({GET})")
    return f"mclust {done.stdout}"


def model(family: str) -> str:
    """Return mclust's name of a family; a family under mclust's own name stands for itself."""
    name = MODELS.get(family, family.upper())
    if not re.fullmatch(NAMES, name):
        raise InputError(
            f"mclust has no model for the family {family!r}; give --engine numpy, or other cells"
        )
    return name


def check(family: str, reg_covar: float) -> None:
    """Refuse a family that mclust has not, and reg_covar, which it has not either."""
    model(family)
    if reg_covar > 0:
        raise InputError(
            f"mclust has no counterpart of fit.reg_covar={reg_covar:g}; give --engine numpy or"
            " scikit-learn, or cells without it"
        )


def steps(case: Case) -> Iterator[Step]:
    """Yield the log-likelihood and the mixture of each iteration; see ``Peer``."""
    (n, d), k = case.x.shape, case.start.n_components
    name = model(case.family)[: 1 if d == 1 else 3]  # E and V are the models of one feature
    start = case.start
    with TemporaryDirectory() as folder:
        numbers = [case.x.T, start.weights, start.means, start.covariances]
        content = b"".join(np.ascontiguousarray(a, LITTLE).tobytes() for a in numbers)
        (Path(folder) / "case.bin").write_bytes(content)
        sizes = map(str, (n, d, k, case.iterations))
        done = _rscript(str(SCRIPT), folder, name, *sizes)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise InputError(f"engine mclust: Rscript ended with code {done.returncode}: {last}")
        answer = np.fromfile(Path(folder) / "steps.bin", LITTLE)
    for row in answer.reshape(-1, 1 + k + k * d + k * d * d):
        weights, means, covariances = np.split(row[1:], [k, k + k * d])
        mixture = Mixture(weights, means.reshape(k, d), covariances.reshape(k, d, d))
        yield float(row[0]), mixture
    if done.stdout:
        raise Stopped(done.stdout)


def _rscript(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # R of the PATH, whichever the person uses
        ["Rscript", "--vanilla", *arguments],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )


MCLUST = Peer(ready, check, steps)

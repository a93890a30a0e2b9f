"""One small version with hostile names, reported once for all tests of a worker."""

import contextlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from projects import carry_out, make_project

from gmmpipe.store.plan import Plan
from gmmpipe.workflow.stages import figures, report

NAMES = [
    '<script>document.title="owned"</script>',
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }} & 100$",
]
GROUPS = ["</script><script>alert(2)</script>", "=cmd|' /C calc'!A0"]
SETTINGS = """# @package _global_
sweep:
  dataset: [gmm, hostile, line]
  normaliser: [none, minmax]
  covariance: [full, spherical]
  start: [kmeans, uniform]
  k: 1..3
  seed: 0..3
  iteration: [1, 5, 10]
figures:
  names: [clusters, selection, convergence]
  formats: [png, svg]
  dpi: 60
dataset:
  hostile: {kind: file, path: hostile.csv, label: group}
  line: {kind: mixture, counts: [40, 60], means: [[0], [4]], covariances: [1, 2]}
"""


def write_hostile(path: Path) -> None:
    rng = np.random.default_rng(3)
    rows = [",".join(['"{}"'.format(n.replace('"', '""')) for n in [*NAMES, "group"]])]
    for i in range(60):
        x = rng.normal(size=3) + 6 * (i % 2)
        rows.append(",".join([*(f"{v:.6f}" for v in x), f'"{GROUPS[i % 2]}"']))
    path.write_text("\n".join(rows) + "\n")


class Reported(NamedTuple):
    """A version with figures and report, and the project it is in."""

    study: Plan
    root: Path

    @property
    def page(self) -> Path:
        """Return the path of the report."""
        return self.root / self.study.folder / "report.html"


def reported(folders: pytest.TempPathFactory) -> Reported:
    """Return the version, carried out once for all tests of this process."""
    if not MADE:
        root = make_project(folders.mktemp("report") / "project")
        (root / "conf/experiment/strange.yaml").write_text(SETTINGS)
        write_hostile(root / "hostile.csv")
        with contextlib.chdir(root):
            study = carry_out("experiment=strange", "fit.tol=1e-9")
            figures.run([study.path], f"{study.folder}/figures")
            report.run([study.path], f"{study.folder}/report.html")
        MADE.append(Reported(study, root))
    return MADE[0]


MADE: list[Reported] = []

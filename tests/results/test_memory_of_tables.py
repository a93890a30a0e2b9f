"""What evaluate holds does not grow with the number of fits."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from projects import do

from gmmpipe.mixture import fit_arrays
from gmmpipe.store import artifacts
from gmmpipe.store.plan import Plan
from gmmpipe.workflow.make_plan import make_plan
from gmmpipe.workflow.pipeline import STAGES

SEEDS = 10_000
STATUS = Path("/proc/self/status")
CODE = f"""
import sys
from gmmpipe.workflow.stages import evaluate
evaluate.run([sys.argv[1]], "tables")
print(open("{STATUS}").read())
"""
MEGABYTES = 450  # some 290 are Python and its libraries; rows as dictionaries took 300 more


def stored(study: Plan) -> None:
    """Make the data and one block; the others have its fits under their own seeds."""
    (data,), (normalised,) = study.data_sets, study.normalised_data
    for stage, name in (("generate", data), ("normalise", normalised)):
        do(STAGES[stage], study, name)
    first, *others = study.fit_blocks
    do(STAGES["fit"], study, first)
    found = list(fit_arrays.from_arrays(artifacts.read_arrays(study.fit(first))))
    for name in others:
        seeds = study.fit_blocks[name].config.seed
        again = [replace(f, seed=f.seed + seeds[0]) for f in found]
        artifacts.write_arrays(
            study.fit(name), fit_arrays.to_arrays([f for f in again if f.seed <= seeds[-1]])
        )


@pytest.mark.usefixtures("project")
@pytest.mark.skipif(not STATUS.exists(), reason="no system that says what a process held at most")
def test_twenty_thousand_fits_take_bounded_memory():
    sweep = ("experiment=smoke", "sweep.dataset=gmm", "sweep.covariance=full", "sweep.k=[2,3]")
    sweep += ("sweep.start=points", f"sweep.seed=0..{SEEDS - 1}", "sweep.iteration=[5]")
    study = make_plan(Path(), sweep)
    stored(study)
    done = subprocess.run([sys.executable, "-c", CODE, study.path], check=True, capture_output=True)
    (most,) = re.findall(r"VmHWM:\s+(\d+) kB", done.stdout.decode())
    assert int(most) / 1024 < MEGABYTES
    table = artifacts.StoredTable("tables/parameters.parquet")
    assert sum(len(part) for part in table.parts(["k"])) == 5 * SEEDS

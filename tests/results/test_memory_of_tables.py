"""What evaluate holds does not grow with the number of fits."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gmmpipe.mixture import fit_arrays
from gmmpipe.store import artifacts, layout
from gmmpipe.store.plan import Study
from gmmpipe.workflow.make_plan import freeze
from gmmpipe.workflow.stages import fit, generate, normalise

SEEDS = 10_000
STATUS = Path("/proc/self/status")
CODE = f"""
import sys
from gmmpipe.workflow.stages import evaluate
evaluate.run([sys.argv[1]], "tables", {{}})
print(open("{STATUS}").read())
"""
MEGABYTES = 450  # some 290 are Python and its libraries; rows as dictionaries took 300 more


def stored(study: Study) -> None:
    """Make the data and one block; the others have its fits under their own seeds."""
    (data,), (normalised,) = study.plan["data"], study.plan["normalised"]
    config = json.loads(study.section("data", data))
    generate.run(study.source(data), study.stored(data), config)
    config = study.plan["normalised"][normalised]["config"]
    normalise.run([study.stored(data)], layout.stored("normalised", normalised), config)
    first, *others = study.plan["fits"]
    fit.run(study.fitted(first), study.fit(first), study.plan["fits"][first]["config"])
    found = list(fit_arrays.from_arrays(artifacts.read_arrays(study.fit(first))))
    for name in others:
        seeds = study.plan["fits"][name]["config"]["seed"]
        again = [replace(f, seed=f.seed + seeds[0]) for f in found]
        artifacts.write_arrays(
            study.fit(name), fit_arrays.to_arrays([f for f in again if f.seed <= seeds[-1]])
        )


@pytest.mark.usefixtures("project")
@pytest.mark.skipif(not STATUS.exists(), reason="no system that says what a process held at most")
def test_twenty_thousand_fits_take_bounded_memory():
    sweep = ("experiment=smoke", "sweep.dataset=gmm", "sweep.covariance=full", "sweep.k=[2,3]")
    sweep += ("sweep.start=points", f"sweep.seed=0..{SEEDS - 1}", "sweep.iteration=[5]")
    study = Study(freeze(Path(), sweep))
    stored(study)
    done = subprocess.run([sys.executable, "-c", CODE, study.path], check=True, capture_output=True)
    (most,) = re.findall(r"VmHWM:\s+(\d+) kB", done.stdout.decode())
    assert int(most) / 1024 < MEGABYTES
    table = artifacts.StoredTable("tables/parameters.parquet")
    assert sum(len(part) for part in table.parts(["k"])) == 5 * SEEDS

"""docs/scale.md says what was measured and what follows from it, and nothing else."""

import json
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

HOME = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def scripts():
    return runpy.run_path(str(HOME / "benchmarks/extrapolate.py"))


@pytest.fixture(scope="module")
def costs():
    return json.loads((HOME / "benchmarks/costs.json").read_text(encoding="utf-8"))


def test_the_page_is_what_the_measurements_make_it(scripts, costs):
    page = (HOME / "docs/scale.md").read_text(encoding="utf-8")
    assert scripts["filled"](page, costs) == page
    pictures = re.findall(r"\((images/[\w-]+\.png)\)", page)
    assert len(pictures) == 4
    assert [name for name in pictures if not (HOME / "docs" / name).is_file()] == []


def test_the_model_tells_the_time_of_an_iteration_within_a_factor(scripts, costs):
    deviation = scripts["fitted"](costs).deviation
    assert deviation.max() < 1.7
    assert deviation.min() > 0.6
    assert 0.9 < np.median(deviation) < 1.1


def test_what_jobs_ask_for_was_enough_wherever_it_was_measured(costs):
    """Blocks and runtimes hang on the reckoned seconds, mem_mb on the reckoned bytes."""
    for row in costs["families"] + costs["iterations"]:
        assert row["seconds"] < 2 * row["reckoned"], row
    for row in costs["memory"]:
        assert row["held"] < row["reckoned"], row


def test_more_cores_never_take_longer_and_more_fits_never_less(scripts, costs):
    model, sweep = scripts["fitted"](costs), scripts["sweep"]
    for n in (272, 10**6):
        whole = [sweep(model, 10**6, cores, n).whole for cores in (1, 2, 64, 1000)]
        assert whole == sorted(whole, reverse=True)
        whole = [sweep(model, fits, 64, n).whole for fits in (10**4, 10**5, 10**6)]
        assert whole == sorted(whole)

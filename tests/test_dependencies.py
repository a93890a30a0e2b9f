"""What `pip install gmmpipe` brings is enough for the estimator; the rest needs `pipeline`."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions

from projects import HOME

from gmmpipe.errors import PIPELINE

WITHOUT = f"""
import sys
sys.modules.update(dict.fromkeys({PIPELINE}))  # as if none of them were there
import numpy as np
import gmmpipe
x = np.random.default_rng(0).normal(size=(60, 2))
model = gmmpipe.GaussianMixture(2, init_params="mixed", n_init=2, random_state=0).fit(x)
print(model.bic(x) > 0, gmmpipe.fit.__name__, gmmpipe.Partitioned.__name__)
try:
    gmmpipe.load("results/default/latest")
except ModuleNotFoundError as error:
    print(error.__notes__)
from gmmpipe.cli.main import main
print(*(main(arguments.split()) for arguments in ("run", "list", "verify x", "table best x")))
main(["--help"])
"""


def test_the_estimator_needs_no_package_of_the_pipeline():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    computed, noted, codes, usage = done.stdout.split("\n", 3)
    assert computed == "True fit Partitioned"
    assert re.search(r"\w+ is missing; `pip install 'gmmpipe\[pipeline\]'` gets it", noted)
    assert codes == "1 1 1 1"
    assert usage.startswith("usage: gmmpipe")
    lines = done.stderr.splitlines()
    assert len(lines) == 4
    said = re.compile(r"gmmpipe stopped: the package \w+ is missing; `pip .*\[pipeline\]'` gets it")
    assert all(map(said.fullmatch, lines)), lines


def test_the_packages_of_the_pipeline_are_those_of_its_extra():
    project = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]
    extra = {re.match(r"[\w-]+", text)[0] for text in project["optional-dependencies"]["pipeline"]}
    brought = packages_distributions()
    packages = {dist.lower() for name in PIPELINE for dist in brought[name]}
    assert packages - {"omegaconf"} == extra - {"threadpoolctl"}  # of hydra-core, scikit-learn

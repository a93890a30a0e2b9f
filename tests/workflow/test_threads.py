import os
import subprocess
import sys
from pathlib import Path

from gmmpipe.workflow.threads import VARIABLES

HOME = Path(__file__).parents[2]
COUNT = "import numpy, threadpoolctl as t; print(*{x['num_threads'] for x in t.threadpool_info()})"


def python(code: str) -> str:
    free = {k: v for k, v in os.environ.items() if k not in VARIABLES} | {"OMP_NUM_THREADS": "2"}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=free).stdout


def test_libraries_get_one_thread_once_pinned():
    assert (
        python(f"from gmmpipe.workflow.threads import pin_threads; pin_threads(); {COUNT}") == "1\n"
    )


def test_importing_the_package_pins_nothing():
    names = f"import os; print(*[os.environ.get(name) for name in {VARIABLES}])"
    use = "import gmmpipe; gmmpipe.GaussianMixture(); gmmpipe.load; "
    assert python(use + names) == python(names)


def test_the_workflow_pins_before_anything_loads_numpy():
    lines = (HOME / "Snakefile").read_text().splitlines()
    imports = [line for line in lines if "import" in line and "gmmpipe" in line]
    assert imports[0] == "from gmmpipe.workflow.threads import pin_threads"
    assert lines.index(
        "pin_threads()  # before numpy is loaded, here and in every job"
    ) < lines.index(imports[1])

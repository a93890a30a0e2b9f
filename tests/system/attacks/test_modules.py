"""A module that lies beside the data is not imported, by none of the processes."""

import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [
        ["gmmpipe", "list"],
        ["gmmpipe", "run", "experiment=smoke", "--", "-n"],
        ["snakemake", "--cores", "1", "--until", "normalise", "--config", "experiment=smoke"],
    ],
    ids=" ".join,
)
def test_commands_import_nothing_from_here(command, beside):
    done = subprocess.run(
        [BIN / command[0], *command[1:]], cwd=beside, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_as_a_module_it_looks_elsewhere_first(beside):
    (beside / "gmmpipe.py").unlink()  # that one Python itself would run: use the command instead
    done = subprocess.run(
        [sys.executable, "-m", "gmmpipe", "list"], cwd=beside, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")

"""The workflow passes Snakemake's own lint."""

import re
import subprocess
import sys

# The environment is locked once for all rules (requirements.lock, hash-checked), so a container
# or conda environment per rule would say the same thing again, and differently.
WAIVED = {"Specify a conda environment or container for each rule."}
# Which engine fits is no parameter: as one it would run fits again that have the same bytes.
WAIVED |= {"Shell command directly uses variable plan from outside of the rule"}


def test_lint_finds_nothing_but_what_is_argued_for(project):
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--lint", "--config", "experiment=smoke"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    found = set(re.findall(r"^    \* (.+?):$", said, flags=re.MULTILINE))
    assert "Lints for rule fit" in said  # the lint has read the workflow
    assert found == WAIVED

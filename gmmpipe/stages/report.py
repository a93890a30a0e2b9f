"""Bind figures and tables into one HTML file that opens offline: Snakemake's report."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gmmpipe import artifacts
from gmmpipe.study import Study


def run(inputs: Sequence[str], output: str, config: Mapping[str, Any], threads: int = 1) -> None:
    """Write the report of the plan ``inputs[0]``, its tables and figures being made, to ``output``.

    Raises RuntimeError with Snakemake's own words if it fails.
    """
    del config, threads
    study = Study(inputs[0])
    captions = artifacts.read_json(f"{study.folder}/figures/captions.json")
    settings = Path(study.folder) / ".captions.json"
    page = Path(output).with_name(".report.html")
    words = {"experiment": study.experiment, "version": study.version, "summary": study.winners()}
    artifacts.write_json(settings, {"plan": study.path, "captions": captions, **words})
    command = [sys.executable, "-m", "snakemake", "--report", str(page), "--nolock"]
    command += ["--configfile", str(settings), "--", f"{study.folder}/figures"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.strip() or done.stdout.strip())
        artifacts.write(output, page.read_bytes())
    finally:
        page.unlink(missing_ok=True)
        settings.unlink(missing_ok=True)

"""Edits while a run is under way: what it makes is of what it read when it began, or is refused."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from killed_runs import LONG, surroundings
from places import lacking, wait_for
from projects import TINY, Answer
from tiny_study import contents


def run_and_edit(edit, *arguments: str) -> Answer:
    """Run in the working folder, and ``edit`` between plan and jobs."""
    with subprocess.Popen(
        [sys.executable, "-m", "gmmpipe", "run", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=surroundings(**lacking(Path.cwd(), pausing=True)),
    ) as process:
        wait_for(Path("planned"))
        edit()
        Path("go").touch()
        out, err = process.communicate(timeout=LONG)
    return Answer(process.returncode, out, err)


@pytest.mark.usefixtures("finished")
def test_edits_during_a_run_are_not_mixed_in(project, command):
    wanted = contents(project / "results/smoke/latest")

    def change_settings() -> None:
        for path in (*Path("conf").glob("fit/*.yaml"), Path("conf/experiment/smoke.yaml")):
            path.write_text(path.read_text().replace("tol: ", "tol: 1") + "\n# another\n")
        Path("conf/start/kmeans.yaml").unlink()

    kept = {path: path.read_bytes() for path in Path("conf").rglob("*.yaml")}
    Path("results").rename("first")
    answer = run_and_edit(change_settings, *TINY)
    assert answer.code == 0, answer
    assert contents(project / "results/smoke/latest") == wanted

    for path, content in kept.items():
        path.write_bytes(content)
    data = Path("data/gmm.data")
    original = data.read_bytes()

    def change_data() -> None:
        times = data.stat()
        data.write_bytes(original.replace(b"3.600", b"3.700", 1))
        os.utime(data, ns=(times.st_atime_ns, times.st_mtime_ns))  # as large and as old as before

    Path("results").rename("second")
    answer = run_and_edit(change_data, *TINY)
    assert answer.code == 2, answer
    assert re.fullmatch(r"gmmpipe: data/gmm.data: changed since .* run again\n", answer.err)
    assert not list(Path("results/smoke").rglob("tables/*"))
    assert not list(Path("results/store/data").glob("*.npz"))
    again = command("gmmpipe", "run", *TINY)
    assert again.code == 0, again
    assert contents(project / "results/smoke/latest") != wanted


def test_plain_snakemake_ends_as_on_failure_says(project, command):
    """A tree of two leaves cannot be cut into three."""
    overrides = [*TINY[1:], "sweep.start=[ward,points]", "start.ward.most=2", "sweep.k=2..3"]
    overrides += ["sweep.seed=0"]
    words = "overrides=" + str(overrides).replace("'", '"')
    answer = command("snakemake", "--cores", "2", "--config", "experiment=smoke", words)
    assert answer.code == 1, answer
    assert "gmmpipe: 1 fit failed (dataset gmm, " in answer.err
    assert (project / "results/smoke/latest/report.html").is_file()

"""The whole way through Snakemake with hostile names, and plain Snakemake with hostile settings."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
ROWS = "1,2,{0}\n2,1,{1}\n3,5,{0}\n4,4,{1}\n5,9,{0}\n7,6,{1}\n8,7,{0}\n"


def call(folder, *command):
    return subprocess.run(
        [BIN / command[0], *command[1:]], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "setting",
    [
        "title=x; {shell} #",
        'overrides=["fit.tol=`{shell}`"]',
        "plan=/etc/passwd",
    ],
)
def test_settings_of_plain_snakemake_reach_no_shell(setting, project, shell):
    done = call(project, "snakemake", "--cores", "1", "--config", setting.format(shell=shell))
    assert done.returncode != 0
    assert "gmmpipe: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(project.glob("results/*/"))


def test_hostile_names_go_the_whole_way(beside, mark):
    """A file, columns and groups named after payloads, modules beside them; to the report."""
    project = beside
    name = "x';touch $PWNED;$(touch $PWNED) `touch $PWNED` & #.csv"
    script = "<script>alert(1)</script>"
    header = f"=cmd|'/c calc'!A1,{script} $\\frac{{,kind\n"
    rows = ROWS.format("=1+1", "</script><img src=x onerror=alert(1)>")
    (project / name).write_text(header + rows)
    (project / "default").mkdir()
    (project / "default/config.yaml").write_text("set-resources:\n  fit:\n    mem_mb: 1/0\n")
    settings = ["sweep.k=[1,2]", "sweep.seed=[0]", "sweep.iteration=[5]", "sweep.start=[points]"]
    settings += [
        "sweep.covariance=[full]",
        "figures.names=[clusters,sample_data]",
        "figures.formats=[svg]",
    ]
    done = subprocess.run(
        [BIN / "gmmpipe", "run", "--data", name, "--label", "kind", *settings],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PWNED": str(mark), "HOME": str(project)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = {path.resolve() for path in project.glob("results/*/latest")}
    for path in folder.glob("tables/*.csv"):
        for row in csv.reader(path.read_text().splitlines()):
            assert not [cell for cell in row if cell[:1] in "=+@" and cell[:1]], path
    page = (folder / "report.html").read_text()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]
    assert "default-src &#39;none&#39;" in policy
    assert "unsafe" not in policy
    assert script not in page
    assert "<img src=x onerror" not in page

"""Whole runs through Snakemake: few, small, each telling one story."""

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from projects import TINY, make_project, run

import gmmpipe
from gmmpipe.store import artifacts

ENDS = {"evaluate": 1, "figures": 1, "report": 1, "publish": 1}


def contents(folder: Path, *, whole: bool = False) -> dict[str, bytes]:
    """Return {path: bytes} of results; without what tells of times."""
    told = ("logs/", "benchmarks/", ".lock", "index.html", "run.json", ".call-")
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "latest" not in path.parts
    }
    skipped = told[:4] if whole else told
    return {name: bytes_ for name, bytes_ in files.items() if not any(s in name for s in skipped)}


def planned(command, *changes: str) -> dict[str, int]:
    """Return how many jobs of each rule would run."""
    answer = command("gmmpipe", "run", *TINY, *changes, "--", "-n", "--quiet", "rules")
    assert answer.code == 0, answer
    counts = re.findall(r"^(\w+) +(\d+)$", answer.out + answer.err, re.MULTILINE)
    return {rule: int(n) for rule, n in counts if rule not in ("all", "total")}


def test_a_study_runs_grows_and_returns(project, command, finished):
    assert "7/8 jobs" in finished.out
    version = (project / "results/smoke/latest").readlink().name
    results = contents(project / "results", whole=True)

    again = command("gmmpipe", "run", *TINY)
    assert again.code == 0
    assert "nothing to do" in again.out
    assert contents(project / "results", whole=True) == results

    own = command("gmmpipe", "run", *TINY, "--", "--report", "own.html")
    assert own.code == 0, own
    told = (project / "own.html").read_text()
    assert all(f'"{rule}"' in told for rule in ("fit", "evaluate", "publish"))  # its jobs

    grown = planned(command, "sweep.start=[kmeans,points]", "sweep.covariance=[full,tied]")
    assert grown == {"fit": 3, **ENDS}

    changed = command("gmmpipe", "run", *TINY, "fit.tol=1e-3")
    assert changed.code == 0
    assert changed.out.count("fit\n") == 1
    assert "6/6 jobs" in changed.out  # fit, the four ends, and all
    other = (project / "results/smoke/latest").readlink().name
    assert other != version
    now = contents(project / "results", whole=True)
    assert {name: now.get(name) for name in results} == results

    assert planned(command) == {"publish": 1}
    assert command("gmmpipe", "run", *TINY).code == 0
    assert (project / "results/smoke/latest").readlink().name == version
    assert contents(project / "results", whole=True) == now


def test_no_surroundings_change_a_byte(project, command, tmp_path):
    """Another folder, home, time zone, locale, umask, hash seed, front, number of processors."""
    both = (*TINY[:1], "sweep.start=[uniform]", *TINY[2:-1], "figures.formats=[png,svg,pdf]")
    assert command("gmmpipe", "run", *both, "--", "--cores", "2").code == 0
    one = contents(project / "results")

    home = tmp_path / "a home"
    (home / ".config/matplotlib").mkdir(parents=True)
    taste = "font.size: 30\nlines.linewidth: 9\nsavefig.facecolor: red\nsvg.hashsalt: salt\n"
    (home / ".config/matplotlib/matplotlibrc").write_text(taste)
    other = make_project(tmp_path / "un autre projet, été 数据")
    overrides = "overrides=" + str(list(both[1:])).replace("'", '"')
    plain = run(
        other,
        *("snakemake", "--cores", "1", "--config", "experiment=smoke", overrides),
        umask=0o077,
        prefix=["taskset", "-c", "0"] if shutil.which("taskset") else [],
        environment={
            "HOME": str(home),
            "LC_ALL": "POSIX",
            "OMP_NUM_THREADS": "2",
            "PYTHONHASHSEED": "42",
            "SOURCE_DATE_EPOCH": "1",
            "TMPDIR": str(home),
            "TZ": "Pacific/Kiritimati",
            "XDG_CONFIG_HOME": str(home / ".config"),
        },
    )
    assert plain.code == 0, plain
    two = contents(other / "results")
    assert list(two) == list(one)  # the same version too
    assert [name for name in one if one[name] != two[name]] == []
    suffixes = {".png", ".svg", ".pdf", ".csv", ".parquet", ".npz", ".json", ".html", ".yaml"}
    assert {Path(name).suffix for name in one} >= suffixes


@pytest.mark.usefixtures("finished")
def test_a_version_is_made_again_from_its_manifest(project, command):
    latest = project / "results/smoke/latest"
    answer = command("gmmpipe", "verify", "--rerun", "--cores", "2", str(latest))
    assert answer.code == 0, answer
    count = len(artifacts.read_json(latest / "manifest.json")["artifacts"])
    assert f"made again: {count} files of the same bytes" in answer.out
    assert not list((project / "results/store").glob("**/.*.tmp"))


def test_your_own_file(tmp_path, project, command):
    """A path with blanks, outside the project; labels; results where they are said to be."""
    rng = np.random.default_rng(1)
    groups = np.repeat(["iris", "rose", "fern"], 20)
    x = rng.normal(size=(60, 2)) + 9 * np.arange(3).repeat(20)[:, None]
    data = pd.DataFrame({"petal": x[:, 0], "sepal width": x[:, 1], "species": groups})
    path = tmp_path / "my flowers.csv"
    data.to_csv(path, index=False)
    rest = ("experiment=smoke", "sweep.covariance=[tied]", "sweep.k=[1,3]", *TINY[-2:])
    answer = command("gmmpipe", "run", "--data", str(path), "--label", "species", *rest)
    assert answer.code == 0, answer
    assert "  my_flowers: Not settled, because the lowest BIC is at the largest K" in answer.out
    assert "\n    tied, K = 3: BIC " in answer.out

    folder = project / "results/my_flowers/latest"
    assert str(folder.readlink()) == folder.resolve().name
    found = {str(p.relative_to(folder.resolve())) for p in folder.resolve().rglob("*")}
    tables = {"fits.csv", "fits.parquet", "best.csv", "parameters.parquet", "labels.parquet"}
    assert {f"tables/{name}" for name in (*tables, "trajectories.parquet")} <= found
    assert {"config.yaml", "manifest.json", "report.html"} <= found
    assert {n for n in found if n.endswith("png")} == {"figures/clusters-my_flowers.png"}
    assert {p.name for p in (project / "results/store").iterdir()} >= {"data", "normalised", "fits"}
    fits = pd.read_csv(folder / "tables/fits.csv")
    columns = "dataset normaliser covariance start k seed iteration n_iter converged degenerate"
    columns += " log_likelihood n_parameters bic aic icl icl_map sabic caic ari nmi"
    assert list(fits.columns)[:20] == columns.split()
    assert fits["ari"].max() == 1
    study = gmmpipe.load(folder)
    assert study.manifest["inputs"][str(path)]["sha256"]
    assert list(study.config["dataset"]) == ["my_flowers"]
    assert sorted(study.labels["label"].unique()) == ["fern", "iris", "rose"]


def test_what_is_wrong_with_the_data_in_a_job_is_said(project, command):
    (project / "flat.csv").write_text("a,b\n1,7\n2,7\n4,7\n")
    answer = command("gmmpipe", "run", "--data", "flat.csv", "experiment=smoke")
    assert answer.code == 2, answer
    assert re.fullmatch(r"gmmpipe: flat.csv: .*'b' is constant.*normaliser none\n", answer.err)


@pytest.mark.usefixtures("project")
def test_plain_snakemake_says_what_is_wrong(command):
    answer = command("snakemake", "--cores", "1", "--config", "experiment=smok")
    assert answer.code == 2
    lines = [line for line in answer.err.splitlines() if not line.startswith("Using ")]
    assert lines == [x for x in lines if x.startswith("gmmpipe: experiment is 'smok';")]
    assert len(lines) == 1

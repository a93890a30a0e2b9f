"""The bootstrap through Snakemake: asked for, extended, and shared by versions."""

import re

import pandas as pd

TINY = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.covariance=[tied]", "sweep.k=1..2")
TINY += ("sweep.seed=0", "sweep.iteration=[50]", "figures.names=[bootstrap,intervals]")
TINY += ("figures.formats=[png]", "bootstrap.replicates=19", "bootstrap.kind=[nonparametric]")


def planned(command, *changes):
    """Return how many jobs of each rule would run."""
    answer = command("gmmpipe", "run", *TINY, *changes, "--", "-n", "--quiet", "rules")
    assert answer.code == 0, answer
    counts = re.findall(r"^(\w+) +(\d+)$", answer.out + answer.err, re.MULTILINE)
    return {rule: int(n) for rule, n in counts if rule not in ("all", "total")}


def test_an_experiment_asks_for_it(project, command):
    ends = dict.fromkeys(("evaluate", "combine", "figures", "report", "publish"), 1)
    assert planned(command) == {"generate": 1, "normalise": 1, "fit": 1, "bootstrap": 2, **ends}
    answer = command("gmmpipe", "run", *TINY)
    assert answer.code == 0, answer
    folder = project / "results/smoke/latest"
    tests = pd.read_csv(folder / "tables/bootstrap.csv")
    assert tests["p_value"].tolist()[0] == 0.05
    assert len(pd.read_csv(folder / "tables/intervals.csv")) == 2 * (1 + 2 + 3)
    figures = {path.name for path in (folder / "figures").glob("*.png")}
    assert figures == {"bootstrap-gmm.png", "intervals-gmm.png"}
    assert "bootstrap.csv" in (folder / "report.html").read_text()

    assert "nothing to do" in command("gmmpipe", "run", *TINY).out
    assert planned(command, "bootstrap.level=0.1") == ends  # the blocks are shared
    assert planned(command, "bootstrap.kind=[nonparametric,weighted]") == {"bootstrap": 1, **ends}
    off = planned(command, "bootstrap.replicates=0")
    assert not {"bootstrap", "combine"} & set(off)

"""What a finished version found: the verdict on each data set, and the model of lowest BIC."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import pandas as pd

from gmmpipe import artifacts
from gmmpipe.figures.wording import model
from gmmpipe.study import Study
from gmmpipe.tables.cases import rows_at
from gmmpipe.tables.preconditions import decide
from gmmpipe.tables.stability import stacked
from gmmpipe.tables.verdict import Verdict

Read = Callable[[str], pd.DataFrame]


class Finding(NamedTuple):
    """A data set at a point of the outer axes: the selected row of ``best`` if any, the verdict."""

    at: dict[str, Any]
    name: str
    row: pd.Series | None
    verdict: Verdict

    @property
    def lines(self) -> list[str]:
        """Return the verdict, and the selected fit if there is one."""
        said = [f"{self.name}: {self.verdict.sentence}"]
        if self.row is not None:
            row = self.row
            said.append(
                f"{model(row)}: BIC {row['bic']:.3f}, log-likelihood {row['log_likelihood']:.3f}"
                f" ({row['normaliser']}, {row['start']}, seed {row['seed']})"
            )
        return said


def findings(study: Study, read: Read | None = None) -> list[Finding]:
    """Return what is found of every data set at every outer point, in the order of the plan.

    read: what returns a table by its name; without it they are read from the version's folder.
    """
    read = read or (lambda name: artifacts.read_frame(f"{study.folder}/tables/{name}.parquet"))
    best, seeds = read("best"), read("stability")
    bootstrap, resamples = (
        read(name) if study.summaries else None for name in ("bootstrap", "resamples")
    )
    stability = stacked(seeds, resamples)
    found = []
    for _, at in study.cases():
        ours = rows_at(best, at)
        tests = None if bootstrap is None else rows_at(bootstrap, at)
        agreeing = rows_at(stability, at) if len(stability) else stability
        target = float(at.get("fit.target", study.plan["config"]["fit"]["target"]))
        verdict = decide(ours, tried(study.plan["config"]), target, agreeing, tests)
        row = ours.sort_values("rank").iloc[0] if len(ours) else None
        found.append(Finding(at, case_name(study.outer, at), row, verdict))
    return found


def tried(config: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return family and K of every model of the sweep."""
    return list(product(config["sweep"]["covariance"], config["sweep"]["k"]))


def words(study: Study) -> dict[str, Any]:
    """Return what the captions in docs/captions quote; the figures being drawn."""
    captions = artifacts.read_json(f"{study.folder}/figures/captions.json")
    summary = [" ".join(finding.lines) for finding in findings(study)]
    about = {"experiment": study.experiment, "version": study.version}
    return {**about, "captions": captions, "summary": summary}


def case_name(outer: Sequence[str], at: Mapping[str, Any]) -> str:
    """Return a data set with its outer point, the axes by the last part of their names."""
    last = [axis.rpartition(".")[2] for axis in outer]
    shown = last if len(set(last)) == len(last) else outer
    parts = [f"{word} = {at[axis]}" for word, axis in zip(shown, outer, strict=True)]
    return ", ".join([str(at["dataset"]), *parts])

"""What a finished version found: the verdict on each data set, and the model of lowest BIC."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import pandas as pd

from gmmpipe.errors import InputError, one_line
from gmmpipe.results.bootstrap_tests import with_level
from gmmpipe.results.build.stability import stacked
from gmmpipe.results.mixtures import rows_at
from gmmpipe.results.preconditions import decide
from gmmpipe.results.tables import TABLES
from gmmpipe.results.verdict import Verdict
from gmmpipe.results.version_tables import VersionTables
from gmmpipe.results.words.wording import model
from gmmpipe.store import artifacts
from gmmpipe.store.layout import table
from gmmpipe.store.plan import AXES, Plan, fit_of, outer_axes

MOST = 12  # data sets that a summary names
Read = Callable[[str], pd.DataFrame | None]  # a table by its name; None where there is none


class CaseVerdict(NamedTuple):
    """A data set at a point of the outer axes: the selected row of ``best`` if any, the verdict."""

    name: str
    row: pd.Series | None
    verdict: Verdict

    @property
    def lines(self) -> list[str]:
        """Return the verdict, and the selected fit if there is one."""
        lines = [f"{self.name}: {self.verdict.sentence}"]
        if self.row is not None:
            row = self.row
            lines.append(
                f"{model(row)}: BIC {row['bic']:.3f}, log-likelihood {row['log_likelihood']:.3f}"
                f" ({row['normaliser']}, {row['start']}, seed {row['seed']})"
            )
        return lines


def failures(plan: Plan) -> str | None:
    """Return one line on the cells that failed; None if none did, or it is not to matter.

    That is what fit.on_failure says. The tables must be there.
    """
    path = table(plan.folder, "failed", ".csv")
    rows = list(csv.DictReader(io.StringIO(artifacts.read(path).decode())))
    if rows and not {*AXES[:-1], *plan.outer, "reason"} <= rows[0].keys():
        raise InputError(f"{path}: lacks columns of the table fits; run the experiment again")
    if not rows or plan.config["fit"]["on_failure"] == "continue":
        return None
    cells = {tuple(row[axis] for axis in (*AXES[:-1], *plan.outer)) for row in rows}
    first = ", ".join(f"{axis} {rows[0][axis]}" for axis in AXES[:-1])
    lost = "1 fit failed" if len(cells) == 1 else f"{len(cells)} fits failed, the first"
    return one_line(
        f"{lost} ({first}): {rows[0]['reason']}; see {path} (fit.on_failure=continue ignores them)"
    )


def verdict_lines(cases: Sequence[CaseVerdict]) -> Iterator[str]:
    """Yield the lines of each data set; of more than MOST the verdicts are counted."""
    for case in cases[:MOST]:
        yield from (f"  {line}" if i else line for i, line in enumerate(case.lines))
    if rest := cases[MOST:]:
        counts = Counter(case.verdict.level for case in rest)
        listed = ", ".join(f"{n} {level}" for level, n in counts.items())
        yield f"{len(rest)} more data sets or points of the sweep: {listed}; see the report"


def case_verdicts(plan: Plan) -> list[CaseVerdict]:
    """Return the verdicts on a finished version, from the tables in its folder."""
    tables = VersionTables(plan.folder, plan.outer)

    def read(name: str) -> pd.DataFrame | None:
        if not TABLES[name].is_asked(plan):
            return None
        return tables.frame(name)

    return verdicts_of_cases(plan.config, [coordinates for _, coordinates in plan.cases()], read)


def verdicts_of_cases(
    config: Mapping[str, Any], cases: Iterable[Mapping[str, Any]], read: Read
) -> list[CaseVerdict]:
    """Return the verdict on every data set at every outer point, ``cases``, in their order.

    read: returns the tables best, stability, resamples and bootstrap.
    """
    outer = outer_axes(config["sweep"])
    best, stability = read("best"), stacked(read("stability"), read("resamples"))
    tests = read("bootstrap")
    if tests is not None:
        tests = with_level(tests, outer, config["bootstrap"]["level"])
    result = []
    for coordinates in cases:
        models, agreeing, tested = (_at(frame, coordinates) for frame in (best, stability, tests))
        keys = ("target", "restarts")
        fit = {key: coordinates.get(f"fit.{key}", fit_of(config, coordinates)[key]) for key in keys}
        verdict = decide(models, tried(config), fit, agreeing, tested)
        row = models.sort_values("rank").iloc[0] if len(models) else None
        result.append(CaseVerdict(case_name(outer, coordinates), row, verdict))
    return result


def _at(frame: pd.DataFrame | None, coordinates: Mapping[str, Any]) -> Any:
    return frame if frame is None or frame.empty else rows_at(frame, coordinates)


def tried(config: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return family and K of every model of the sweep."""
    return list(product(config["sweep"]["covariance"], config["sweep"]["k"]))


def case_name(outer: Sequence[str], coordinates: Mapping[str, Any]) -> str:
    """Return a data set with its outer point, the axes by the last part of their names."""
    last = [axis.rpartition(".")[2] for axis in outer]
    shown = last if len(set(last)) == len(last) else outer
    parts = [f"{word} = {coordinates[axis]}" for word, axis in zip(shown, outer, strict=True)]
    return ", ".join([str(coordinates["dataset"]), *parts])

"""Fit one block of mixtures by EM."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gmmpipe.config.build import build
from gmmpipe.data.rows import Stored
from gmmpipe.errors import InputError
from gmmpipe.mixture.defects import sentence, unnamed
from gmmpipe.mixture.diagnostics.best_fit import best
from gmmpipe.mixture.diagnostics.soundness import SoundnessChecker
from gmmpipe.mixture.em.options import RestartOptions, from_section
from gmmpipe.mixture.engines.choose import EXECUTORS
from gmmpipe.mixture.engines.partitioned import Partitioned
from gmmpipe.mixture.fit_arrays import FittedCell, fit_options, to_arrays
from gmmpipe.mixture.multistart import MultiStart, add_restarts
from gmmpipe.mixture.starts.given import from_arrays
from gmmpipe.mixture.starts.registry import STARTS
from gmmpipe.store import artifacts
from gmmpipe.store.jobs import FitJob


def run(
    inputs: Sequence[str],
    output: str,
    job: FitJob,
    threads: int = 1,
    engine: Mapping[str, Any] | None = None,
) -> None:
    """Write the fits of every (k, seed) of a block of the normalised data ``inputs[0]``.

    ``inputs[1]`` is the stored start `given`, where that has the path of a file. With fit.restarts
    `auto` each k gets as many further seeds as its certificate asks for, see ``add_restarts``. A
    cell that cannot be fitted is stored with the reason, and the others are not affected. engine
    says who does the passes over the data: this process, or with `kind` dask the workers of a
    cluster, its scheduler at `address` or else here with so many `workers`.
    """
    data = artifacts.read_arrays(inputs[0], "x")
    starts = MultiStart(
        x=data["x"],
        weight=data.get("weight"),
        start=_start(inputs, job),
        method=job.start["method"],
        family=str(job.covariance.get("family")),
        iterations=job.iteration,
        options=fit_options(job.fit),
        restarts=from_section(RestartOptions, job.fit),
        threads=threads,
        failed=[],
    )
    with _passing(starts, engine or {}, inputs[0]) as starts:
        fitted = starts.fit(job.k, job.seed)
        if starts.restarts.restarts == "auto" and starts.undrawn < np.inf:
            fitted = add_restarts(starts, fitted, job.seed)
    artifacts.write_arrays(output, to_arrays(fitted, starts.failed))
    for failure in starts.failed:
        print(f"k={failure.k}, seed {failure.seed} failed: {failure.reason}")
    for k in sorted({cell.k for cell in fitted}):
        _report(k, [cell for cell in fitted if cell.k == k], starts.checker)


def _start(inputs: Sequence[str], job: FitJob) -> Any:
    """Return the start, read from the store if it came from a file."""
    start = build(STARTS, "start", job.start, "method")
    stored = getattr(start, "path", None) is not None
    if len(inputs) != 1 + stored:
        raise InputError(f"{len(inputs)} INPUT files; give the data, and a start that has a path")
    return from_arrays(artifacts.read_arrays(inputs[1])) if stored else start


@contextmanager
def _passing(starts: MultiStart, engine: Mapping[str, Any], path: str) -> Iterator[MultiStart]:
    """Give the starts with the passes over the data, in the file ``path``, left to the engine."""
    if (kind := engine.get("kind", "local")) == "local":
        yield starts.sharing_passes()
        return
    workers = engine.get("workers") or starts.threads
    with EXECUTORS[kind](engine.get("address"), workers) as cluster:
        data = Partitioned(Stored(str(Path(path).absolute())), cluster)
        yield replace(starts, passed=data)


def _report(k: int, cells: Sequence[FittedCell], checker: SoundnessChecker) -> None:
    """Print the parameters of the best of the fits with ``k`` components, in normalised units.

    Components get their numbers when all fits are compared, so here they have none.
    """
    chosen = cells[best([cell.fit for cell in cells], checker.is_sound)]
    last, defects = chosen.fit.snapshots[-1], checker.defects(chosen.fit)
    wrong = sentence(defects, unnamed)
    print(
        f"k={k}: best of {len(cells)} seeds is {chosen.seed}, log-likelihood"
        f" {last.log_likelihood:.6f} (normalised units) after {last.n_iter} iterations"
        + (f", degenerate: {wrong}" if wrong else "")
    )
    print(last.mixture.describe(numbered=False))
    counts = Counter(cell.end.kind for cell in cells)
    print("ends of the runs: " + ", ".join(f"{kind} {n}" for kind, n in sorted(counts.items())))

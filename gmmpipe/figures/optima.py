"""The runs of one family and K, and the best optimum that any of them reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gmmpipe.figures.tables import RUN

if TYPE_CHECKING:
    from gmmpipe.figures.tables import Tables
    from gmmpipe.numerics.mixture import Array

SETTLED = 1e-5  # nats


@dataclass(frozen=True)
class Optimum:
    """The sound runs: their starts, their log-likelihoods from iteration 1 on, and the best."""

    starts: list[str]
    trajectories: list[Array]
    best: float
    n_degenerate: int
    rising: bool  # the best run still gained more than ``SETTLED`` in its last iteration

    def reached(self, start: str, n_iterations: int, tolerance: float) -> Array:
        """Return how many runs from ``start`` are within ``tolerance`` nats of the best.

        After 1, 2, ..., ``n_iterations`` iterations, (n_iterations,); a run that converged
        earlier stays where it is.
        """
        counts = np.zeros(n_iterations)
        for name, values in zip(self.starts, self.trajectories, strict=True):
            if name == start:
                held = np.append(values, np.full(max(n_iterations - len(values), 0), values[-1]))
                counts += held[:n_iterations] >= self.best - tolerance
        return counts


def runs_of(tables: Tables, covariance: str, k: int, normaliser: str) -> Optimum:
    """Return the runs of one family, k and normaliser; degenerate ones are only counted."""
    rows = tables.trajectories
    rows = rows[
        (rows["covariance"] == covariance) & (rows["k"] == k) & (rows["normaliser"] == normaliser)
    ]
    ends = tables.ends()
    degenerate = set(ends[ends["degenerate"]][RUN].itertuples(index=False, name=None))
    starts, trajectories, n_degenerate = [], [], 0
    for run, values in zip(
        rows[RUN].itertuples(index=False, name=None), rows["log_likelihood"], strict=True
    ):
        after = np.asarray(values, float)[1:]  # the start itself is no iteration
        if run in degenerate:
            n_degenerate += 1
        elif len(after) and np.isfinite(after).all():
            starts.append(str(run[RUN.index("start")]))
            trajectories.append(after)
    best = max((float(values.max()) for values in trajectories), default=float("nan"))
    rising = any(
        float(values.max()) == best and len(values) > 1 and values[-1] - values[-2] > SETTLED
        for values in trajectories
    )
    return Optimum(starts, trajectories, best, n_degenerate, rising)

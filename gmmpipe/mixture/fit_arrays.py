"""How the fits of one block lie in arrays: components end to end, one row per snapshot."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gmmpipe.errors import InputError
from gmmpipe.mixture.defects import Defect
from gmmpipe.mixture.diagnostics.convergence import End
from gmmpipe.mixture.em.options import FitOptions, from_section
from gmmpipe.mixture.em.result import Fit, Snapshot
from gmmpipe.mixture.mixture import Mixture

FORMER = {"algorithm": "exact"}  # keys that an older version has, and what EM does without them


@dataclass(frozen=True)
class FittedCell:
    """One fit: its (k, seed), what EM returned, and where the run ends."""

    k: int
    seed: int
    fit: Fit
    end: End


@dataclass(frozen=True)
class FailedCell:
    """A cell that could not be fitted: its (k, seed), and why."""

    k: int
    seed: int
    reason: str


def fit_options(fit: Mapping[str, Any]) -> FitOptions:
    """Return what a section `fit`, also one of an older version, asks of ``em.fit``.

    Raises InputError for what EM could do once and cannot now.
    """
    for key, value in FORMER.items():
        if fit.get(key, value) != value:
            raise InputError(f"fit.{key} is {fit[key]!r}: use the gmmpipe that made the version")
    return from_section(FitOptions, fit)


def to_arrays(
    stored: Sequence[FittedCell], failed: Sequence[FailedCell] = ()
) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of F fits, all with S snapshots at the same iterations.

    k, seed, n_iter, converged (F,), defects (F,) as JSON, "" for none; iteration (S,); done,
    settled, log_likelihood, log_prior (S, F); trajectory (sum of n_iter + 1,). With the components
    of all fits end to end: weight (S, sum k), mean (S, sum k, D), covariance (S, sum k, D, D), and
    start_* and end_* without S. Of the ends of the runs also end, end_log_likelihood,
    end_log_prior (F,). With a noise component also its box (2, D), which is the data's. Of the
    cells that failed: failed_k, failed_seed, failed_reason. Without any fit only k, seed and
    n_iter are there besides.
    """
    lost = {
        "failed_k": np.array([f.k for f in failed], dtype=np.int64),
        "failed_seed": np.array([f.seed for f in failed], dtype=np.int64),
        "failed_reason": np.array([f.reason for f in failed], dtype=str),
    }
    if not stored:
        return {**dict.fromkeys(("k", "seed", "n_iter"), np.empty(0, np.int64)), **lost}
    fits = [s.fit for s in stored]
    by_step = list(zip(*(fit.snapshots for fit in fits), strict=True))
    starts, ends = [fit.start for fit in fits], [s.end.mixture for s in stored]
    box = by_step[0][0].mixture.box
    return {
        **({} if box is None else {"box": box}),
        "k": np.array([s.k for s in stored]),
        "seed": np.array([s.seed for s in stored]),
        "n_iter": np.array([fit.n_iter for fit in fits]),
        "converged": np.array([fit.converged for fit in fits]),
        "defects": np.array(
            [json.dumps(fit.degenerate) if fit.degenerate else "" for fit in fits], dtype=str
        ),
        "trajectory": np.concatenate([fit.trajectory for fit in fits]),
        "start_weight": np.concatenate([m.weights for m in starts]),
        "start_mean": np.concatenate([m.means for m in starts]),
        "start_covariance": np.concatenate([m.covariances for m in starts]),
        "end": np.array([s.end.kind for s in stored], dtype=str),
        "end_log_likelihood": np.array([s.end.log_likelihood for s in stored]),
        "end_log_prior": np.array([s.end.log_prior for s in stored]),
        "end_weight": np.concatenate([m.weights for m in ends]),
        "end_mean": np.concatenate([m.means for m in ends]),
        "end_covariance": np.concatenate([m.covariances for m in ends]),
        "iteration": np.array([step[0].iteration for step in by_step]),
        "done": np.array([[p.n_iter for p in step] for step in by_step]),
        "settled": np.array([[p.converged for p in step] for step in by_step]),
        "log_likelihood": np.array([[p.log_likelihood for p in step] for step in by_step]),
        "log_prior": np.array([[p.log_prior for p in step] for step in by_step]),
        "weight": np.stack([np.concatenate([p.mixture.weights for p in s]) for s in by_step]),
        "mean": np.stack([np.concatenate([p.mixture.means for p in s]) for s in by_step]),
        "covariance": np.stack(
            [np.concatenate([p.mixture.covariances for p in s]) for s in by_step]
        ),
        **lost,
    }


def from_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> Iterator[FittedCell]:
    """Yield the fits of a block as they were given to to_arrays."""
    component = np.cumsum([0, *arrays["k"]])
    step = np.cumsum([0, *(arrays["n_iter"] + 1)])
    for i, k in enumerate(arrays["k"].tolist()):
        rows = slice(component[i], component[i + 1])
        start, end = (
            Mixture(
                *(arrays[f"{prefix}_{name}"][rows] for name in ("weight", "mean", "covariance"))
            )
            for prefix in ("start", "end")
        )
        snapshots = tuple(
            Snapshot(
                iteration,
                int(arrays["done"][s, i]),
                bool(arrays["settled"][s, i]),
                float(arrays["log_likelihood"][s, i]),
                Mixture(
                    arrays["weight"][s, rows],
                    arrays["mean"][s, rows],
                    arrays["covariance"][s, rows],
                    arrays.get("box"),
                ),
                float(arrays["log_prior"][s, i]),
            )
            for s, iteration in enumerate(arrays["iteration"].tolist())
        )
        fit = Fit(
            start,
            snapshots,
            arrays["trajectory"][step[i] : step[i + 1]],
            int(arrays["n_iter"][i]),
            bool(arrays["converged"][i]),
            _defects(str(arrays["defects"][i])),
        )
        value, prior = (float(arrays[f"end_{name}"][i]) for name in ("log_likelihood", "log_prior"))
        at_end = End(str(arrays["end"][i]), value, replace(end, box=arrays.get("box")), prior)
        yield FittedCell(k, int(arrays["seed"][i]), fit, at_end)


def _defects(text: str) -> tuple[Defect, ...]:
    values = json.loads(text) if text else ()
    return tuple(Defect(component, code, tuple(numbers)) for component, code, numbers in values)


def failed_in(arrays: Mapping[str, npt.NDArray[Any]]) -> Iterator[FailedCell]:
    """Yield the cells of a block that failed."""
    columns = (arrays[f"failed_{name}"].tolist() for name in ("k", "seed", "reason"))
    yield from map(FailedCell, *columns)

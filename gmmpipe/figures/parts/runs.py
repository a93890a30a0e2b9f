"""The runs of one family and K, and the best optimum that any of them reached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmpipe.figures.style import Style
from gmmpipe.mixture.diagnostics.restarts import MAXIMUM, NATS, NONE, OPEN, optima
from gmmpipe.mixture.mixture import FIRST, Array, Indices
from gmmpipe.results.columns import RUN
from gmmpipe.results.dataset_tables import DatasetTables
from gmmpipe.results.words.wording import elide, number

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

MOST_MODELS = 6


@dataclass(frozen=True)
class ModelRuns:
    """The sound runs: their starts, their log-likelihoods from iteration 1 on, and the best.

    origins: the log-likelihood of each run's start itself.
    best: of the maxima at which runs end; where none is known, of what runs reached.
    """

    starts: list[str]
    origins: list[float]
    trajectories: list[Array]
    best: float
    n_degenerate: int
    n_open: int  # of the sound runs, those that end at no maximum

    def reached(self, start: str, n_iterations: int, tolerance: float) -> Array:
        """Return how many runs from ``start`` are within ``tolerance`` nats of the best.

        After 1, 2, ..., ``n_iterations`` iterations, (n_iterations,); a run that converged
        earlier stays where it is.
        """
        counts = np.zeros(n_iterations)
        for name, values in zip(self.starts, self.trajectories, strict=True):
            if name == start:
                extended = np.append(
                    values, np.full(max(n_iterations - len(values), 0), values[-1])
                )
                counts += extended[:n_iterations] >= self.best - tolerance
        return counts


def runs_of(tables: DatasetTables, covariance: str, k: int, normaliser: str) -> ModelRuns:
    """Return the runs of one family, k and normaliser; degenerate ones are only counted."""
    rows = tables.trajectories
    rows = rows[
        (rows["covariance"] == covariance) & (rows["k"] == k) & (rows["normaliser"] == normaliser)
    ]
    ends = tables.ends().set_index(RUN)
    ends = ends.assign(best=limits(ends), open=is_open(ends))
    degenerate = ends.index[ends["degenerate"]]
    starts, origins, sound = list[str](), list[float](), []
    trajectories: list[Array] = []
    for run, values in zip(
        rows[RUN].itertuples(index=False, name=None), rows["log_likelihood"], strict=True
    ):
        after = np.asarray(values, float)[1:]  # the start itself is no iteration
        if run in degenerate:
            continue
        if len(after) and np.isfinite(after).all():
            starts.append(str(run[RUN.index("start")]))
            origins.append(float(values[0]))
            trajectories.append(after)
            sound.append(run)
    sound_ends = ends.loc[[run for run in sound if run in ends.index]]
    at_maximum = (
        sound_ends.loc[~sound_ends["open"], "best"]
        if "end" in sound_ends
        else sound_ends["best"][:0]
    )
    reached = [float(values.max()) for values in trajectories]
    return ModelRuns(
        starts,
        origins,
        trajectories,
        max([*at_maximum] or reached, default=float("nan")),
        int(ends.loc[ends.index.isin(rows[RUN].apply(tuple, axis=1)), "degenerate"].sum()),
        int(sound_ends["open"].sum()),
    )


def limits(runs: pd.DataFrame) -> Array:
    """Return the log-likelihood at which each run ends, (R,): else that of its last snapshot."""
    last = runs["log_likelihood"].to_numpy(float)
    if "limit" not in runs:  # of older results
        return last
    limit = runs["limit"].to_numpy(float)
    return np.where(np.isfinite(limit), limit, last)


def is_open(runs: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which runs (R,) end at no maximum though they are sound; of older results none."""
    none: npt.NDArray[np.bool_] = np.zeros(len(runs), bool)
    return runs["end"].isin(OPEN).to_numpy() if "end" in runs else none


def at_maximum(runs: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which runs (R,) end at a maximum; of older results all."""
    every: npt.NDArray[np.bool_] = np.ones(len(runs), bool)
    return (runs["end"] == MAXIMUM).to_numpy() if "end" in runs else every


def optimum_of(tables: DatasetTables, runs: pd.DataFrame) -> Indices:
    """Return which optimum each run of one model ended in, (R,): NONE for none, else from 0.

    0 is the best that any of these runs found.
    """
    if "optimum" not in runs:  # of older results
        return optima(runs["log_likelihood"].to_numpy(float), tables.mixtures(runs))
    values, which = np.unique(runs["optimum"].to_numpy(int), return_inverse=True)
    return which - int(NONE + FIRST in values)


def not_finished(n_open: int, style: Style) -> str:
    """Return the sentence of a caption on runs that end at no maximum, or nothing."""
    if n_open == 0:
        return ""
    return style.say("{n} runs did not end at a maximum (unfinished, or at a saddle).", n=n_open)


def cut_short(runs: pd.DataFrame, style: Style) -> str:
    """Return the sentence on runs whose last snapshot is below their maximum, or nothing."""
    gaps = limits(runs) - runs["log_likelihood"].to_numpy(float)
    if not (n := int((gaps > NATS).sum())):
        return ""
    return style.say(
        "The clusterings are those after the last iteration of the sweep, when {n} of the"
        " {total} runs were still more than {nats} nats below their maximum.",
        n=n,
        total=len(runs),
        nats=NATS,
    )


def finished(certified: Any) -> Any:
    """Return how many restarts ended at a maximum: of a row or a frame of certificates.

    Of results that do not say so all count.
    """
    return certified.get("finished", certified["draws"])


def certificate(row: pd.Series, style: Style) -> str:
    """Return the sentence on the certificate of the selected model, a row of ``best``."""
    if np.isnan(row["hits"]):
        return "" if row["k"] == 1 else style.say("The starts are not random.")
    if not finished(row):
        return style.say("No restart of the selected model finished.")
    return style.say(
        "Certificate of the selected model: {hits} of {n} finished restarts found its best"
        " optimum; the chance that one more finds a better one is below {bound} % (95 %"
        " confidence).",
        hits=f"{row['hits']:.0f}",
        n=f"{finished(row):.0f}",
        bound=number(100 * row["p_better_bound"]),
    )


def models(tables: DatasetTables) -> list[tuple[str, str, int]]:
    """Return title, family and k of every K of the selected family, else of every family.

    Of more than ``MOST_MODELS`` K those next to the selected one are kept.
    """
    row, ks = tables.selected(), _ks(tables)
    if len(ks) > 1:
        near = sorted(sorted(ks, key=lambda k: abs(k - int(row["k"])))[:MOST_MODELS])
        return [(f"K = {k}", str(row["covariance"]), k) for k in near]
    return [(elide(name, 16), name, ks[0]) for name in tables.families()[:MOST_MODELS]]


def common(tables: DatasetTables) -> str:
    """Return what all ``models`` have in common: the family, else K."""
    ks = _ks(tables)
    return elide(tables.selected()["covariance"], 16) if len(ks) > 1 else f"K = {ks[0]}"


def _ks(tables: DatasetTables) -> list[int]:
    """Return the K fitted, without K = 1, which has one optimum only, where there are more."""
    ks = sorted({int(k) for k in tables.fits["k"]})
    return [k for k in ks if k > 1] or ks


def left_out(n_degenerate: int, style: Style) -> str:
    """Return the sentence of a caption on degenerate runs, or nothing."""
    if n_degenerate == 0:
        return ""
    return style.say("{n} degenerate runs are left out.", n=n_degenerate)


def not_drawn(tables: DatasetTables, drawn_models: Iterable[tuple[str, int]], style: Style) -> str:
    """Return the sentence on how many runs of some (family, k) are drawn, or nothing if all."""
    hidden = rest = 0
    for family, k in drawn_models:
        hidden += tables.n_hidden(family, k)
        rest += len(tables.runs(family, k))
    if hidden == 0:
        return ""
    return style.say(
        "{n} of {total} runs are used: the best, and others spread evenly over the seeds.",
        n=rest,
        total=rest + hidden,
    )

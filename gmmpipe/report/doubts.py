"""What to distrust in the results of one data set: said first, with numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gmmpipe.figures import Tables
from gmmpipe.figures.language import listing
from gmmpipe.figures.tables import RUN
from gmmpipe.figures.wording import elide, number, share
from gmmpipe.numerics.certificate import HITS
from gmmpipe.report.evidence import (
    counted_from_one,
    model_name,
    other_choices,
    runner_up,
    stability_of,
)

RIVAL = 10.0  # BIC above the lowest, within which a better optimum might still change the order
EQUAL = 2.0  # Kass & Raftery 1995: less is not worth more than a bare mention
SETTLED = 1e-5  # nats that a run may gain in its last iteration and still count as ended
STABLE = 0.9  # adjusted Rand index
FEW = 10  # samples for each parameter


@dataclass(frozen=True)
class Doubt:
    """One reason for care. Grave ones may change which model wins."""

    grave: bool
    text: str


def doubts(tables: Tables, target: float, dropped: int) -> list[Doubt]:
    """Return the reasons for care, the grave ones first.

    target: of certificates (fit.target); dropped: rows of the data that were left out.
    """
    found = [*_degenerate(tables), *_rising(tables)]
    if not tables.has_selection:
        found.insert(0, Doubt(True, "Every fit is degenerate, so no model is selected."))
    else:
        found += [*_edge(tables), *_certificates(tables, target), *_close(tables)]
        found += [*_unstable(tables), *_criteria(tables), *_large(tables)]
    if dropped:
        found.append(Doubt(False, f"{dropped:,} rows with missing values were left out."))
    return sorted(found, key=lambda doubt: not doubt.grave)


def _degenerate(tables: Tables) -> list[Doubt]:
    ends = tables.ends()
    bad = ends[ends["degenerate"]]
    if bad.empty:
        return []
    text = f"{len(bad):,} of {len(ends):,} fits are degenerate and left out"
    models = ends.groupby(["covariance", "k"], sort=False)["degenerate"].all()
    lost = [f"{elide(name, 16)} with K = {k}" for name, k in models[models].index.to_list()]
    if lost:
        text += f"; no sound fit of {listing('en', _few(lost))}"
    reason = elide(counted_from_one(bad["reason"].iloc[0]), 160)
    return [Doubt(len(bad) * 2 > len(ends), f"{text}. The first: {reason}.")]


def _few(words: list[str], most: int = 4) -> list[str]:
    rest = len(words) - most
    return words if rest <= 0 else [*words[:most], f"{rest} more"]


def _rising(tables: Tables) -> list[Doubt]:
    """Say which runs were cut off while they still gained."""
    sound = tables.sound_ends()
    what = "sound runs" if len(tables.drawn(sound)) == len(sound) else "sound runs looked at"
    ends = sound[[*RUN, "converged"]].merge(tables.trajectories, on=RUN)
    if ends.empty:
        return []
    gains = np.array([_last_gain(values) for values in ends["log_likelihood"]])
    rising = (gains > SETTLED) & ~ends["converged"].to_numpy(bool)
    found = []
    if tables.has_selection:
        best = tables.selected()
        mine = np.all([ends[key] == best[key] for key in RUN], axis=0) & rising
        if mine.any():
            found.append(
                Doubt(
                    True,
                    f"The selected run had not converged: its last iteration gained"
                    f" {gains[mine][0]:.2g} nats. Give it more (sweep.iteration).",
                )
            )
    if rising.any():
        found.append(
            Doubt(
                False,
                f"{int(rising.sum()):,} of {len(ends):,} {what} had not converged: their last"
                f" iteration gained more than {SETTLED:g} nats.",
            )
        )
    return found


def _last_gain(values: Any) -> float:
    return float(values[-1] - values[-2]) if len(values) > 1 else 0.0


def _edge(tables: Tables) -> list[Doubt]:
    k, ks = int(tables.selected()["k"]), tables.fits["k"]
    if k < ks.max() or ks.nunique() == 1:
        return []
    return [Doubt(True, f"The lowest BIC is at the largest K of the sweep, {k}: try more.")]


def _certificates(tables: Tables, target: float) -> list[Doubt]:
    best = tables.selected()
    found = []
    if best["draws"] > 1 and (best["hits"] < HITS or best["p_better_bound"] > target):
        found.append(
            Doubt(
                bool(best["hits"] < HITS),
                f"The certificate of the selected model is below its target: {best['hits']:.0f} of"
                f" {best['draws']:.0f} restarts found it, and one more finds a better one with a"
                f" chance of up to {share(best['p_better_bound'])}, not {share(target)}"
                " (fit.restarts=auto goes on until it is).",
            )
        )
    rivals = tables.best_by_family()
    rivals = rivals[(rivals["bic"] - best["bic"] < RIVAL) & (rivals["draws"] > 1)].iloc[1:]
    once = rivals[rivals["hits"] < HITS]
    if len(once):
        names = listing("en", _few([model_name(row) for _, row in once.iterrows()]))
        found.append(
            Doubt(
                True,
                f"Fewer than {HITS} restarts found the best fit of {len(once)} of {len(rivals)}"
                f" models within {RIVAL:g} of the lowest BIC ({names}): the order may change.",
            )
        )
    return found


def _close(tables: Tables) -> list[Doubt]:
    second = runner_up(tables)
    if second is None:
        return []
    gap = float(second["bic"] - tables.selected()["bic"])
    if gap >= EQUAL:
        return []
    return [
        Doubt(True, f"{model_name(second)} is as good: its BIC is only {number(gap, 2)} higher.")
    ]


def _unstable(tables: Tables) -> list[Doubt]:
    rows = stability_of(tables)
    low = rows[rows["ari"] < STABLE] if len(rows) else rows
    return [
        Doubt(
            True,
            f"The {row['kind']} of the selected model disagree on the clusters: mean ARI"
            f" {number(row['ari'], 2)}.",
        )
        for _, row in low.iterrows()
    ]


def _criteria(tables: Tables) -> list[Doubt]:
    others: Mapping[str, str] = other_choices(tables)
    if not others:
        return []
    return [Doubt(False, f"Other criteria choose otherwise: {_joined(others)}.")]


def _joined(picks: Mapping[str, str]) -> str:
    by_pick: dict[str, list[str]] = {}
    for name, pick in picks.items():
        by_pick.setdefault(pick, []).append(name)
    return "; ".join(f"{listing('en', names)} {pick}" for pick, names in by_pick.items())


def _large(tables: Tables) -> list[Doubt]:
    row: pd.Series = tables.selected()
    parameters, n = int(row["n_parameters"]), tables.n_samples
    if n >= FEW * parameters:
        return []
    return [
        Doubt(
            False,
            f"{parameters} parameters were estimated from {n:,} samples, under {FEW} for each.",
        )
    ]

"""Which model won a data set, and every number that says how far to believe it."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gmmpipe.figures import Tables
from gmmpipe.figures.language import listing
from gmmpipe.figures.wording import elide, number, share
from gmmpipe.numerics.identity import MOST_ROWS
from gmmpipe.numerics.selection import CRITERIA

# Kass & Raftery 1995, JASA 90, 773-795: of 2 log Bayes factor, which a difference in BIC estimates
WORDS = ((2.0, "barely worth a mention"), (6.0, "positive"), (10.0, "strong"))
MOST_FEATURES = 6  # whose means are shown in the summary


@dataclass(frozen=True)
class Fact:
    """One line of evidence: what it is about, what was found, and what that means."""

    name: str
    value: str
    meaning: str = ""


def strength(difference: float) -> str:
    """Return in words how strong a difference in BIC is as evidence."""
    return next((word for limit, word in WORDS if difference < limit), "very strong")


def facts(tables: Tables) -> list[Fact]:
    """Return the evidence for the selected model of a data set that has one."""
    found = [_runner_up(tables), _weight(tables), _restarts(tables), _stability(tables)]
    found += [_tests(tables), _groups(tables), _criteria(tables)]
    return [fact for fact in found if fact is not None]


def model_name(row: pd.Series) -> str:
    """Return family and K, a name never longer than a line."""
    return f"{elide(row['covariance'], 24)}, K = {row['k']}"


def runner_up(tables: Tables) -> pd.Series | None:
    """Return the best of the other models (family and K), None where there is no other."""
    models = tables.best_by_family()
    return models.iloc[1] if len(models) > 1 else None


def _runner_up(tables: Tables) -> Fact:
    second, best = runner_up(tables), tables.selected()
    if second is None:
        return Fact("Runner-up", "none", "only one model was tried, so nothing was chosen")
    gap = float(second["bic"] - best["bic"])
    return Fact(
        "Runner-up",
        f"{model_name(second)}, ΔBIC {number(gap)}",
        f"evidence for the best over it: {strength(gap)}",
    )


def _weight(tables: Tables) -> Fact | None:
    """Return the share of exp(-BIC / 2) that the best model has among all that were tried."""
    bic = tables.best_by_family()["bic"].to_numpy(float)
    if len(bic) < 2:
        return None
    weight = 1 / float(np.exp(-(bic - bic.min()) / 2).sum())
    return Fact(
        "Weight",
        share(weight),
        f"posterior probability among the {len(bic)} models tried, as BIC approximates it",
    )


def _restarts(tables: Tables) -> Fact | None:
    row = tables.selected()
    draws, hits, optima = (int(row[name]) for name in ("draws", "hits", "optima"))
    if draws == 1:
        return Fact("Restarts", "1", "a single run cannot tell whether a better optimum exists")
    return Fact(
        "Restarts",
        f"{hits} of {draws} found it",
        f"{optima} distinct optim{'um' if optima == 1 else 'a'}; the chance that one more restart"
        f" finds a better one is below {share(row['p_better_bound'])} (95 % confidence)",
    )


def stability_of(tables: Tables) -> pd.DataFrame:
    """Return the rows of ``stability`` of the selected model and start."""
    row, frame = tables.selected(), tables.stability
    for key in ("normaliser", "covariance", "start", "k"):
        if key in frame:
            frame = frame[frame[key] == row[key]]
    return frame


def _stability(tables: Tables) -> Fact | None:
    rows = stability_of(tables)
    if rows.empty:
        return None
    row = rows.iloc[0]
    return Fact(
        "Stability",
        f"ARI {number(row['ari'], 3)}",
        f"mean agreement of {row['runs']} {row['kind']} from start {elide(row['start'], 16)}"
        f" (1: the same clusters){_compared(tables.n_samples)}",
    )


def _compared(n: int) -> str:
    """Say that clusterings were compared by some of n samples, or nothing."""
    return f", by {MOST_ROWS:,} of {n:,} samples drawn at random" if n > MOST_ROWS else ""


def _tests(tables: Tables) -> Fact | None:
    if tables.tests is None:
        return None
    rows = tables.of_selected(tables.tests)
    chosen = rows[rows["selected"].astype(bool)]
    if rows.empty:
        return None
    if chosen.empty:
        return Fact("Bootstrap test", "every K rejected", f"up to K = {rows['k0'].max()}")
    row = chosen.iloc[0]
    return Fact(
        "Bootstrap test",
        f"K = {row['k0']}",
        f"the first that is not rejected against one more component (p = {row['p_value']:.3f},"
        f" {row['replicates']} replicates)",
    )


def _groups(tables: Tables) -> Fact | None:
    if tables.labels is None:
        return None
    row, names = tables.selected(), tables.groups()[1]
    return Fact(
        "Known groups",
        f"ARI {number(row['ari'], 3)}",
        f"agreement with the {len(names)} groups of the data, which no fit has seen",
    )


def other_choices(tables: Tables) -> dict[str, str]:
    """Return {criterion: model} of the criteria whose lowest value another model has."""
    chosen = model_name(tables.selected())
    picks = {}
    for name in CRITERIA:
        ordered = tables.best.dropna(subset=[name]).sort_values(name, kind="stable")
        if len(ordered):
            picks[name.upper()] = model_name(ordered.iloc[0])
    return {name: pick for name, pick in picks.items() if pick != chosen}


def _criteria(tables: Tables) -> Fact:
    others = other_choices(tables)
    agreeing = [name.upper() for name in CRITERIA if name.upper() not in others]
    differing = [f"{name} {pick}" for name, pick in others.items()]
    return Fact(
        "Criteria",
        f"{len(agreeing)} of {len(CRITERIA)} agree",
        "; ".join([f"chosen by {listing('en', agreeing)}", *differing]),
    )


def components(tables: Tables) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the names of the features shown, and weight and place of every component."""
    mixture = tables.mixture(tables.selected())
    shown = tables.features[:MOST_FEATURES]
    deviations = np.sqrt(np.diagonal(mixture.covariances, axis1=1, axis2=2))
    rows: list[dict[str, Any]] = [
        {
            "number": index + 1,
            "index": index,
            "weight": number(float(mixture.weights[index]), 3),
            "means": [
                f"{_short(mixture.means[index, j], 4)} ± {_short(deviations[index, j], 3)}"
                for j in range(len(shown))
            ],
        }
        for index in range(mixture.n_components)
    ]
    if mixture.box is not None:
        even = [f"{_short(low, 4)} to {_short(high, 4)}" for low, high in mixture.box.T]
        head = {"number": "noise, even", "index": None, "weight": number(mixture.noise, 3)}
        rows.append({**head, "means": even[: len(shown)]})
    return [elide(name, 28) for name in shown], rows


def counted_from_one(reason: str) -> str:
    """Return the reason of a degenerate fit with components numbered as figures number them."""
    return re.sub(r"component (\d+)", lambda found: f"component {int(found[1]) + 1}", reason)


def _short(value: float, digits: int) -> str:
    return f"{value:.{digits}g}".replace("-", "\N{MINUS SIGN}")

"""How far the best of some restarts can be trusted: distinct optima, hits, chance of a better one.

Restarts are independent draws of an optimum, so what is said of unseen species holds for unseen
optima (Good 1953, Biometrika 40, 237-264).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gmmpipe.mixture.mixture import Array, Indices, Mixture

# what the end of a run is; see ``ends``
MAXIMUM, SADDLE, UNFINISHED, DEGENERATE = "maximum", "saddle", "unfinished", "degenerate"
OPEN = (UNFINISHED, SADDLE)  # sound ends that are in no optimum
NATS = 0.01  # log-likelihoods of one optimum differ by no more ...
APART = 0.1  # ... its means by no more standard deviations (of the pooled covariance) ...
SHARE = 0.02  # ... and its weights by no more than this
HITS = 3  # of the best optimum, before restarts may end
CONFIDENCE = 0.95
NONE = -1  # the optimum of a run that ended in none


@dataclass(frozen=True)
class Certificate:
    """What some restarts found.

    draws: how many there were; sound: those of them without a degenerate end; finished: those that
    ended at a maximum, unfinished: that had not ended, saddles: that stopped at one. Of those that
    finished, optima: the distinct ones; hits: how many found the best. p_new: the Good-Turing
    estimate of the chance that one more restart that finishes finds an optimum not seen so far
    (the share whose optimum was found once); p_better: the same of a better one (the share without
    which the best would be worse). p_better_bound: with probability 0.95 the chance of a better one
    is below it: the mass above the best of n draws exceeds p with probability at most (1 - p)^n.

    All these are NaN where nothing is drawn at random or there is but one optimum, and the chances
    where nothing has finished.
    """

    draws: int
    sound: int
    finished: int
    unfinished: int
    saddles: int
    optima: float
    hits: float
    p_new: float
    p_better: float
    p_better_bound: float

    def reaches(self, target: float) -> bool:
        """Say whether the best was hit often enough, and p_better_bound is at most ``target``."""
        return bool(np.isnan(self.hits)) or (self.hits >= HITS and self.p_better_bound <= target)


def certify(
    optimum: Sequence[int] | Indices,
    ends: Sequence[str],
    drawn: Sequence[bool] | None = None,
    *,
    closed_form: bool = False,
) -> Certificate:
    """Certify restarts of one model on one data set.

    optimum: which each ended in, as ``reached`` has it; ends: what each came to, see
    ``convergence.End``.
    drawn: whether it was drawn at random, as all are by default; the chances are those of one more
    such restart. closed_form: whether the model has one optimum, see ``is_closed_form``.
    """
    kinds = Counter(ends)
    which = np.asarray(optimum)
    is_random = np.ones(len(ends), bool) if drawn is None else np.array(drawn)
    estimates = dict.fromkeys(("optima", "hits", "p_new", "p_better", "p_better_bound"), np.nan)
    if is_random.any() and not closed_form:
        distinct, times = np.unique(which[which != NONE], return_counts=True)
        estimates |= {
            "optima": float(len(distinct)),
            "hits": float(times[0]) if len(distinct) else 0.0,
        }
        once = np.isin(which, distinct[times == 1])[is_random & (which != NONE)]
        if n := len(once):
            is_best = which[is_random & (which != NONE)] == distinct[0]
            estimates["p_new"] = float(once.mean())
            estimates["p_better"] = float((once & is_best).mean())
            estimates["p_better_bound"] = float(1 - (1 - CONFIDENCE) ** (1 / n))
    return Certificate(
        draws=len(ends),
        sound=len(ends) - kinds[DEGENERATE],
        finished=kinds[MAXIMUM],
        unfinished=kinds[UNFINISHED],
        saddles=kinds[SADDLE],
        **estimates,
    )


def is_closed_form(mixture: Mixture) -> bool:
    """Return whether a model of this shape has one optimum, which no start can miss."""
    return mixture.n_components == 1 and mixture.box is None


def reached(
    objectives: Sequence[float] | Array, mixtures: Sequence[Mixture], ends: Sequence[str]
) -> Indices:
    """Return which distinct optimum each run (R,) ended in: 0 is the best; NONE without maximum.

    objectives: what EM raised (nats) at the ends; others: as in ``certify``.
    """
    which: Indices = np.full(len(ends), NONE)
    finished = [i for i, kind in enumerate(ends) if kind == MAXIMUM]
    which[finished] = optima(
        np.array([objectives[i] for i in finished]), [mixtures[i] for i in finished]
    )
    return which


def optima(objectives: Array, mixtures: Sequence[Mixture]) -> Indices:
    """Return which distinct optimum each fit (R,) reached; 0 is the best, 1 the next ...

    Two fits are of one optimum when objectives (nats), matched means and weights agree within
    NATS, APART and SHARE.
    """
    distinct: list[tuple[float, Mixture, Array]] = []
    which, near = np.empty(len(mixtures), np.int64), 0  # from there on found ones are near enough
    for i in np.argsort(-objectives, kind="stable"):
        value, mixture = float(objectives[i]), mixtures[i]
        while near < len(distinct) and distinct[near][0] - value > NATS:
            near += 1
        for index in range(near, len(distinct)):
            _, seen, whiten = distinct[index]
            if _same(seen, whiten, mixture):
                which[i] = index
                break
        else:
            which[i] = len(distinct)
            distinct.append((value, mixture, _whitening(mixture)))
    return which


def _whitening(mixture: Mixture) -> Array:
    """Return the map (D, D) under which the pooled covariance is the identity."""
    pooled = np.tensordot(mixture.weights, mixture.covariances, axes=1)
    values, vectors = np.linalg.eigh(pooled)
    floor = np.finfo(float).tiny + 1e-14 * values[-1]
    scaled: Array = vectors / np.sqrt(np.maximum(values, floor))
    return scaled


def _same(seen: Mixture, whiten: Array, mixture: Mixture) -> bool:
    """Return whether the components can be paired so that all pairs agree in mean and weight."""
    from scipy.optimize import linear_sum_assignment

    shifts = (seen.means[:, None, :] - mixture.means[None, :, :]) @ whiten
    agrees = np.sqrt((shifts**2).sum(axis=2)) <= APART
    agrees &= np.abs(seen.weights[:, None] - mixture.weights) <= SHARE
    return bool(agrees[linear_sum_assignment(~agrees)].all())

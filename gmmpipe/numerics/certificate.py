"""How far the best of some restarts can be trusted: distinct optima, hits, chance of a better one.

Restarts are independent draws of an optimum, so what is said of unseen species holds for unseen
optima (Good 1953, Biometrika 40, 237-264).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gmmpipe.numerics.mixture import Array, Mixture

NATS = 0.01  # log-likelihoods of one optimum differ by no more ...
APART = 0.1  # ... its means by no more standard deviations (of the pooled covariance) ...
SHARE = 0.02  # ... and its weights by no more than this
HITS = 3  # of the best optimum, before restarts may end
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Certificate:
    """What the sound ones among ``draws`` restarts found.

    optima: the distinct ones; hits: how many restarts found the best. p_new: the Good-Turing
    estimate of the chance that one more restart finds an optimum not seen so far (the share of
    restarts whose optimum was found once); p_better: the same of a better one (the share of
    restarts without which the best would be worse). p_better_bound: with probability 0.95 the
    chance of a better one is below it: the mass above the best of n draws exceeds p with
    probability at most (1 - p)^n. NaN where nothing was sound.
    """

    draws: int
    sound: int
    optima: int
    hits: int
    log_likelihood: float
    p_new: float
    p_better: float
    p_better_bound: float

    def reaches(self, target: float) -> bool:
        """Say whether the best was hit often enough, and p_better_bound is at most ``target``."""
        return self.hits >= HITS and self.p_better_bound <= target


def certify(
    log_likelihoods: Sequence[float] | Array, mixtures: Sequence[Mixture], sound: Sequence[bool]
) -> Certificate:
    """Certify restarts of one model on one data set: final log-likelihoods (nats) and mixtures.

    A degenerate restart is a draw that found nothing.
    """
    draws = len(log_likelihoods)
    kept = [i for i in range(draws) if sound[i]]
    if not kept:
        return Certificate(draws, 0, 0, 0, np.nan, np.nan, np.nan, np.nan)
    values = np.array([log_likelihoods[i] for i in kept])
    times = np.bincount(optima(values, [mixtures[i] for i in kept]))
    return Certificate(
        draws,
        len(kept),
        len(times),
        int(times[0]),
        float(values.max()),
        float(np.count_nonzero(times == 1) / draws),
        float((times[0] == 1) / draws),
        float(1 - (1 - CONFIDENCE) ** (1 / draws)),
    )


def optima(log_likelihoods: Array, mixtures: Sequence[Mixture]) -> npt.NDArray[np.int64]:
    """Return which distinct optimum each fit (R,) reached; 0 is the best, 1 the next ...

    Two fits are of one optimum when log-likelihoods, matched means and weights agree within
    NATS, APART and SHARE.
    """
    found: list[tuple[float, Mixture, Array]] = []
    which, near = np.empty(len(mixtures), np.int64), 0  # from there on found ones are near enough
    for i in np.argsort(-log_likelihoods, kind="stable"):
        value, mixture = float(log_likelihoods[i]), mixtures[i]
        while near < len(found) and found[near][0] - value > NATS:
            near += 1
        for index in range(near, len(found)):
            _, seen, whiten = found[index]
            if _same(seen, whiten, mixture):
                which[i] = index
                break
        else:
            which[i] = len(found)
            found.append((value, mixture, _whitening(mixture)))
    return which


def _whitening(mixture: Mixture) -> Array:
    """Return the map (D, D) under which the pooled covariance is the identity."""
    pooled = np.tensordot(mixture.weights, mixture.covariances, axes=1)
    values, vectors = np.linalg.eigh(pooled)
    floor = np.finfo(float).tiny + 1e-14 * values[-1]
    scaled: Array = vectors / np.sqrt(np.maximum(values, floor))
    return scaled


def _same(seen: Mixture, whiten: Array, mixture: Mixture) -> bool:
    from scipy.optimize import linear_sum_assignment

    apart = (seen.means[:, None, :] - mixture.means[None, :, :]) @ whiten
    distance = np.sqrt((apart**2).sum(axis=2))
    ours, theirs = linear_sum_assignment(distance)
    return bool(
        distance[ours, theirs].max() <= APART
        and np.abs(seen.weights[ours] - mixture.weights[theirs]).max() <= SHARE
    )

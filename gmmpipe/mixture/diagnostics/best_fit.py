"""Which of several fits of one model is the best: the one rule, for restarts, refits and tables."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from gmmpipe.mixture.em.result import Fit
from gmmpipe.mixture.mixture import Array

TIE = 1e-9  # relative difference of objectives that is rounding, not a better optimum


def objective(fit: Fit) -> float:
    """Return what EM raised: the final log-likelihood, under a prior the log posterior (nats).

    -inf where the start was lost.
    """
    return -np.inf if fit.lost else fit.snapshots[-1].objective


def reaches(objectives: Array, top: Any) -> npt.NDArray[np.bool_]:
    """Return which objectives equal ``top``, the highest, but for rounding."""
    reached: npt.NDArray[np.bool_] = objectives >= top - TIE * np.abs(top)
    return reached


def best_sound(objectives: Array, is_sound: Callable[[int], bool]) -> int | None:
    """Return which fit has the highest objective (F,) of the sound ones; None where none is sound.

    Of those that reach it but for rounding the first. As few fits are judged as decide it, each
    once: judging costs a pass over the samples.
    """
    judged = cache(is_sound)
    top = next((i for i in np.argsort(-objectives, kind="stable").tolist() if judged(i)), None)
    if top is None:
        return None
    equal = np.flatnonzero(reaches(objectives, objectives[top])).tolist()
    return next(i for i in equal if judged(i))


def best(fits: Sequence[Fit], is_sound: Callable[[Fit], bool]) -> int:
    """Return which of the fits is the best by ``best_sound``.

    Where none is sound: of those in which EM found no fault, else of all. is_sound: as that of
    ``soundness.SoundnessChecker``.
    """
    objectives = np.array([objective(fit) for fit in fits])
    rules: list[Callable[[int], bool]] = [
        lambda i: is_sound(fits[i]),
        lambda i: not fits[i].degenerate,
        lambda _: True,
    ]
    chosen = (best_sound(objectives, rule) for rule in rules)
    return next(i for i in chosen if i is not None)

"""Trials: short EM runs from several starts, of which the best is taken."""

from collections.abc import Sequence

import numpy as np

from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.mixture.moments import soft_moments, total

EQUAL = 1e-9  # nats per row: below that, which of two is likelier is up to rounding and units


def best_of(
    x: Array,
    starts: Sequence[Mixture],
    family: str,
    iterations: int,
    weight: Array | None = None,
) -> Mixture:
    """Return the moments of what the likeliest short EM run makes of x (N, D) of weight (N,).

    A sound run beats any degenerate one, however likely; of equals the first wins. The moments
    are those of its responsibilities, shrunk as in ``soft_moments``, so that whatever EM did on
    the way no component begins empty or collapsed.
    """
    runs = em.fit(x, starts, family, [iterations], sample_weight=weight)
    begun = [run for run in runs if not run.lost]
    ends = [run.snapshots[-1] for run in [r for r in begun if not r.degenerate] or begun]
    enough = max(end.log_likelihood for end in ends) - EQUAL * total(x, weight)
    mixture = next(end for end in ends if end.log_likelihood >= enough).mixture
    responsibilities = np.exp(log_responsibilities(x, mixture)[1])
    return soft_moments(x, responsibilities, mixture.means, weight)

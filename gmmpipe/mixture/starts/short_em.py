"""The start by short EM runs from several starts, of which the best is taken (em-EM)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.mixture.moments import soft_moments, total
from gmmpipe.mixture.starts.points import Points

EQUAL = 1e-9  # nats per row: below that, which of two is likelier is up to rounding and units


@dataclass(frozen=True)
class ShortEM:
    """Groups of the likeliest of many short EM runs from random points (em-EM).

    Biernacki, Celeux & Govaert 2003, Computational Statistics & Data Analysis 41, 561-575. The
    runs are of the covariance family that is to be fitted; degenerate ones lose to sound ones.
    """

    runs: Annotated[int, Ge(1), Le(10_000)] = 10
    """Short runs, each from another ``points`` start."""
    iterations: Annotated[int, Ge(1), Le(10_000)] = 5
    """Iterations of each."""

    def __call__(
        self, x: Array, k: int, rng: np.random.Generator, weight: Array | None = None
    ) -> Mixture:
        """Return the moments of the groups; see ``best_of``."""
        return self.prepare(x, "full", weight)(k, rng)

    def prepare(
        self, x: Array, family: str, weight: Array | None = None
    ) -> Callable[[int, np.random.Generator], Mixture]:
        """Return the start on x (N, D), its runs of a covariance family."""

        def start(k: int, rng: np.random.Generator) -> Mixture:
            starts = [Points()(x, k, rng, weight) for _ in range(self.runs)]
            return best_of(x, starts, family, self.iterations, weight)

        return start


def best_of(
    x: Array, starts: Sequence[Mixture], family: str, iterations: int, weight: Array | None = None
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

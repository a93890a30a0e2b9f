"""What a fit costs, in seconds of one core."""

from collections.abc import Mapping
from typing import Any

from gmmpipe.mixture.diagnostics.convergence import most_iterations
from gmmpipe.mixture.em.cost import seconds
from gmmpipe.mixture.em.options import FitOptions, RestartOptions, from_section
from gmmpipe.store.entries import DataSet

SETTLING = 3e-3, 100  # seconds and iterations that it takes to find the end of a run, about


def cost(data: DataSet, family: str, fit: Mapping[str, Any], iterations: int, k: int) -> float:
    """Return the seconds that a fit of k components takes for so many iterations.

    fit: the section of that name.
    """
    options, restarts = from_section(FitOptions, fit), from_section(RestartOptions, fit)
    most = most_iterations(restarts.certify, data.n, data.d)
    looks, steps = SETTLING if most else (0.0, 0)
    return looks + seconds(
        data.n,
        data.d,
        family,
        min(k, data.n),
        iterations + min(steps, most),
        compiled=not options.features(),
        patterns=data.patterns or 0,
        noise=options.noise > 0,
    )

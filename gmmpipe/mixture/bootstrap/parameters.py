"""How sure are we of a mixture? Its components, refitted to resampled data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from gmmpipe.errors import InputError, suggest
from gmmpipe.mixture.bootstrap.likelihood_ratio import Refit, resample
from gmmpipe.mixture.defects import Defect
from gmmpipe.mixture.densities import log_responsibilities
from gmmpipe.mixture.diagnostics.matching import match, reordered
from gmmpipe.mixture.em.result import Fit
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.mixture.moments import total
from gmmpipe.mixture.rng import content, stream


class Resampling(Protocol):
    """A way to draw another data set: rows, and how many times each counts (none = once)."""

    def __call__(
        self, x: Array, mixture: Mixture, rng: np.random.Generator, weight: Array | None = None
    ) -> tuple[Array, Array | None]:
        """Draw as many rows as those of x (N, D) count for, of weight (N,)."""


def parametric(
    x: Array, mixture: Mixture, rng: np.random.Generator, weight: Array | None = None
) -> tuple[Array, None]:
    """As many rows drawn from the fitted mixture (Efron 1979)."""
    return resample(mixture, round(total(x, weight)), rng), None


def nonparametric(
    x: Array, mixture: Mixture, rng: np.random.Generator, weight: Array | None = None
) -> tuple[Array, Array]:
    """Rows drawn with replacement, as weights that count how often each was (Efron 1979)."""
    del mixture
    n, whole = len(x), total(x, weight)
    chances = np.full(n, 1 / n) if weight is None else weight / whole
    return x, rng.multinomial(round(whole), chances).astype(np.float64)


def weighted(
    x: Array, mixture: Mixture, rng: np.random.Generator, weight: Array | None = None
) -> tuple[Array, Array]:
    """Uniform Dirichlet weights of the rows (Newton & Raftery 1994); no row is ever left out."""
    del mixture
    n = len(x)
    shares = rng.standard_exponential(n) if weight is None else rng.standard_gamma(weight)
    return x, total(x, weight) * shares / shares.sum()


@dataclass(frozen=True)
class Replicates:
    """The refitted mixtures of R replicates, component k of each matched to k of ``observed``.

    weights (R, K), means (R, K, D), covariances (R, K, D, D) in the units of the data; degenerate
    (R of them) says why a replicate is not to be trusted, empty where it is.
    """

    observed: Fit
    weights: Array
    means: Array
    covariances: Array
    degenerate: tuple[tuple[Defect, ...], ...]


def replicate(  # noqa: PLR0913, PLR0917 - the model, and what to do with it
    x: Array,
    mixture: Mixture,
    kind: str,
    refit: Refit,
    replicates: Sequence[int],
    seed: int = 0,
    weight: Array | None = None,
) -> Replicates:
    """Refit resampled x (N, D) of weight (N,), each time from the mixture fitted to x.

    mixture: from where EM first goes on until it has converged on x itself. kind: a name of
    ``KINDS``. Replicate b depends on (x, kind, seed, K, b) alone. Where the observed fit is
    degenerate, nothing is resampled: every replicate repeats it and what is wrong with it.
    Raises InputError for an unknown kind, or no replicates.
    """
    if not replicates:
        raise InputError("replicates is empty; give one or more")
    if kind not in KINDS:
        raise InputError(suggest("bootstrap kind", kind, sorted(KINDS)))
    observed = refit(x, [mixture], weight)
    fitted = observed.snapshots[-1].mixture
    if observed.degenerate:
        repeated = [fitted] * len(replicates)
        return _stacked(observed, repeated, [observed.degenerate] * len(replicates))
    observed_resp = responsibilities(x, fitted)
    if weight is not None:
        observed_resp *= weight[:, None]
    purpose = ("bootstrap", content(x), kind, seed, fitted.n_components)
    mixtures, defects = [], []
    for b in replicates:
        rng = stream(*purpose, b)
        data, counts = KINDS[kind](x, fitted, rng, weight)
        fit = refit(data, [fitted], counts)
        mixtures.append(matched(x, observed_resp, fit.snapshots[-1].mixture))
        defects.append(fit.degenerate)
    return _stacked(observed, mixtures, defects)


def matched(x: Array, resp: Array, mixture: Mixture) -> Mixture:
    """Return the mixture, its components in the order that shares most with ``resp``.

    The order is that of ``matching.match``, by the responsibilities (N, K) for the rows of x.
    """
    return reordered(mixture, match(resp, responsibilities(x, mixture)))


def responsibilities(x: Array, mixture: Mixture, threads: int = 1) -> Array:
    """Return those of the components (N, K), without that of noise; NaN in x is a missing value."""
    logs = log_responsibilities(x, mixture, threads, "mar")[1]
    return np.exp(logs[:, : mixture.n_components])


def _stacked(
    observed: Fit, mixtures: Sequence[Mixture], defects: Sequence[tuple[Defect, ...]]
) -> Replicates:
    return Replicates(
        observed,
        np.stack([mixture.weights for mixture in mixtures]),
        np.stack([mixture.means for mixture in mixtures]),
        np.stack([mixture.covariances for mixture in mixtures]),
        tuple(defects),
    )


KINDS: dict[str, Resampling] = {
    "parametric": parametric,
    "nonparametric": nonparametric,
    "weighted": weighted,
}

"""Information criteria: lower is better (scikit-learn's sign).

Each takes the total log-likelihood (nats), the number of free parameters, the number of samples
and how sure the samples' components are, and returns nats.
"""

from collections.abc import Callable
from math import exp, log
from typing import NamedTuple

import numpy as np

from gmmpipe.mixture.mixture import Array


class Entropy(NamedTuple):
    """How far the samples are from being sure of their components, nats; 0 where all are.

    soft: of the responsibilities, -sum_ij r_ij log r_ij; hard: -sum_i log max_j r_ij, of the most
    probable component alone. Each sample counts by its weight.
    """

    soft: float
    hard: float


def entropies(log_responsibilities: Array, weight: Array | None = None) -> Entropy:
    """Return both of samples from their log responsibilities (N, K); 0 log 0 is 0."""
    resp = np.exp(log_responsibilities)
    each = np.stack([
        (resp * np.where(resp > 0, log_responsibilities, 0)).sum(axis=1),
        log_responsibilities.max(axis=1),
    ])  # fmt: skip
    soft, hard = each.sum(axis=1) if weight is None else each @ weight
    return Entropy(-float(soft), -float(hard))


Criterion = Callable[[float, int, float, Entropy], float]

# Kass & Raftery 1995, JASA 90, 773-795: of 2 log Bayes factor, which a difference in BIC estimates
STRENGTHS = ((2.0, "barely worth a mention"), (6.0, "positive"), (10.0, "strong"))
DECISIVE = STRENGTHS[-1][0]  # from there on "very strong"


def bic(log_likelihood: float, n_parameters: int, n_samples: float, entropy: Entropy) -> float:  # noqa: ARG001 - all criteria are called alike
    """Bayesian information criterion (Schwarz 1978, Annals of Statistics 6, 461-464)."""
    return n_parameters * log(n_samples) - 2 * log_likelihood


def n_samples(bic: float, log_likelihood: float, n_parameters: int) -> float:
    """Return the number of samples that a BIC was computed with; infinite without parameters."""
    return exp((bic + 2 * log_likelihood) / n_parameters) if n_parameters else float("inf")


def aic(log_likelihood: float, n_parameters: int, n_samples: float, entropy: Entropy) -> float:  # noqa: ARG001 - all criteria are called alike
    """Akaike's information criterion (Akaike 1974, IEEE TAC 19, 716-723)."""
    return 2 * n_parameters - 2 * log_likelihood


def icl(log_likelihood: float, n_parameters: int, n_samples: float, entropy: Entropy) -> float:
    """Integrated completed likelihood, its soft form: BIC + 2 entropy of the responsibilities.

    Biernacki, Celeux & Govaert 2000, IEEE PAMI 22, 719-725, eq. 8, with the responsibilities in
    place of hard labels.
    """
    return bic(log_likelihood, n_parameters, n_samples, entropy) + 2 * entropy.soft


def icl_map(log_likelihood: float, n_parameters: int, n_samples: float, entropy: Entropy) -> float:
    """Integrated completed likelihood with each sample in its most probable component.

    Eq. 8 itself, as in mclust's ``icl`` (which has the other sign). Never above the soft form.
    """
    return bic(log_likelihood, n_parameters, n_samples, entropy) + 2 * entropy.hard


def sabic(log_likelihood: float, n_parameters: int, n_samples: float, entropy: Entropy) -> float:  # noqa: ARG001 - all criteria are called alike
    """Sample-size adjusted BIC: N becomes (N + 2) / 24 (Sclove 1987, Psychometrika 52, 333-343)."""
    return n_parameters * log((n_samples + 2) / 24) - 2 * log_likelihood


def caic(log_likelihood: float, n_parameters: int, n_samples: float, entropy: Entropy) -> float:
    """Consistent AIC: BIC + one per parameter (Bozdogan 1987, Psychometrika 52, 345-370)."""
    return bic(log_likelihood, n_parameters, n_samples, entropy) + n_parameters


CRITERIA: dict[str, Criterion] = {
    "bic": bic,
    "aic": aic,
    "icl": icl,
    "icl_map": icl_map,
    "sabic": sabic,
    "caic": caic,
}


def in_words(criterion: str) -> str:
    """Return what a criterion is called in a sentence."""
    return {"icl_map": "hard ICL"}.get(criterion, criterion.upper())

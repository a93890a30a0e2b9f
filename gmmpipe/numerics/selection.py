"""Information criteria: lower is better (scikit-learn's sign).

Each takes the total log-likelihood (nats), the number of free parameters, the number of samples
and the entropy of the responsibilities -sum_ij r_ij log r_ij (nats), and returns nats.
"""

from collections.abc import Callable
from math import exp, log

Criterion = Callable[[float, int, float, float], float]


def bic(log_likelihood: float, n_parameters: int, n_samples: float, entropy: float) -> float:  # noqa: ARG001 - all criteria are called alike
    """Bayesian information criterion (Schwarz 1978, Annals of Statistics 6, 461-464)."""
    return n_parameters * log(n_samples) - 2 * log_likelihood


def n_samples(bic: float, log_likelihood: float, n_parameters: int) -> float:
    """Return the number of samples that a BIC was computed with; infinite without parameters."""
    return exp((bic + 2 * log_likelihood) / n_parameters) if n_parameters else float("inf")


def aic(log_likelihood: float, n_parameters: int, n_samples: float, entropy: float) -> float:  # noqa: ARG001 - all criteria are called alike
    """Akaike's information criterion (Akaike 1974, IEEE TAC 19, 716-723)."""
    return 2 * n_parameters - 2 * log_likelihood


def icl(log_likelihood: float, n_parameters: int, n_samples: float, entropy: float) -> float:
    """Integrated completed likelihood: BIC + 2 entropy (Biernacki, Celeux & Govaert 2000).

    IEEE PAMI 22, 719-725, eq. 8, with the responsibilities in place of hard labels.
    """
    return bic(log_likelihood, n_parameters, n_samples, entropy) + 2 * entropy


def sabic(log_likelihood: float, n_parameters: int, n_samples: float, entropy: float) -> float:  # noqa: ARG001 - all criteria are called alike
    """Sample-size adjusted BIC: N becomes (N + 2) / 24 (Sclove 1987, Psychometrika 52, 333-343)."""
    return n_parameters * log((n_samples + 2) / 24) - 2 * log_likelihood


def caic(log_likelihood: float, n_parameters: int, n_samples: float, entropy: float) -> float:
    """Consistent AIC: BIC + one per parameter (Bozdogan 1987, Psychometrika 52, 345-370)."""
    return bic(log_likelihood, n_parameters, n_samples, entropy) + n_parameters


CRITERIA: dict[str, Criterion] = {
    "bic": bic,
    "aic": aic,
    "icl": icl,
    "sabic": sabic,
    "caic": caic,
}

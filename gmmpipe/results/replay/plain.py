"""EM in plain numpy, as the textbook has it (Bishop 2006, section 9.2.2): no compiled kernel."""

from collections.abc import Iterator

import numpy as np
from scipy.special import logsumexp

from gmmpipe.mixture.bounds import within
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.mixture import FIRST, Array, Mixture
from gmmpipe.results.replay.engine import Case, Peer, Step, Stopped

EMPTY = 1e-100  # a count below: the component keeps its covariance, at weight 0


def ready() -> str:
    """Return name and version."""
    return f"numpy {np.__version__}"


def check(family: str, reg_covar: float) -> None:
    """Refuse nothing: every family of the registry can be run."""


def steps(case: Case) -> Iterator[Step]:
    """Yield the log-likelihood and the mixture of each iteration; see ``Peer``."""
    mixture = case.start
    variances = case.x.var(axis=0)
    total, resp = _e_step(case.x, mixture)
    yield total, mixture
    for _ in range(case.iterations):
        scale = within(mixture, variances, case.regularisation)
        mixture = _m_step(case, mixture, resp, case.regularisation * scale)
        total, resp = _e_step(case.x, mixture)
        yield total, mixture


def _e_step(x: Array, mixture: Mixture) -> tuple[float, Array]:
    """Return the total log-likelihood and the responsibilities (N, K)."""
    log_joint = _log_joint(x, mixture)
    each = logsumexp(log_joint, axis=1)
    return float(each.sum()), np.exp(log_joint - each[:, None])


def _log_joint(x: Array, mixture: Mixture) -> Array:
    """Return log(weight_k N(x_n; mean_k, covariance_k)), (N, K)."""
    n, d = x.shape
    joint = np.empty((n, mixture.n_components))
    with np.errstate(divide="ignore"):
        log_weights = np.log(mixture.weights)
    for k, covariance in enumerate(mixture.covariances):
        try:
            lower = np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError:
            raise Stopped(f"covariance of component {k + FIRST} is not positive definite") from None
        y = np.linalg.solve(lower, (x - mixture.means[k]).T)
        log_det = 2 * np.log(np.diagonal(lower)).sum()
        joint[:, k] = log_weights[k] - (d * np.log(2 * np.pi) + log_det + (y**2).sum(axis=0)) / 2
    return joint


def _m_step(case: Case, last: Mixture, resp: Array, floor: Array) -> Mixture:
    """Return the mixture of highest expected likelihood given responsibilities (N, K)."""
    counts = resp.sum(axis=0)
    empty = counts <= EMPTY
    counts[empty] = 0.0
    centre = case.x.mean(axis=0)
    means = centre + resp.T @ (case.x - centre) / np.where(empty, 1.0, counts)[:, None]
    means[empty] = last.means[empty]
    scatter = np.empty_like(last.covariances)
    for k, mean in enumerate(means):
        deviation = case.x - mean
        scatter[k] = (resp[:, k, None] * deviation).T @ deviation
    scatter += counts[:, None, None] * case.reg_covar * np.eye(len(floor))
    covariances = FAMILIES[case.family].monotone_m_step(counts, scatter, floor, last.covariances)
    if (
        FAMILIES[case.family] is not FAMILIES["tied"]
    ):  # which has one covariance for all, empty or not
        covariances[empty] = last.covariances[empty]
    return Mixture(counts / len(case.x), means, covariances)


PLAIN = Peer(ready, check, steps)

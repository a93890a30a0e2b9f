"""scikit-learn's GaussianMixture, one iteration at a time."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from gmmpipe.errors import InputError
from gmmpipe.mixture.estimator import parameter_shapes
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.results.replay.engine import Case, Peer, Step, Stopped

FAMILIES = ("full", "tied", "diag", "spherical")


def ready() -> str:
    """Return name and version."""
    from sklearn import __version__

    return f"scikit-learn {__version__}"


def check(family: str, reg_covar: float) -> None:
    """Refuse a family that scikit-learn has not; reg_covar means the same there."""
    del reg_covar
    if family not in FAMILIES:
        raise InputError(
            f"scikit-learn has the families {', '.join(FAMILIES)}, not {family!r};"
            " give --engine numpy or mclust, or other cells"
        )


def steps(case: Case) -> Iterator[Step]:
    """Yield the log-likelihood and the mixture of each iteration; see ``Peer``.

    There is no floor in scikit-learn, so regularisation is not passed on.
    """
    n, _ = case.x.shape
    model = _model(case)
    mixture = case.start
    for iteration in range(max(case.iterations, 1)):
        _advance(model, case)
        if iteration == 0:  # the bound is that of the E step, hence of the start
            yield float(model.lower_bound_ * n), mixture
        if iteration < case.iterations:
            covariances = parameter_shapes.expand(
                model.covariances_, case.family, case.start.n_components, case.x.shape[1]
            )
            mixture = Mixture(model.weights_, model.means_, covariances)
            yield float(model.score_samples(case.x).sum()), mixture


def _model(case: Case) -> Any:
    from sklearn.mixture import GaussianMixture

    covariances = parameter_shapes.compact(case.start, case.family)
    scalar = case.family in ("diag", "spherical")
    return GaussianMixture(
        case.start.n_components,
        covariance_type=case.family,
        tol=0.0,
        reg_covar=case.reg_covar,
        max_iter=1,
        warm_start=True,  # each call of fit goes on from the last
        init_params="random_from_data",  # overruled by the three below, and cheap
        weights_init=case.start.weights,
        means_init=case.start.means,
        precisions_init=1 / covariances if scalar else parameter_shapes.inverse(covariances),
        random_state=0,
    )


def _advance(model: Any, case: Case) -> None:
    """Run one iteration; that it has not converged is no news."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings(), np.errstate(divide="ignore"):
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            model.fit(case.x)
        except ValueError as error:
            raise Stopped(str(error).partition(". ")[0]) from None


SCIKIT_LEARN = Peer(ready, check, steps)

"""A given mixture as a fitted estimator."""

from typing import Literal

import numpy as np

from gmmpipe.mixture.estimator import parameter_shapes
from gmmpipe.mixture.estimator.gaussian_mixture import GaussianMixture
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.mixture import Array, Mixture


def from_mixture(  # noqa: PLR0913 - what a fit leaves
    mixture: Mixture,
    family: str,
    *,
    n_samples: float,
    n_parameters: int,
    trajectory: Array,
    converged: bool,
    missing: Literal["refuse", "mar"] = "refuse",
) -> GaussianMixture:
    """Return the estimator whose fit gave ``mixture``, in the mixture's units.

    n_samples: N, or the weight of all samples.
    family: that of the fit. Rescaled features may have taken the covariances out of it: then the
    estimator is diag or full, and its ``bic`` still counts the n_parameters of the fit.
    trajectory (n_iter + 1,): total log-likelihood, nats. missing: as the fit took NaN.
    """
    kind = _holding(mixture, family)
    model = GaussianMixture(mixture.n_components, covariance_type=kind, missing=missing)
    for name, value in parameter_shapes.attributes(mixture, kind).items():
        setattr(model, name, value)
    model.mixture_ = mixture
    model.snapshots_ = []
    model.n_features_in_ = mixture.n_features
    model.n_parameters_ = n_parameters
    model.converged_, model.n_iter_, model.degenerate_ = converged, len(trajectory) - 1, ""
    model.trajectory_ = np.array(trajectory)
    model.lower_bounds_ = (trajectory[1:] / n_samples).tolist()
    model.lower_bound_ = float(trajectory[-1] / n_samples)
    return model


def _holding(mixture: Mixture, family: str) -> str:
    """Return ``family`` if the covariances are in it, else diag or full."""
    constraint, covariances = FAMILIES[family], mixture.covariances
    if (
        constraint.scale_invariant
        or constraint.project(mixture.weights, covariances) is covariances
    ):
        return family
    return "diag" if constraint.axis_aligned else "full"

"""pytest plugin: scikit-learn's mixture tests find gmmpipe's GaussianMixture in its place.

Loaded with ``-p`` into a pytest of its own, so that nothing else sees the substitution, and
before scikit-learn's test modules are imported.
"""

import sklearn.mixture
import sklearn.mixture._gaussian_mixture

from gmmpipe import GaussianMixture

sklearn.mixture.GaussianMixture = GaussianMixture
sklearn.mixture._gaussian_mixture.GaussianMixture = GaussianMixture

PRIVATE = "calls scikit-learn's own functions alone, never the estimator: "
BAYESIAN = "tests scikit-learn's own BayesianGaussianMixture"
EXCLUDED = {
    "test_suffstat_sk_full": PRIVATE + "_estimate_gaussian_covariances_full",
    "test_suffstat_sk_tied": PRIVATE + "_estimate_gaussian_covariances_tied",
    "test_suffstat_sk_diag": PRIVATE + "_estimate_gaussian_covariances_diag",
    "test_gaussian_suffstat_sk_spherical": PRIVATE + "_estimate_gaussian_covariances_spherical",
    "test_compute_log_det_cholesky": PRIVATE + "_compute_log_det_cholesky",
    "test_gaussian_mixture_log_probabilities": PRIVATE + "_estimate_log_gaussian_prob",
    "test_gaussian_mixture_precisions_init": (
        "calls the private methods _set_parameters and _initialize"
    ),
    "test_gaussian_mixture_all_init_does_not_estimate_gaussian_parameters": (
        "counts the calls of the private _estimate_gaussian_parameters"
    ),
    "test_gaussian_mixture_raises_where_array_api_not_implemented": (
        "wants an error under array_api_dispatch for two init_params that work here on numpy arrays"
    ),
    "test_gaussian_mixture_setting_best_params": (
        "fits without error only because rounding makes the variance of a component of one sample "
        "4e-16; here it is 0 and, reg_covar being 0, a DegenerateComponent"
    ),
    "test_score[float32]": (
        "wants the float32 rounding of score to 1.5e-7 relative to the mean of float32 "
        "log-densities; here the mean is float64"
    ),
    "test_gaussian_mixture_n_iter[estimator1]": BAYESIAN,
    "test_mixture_n_components_greater_than_n_samples_error[estimator1]": BAYESIAN,
}
"""Test name, with or without parameters: why it does not apply. All others must pass."""


def why_excluded(item):
    """Return the reason for which a collected test is left out, "" where there is none."""
    return EXCLUDED.get(item.name, EXCLUDED.get(item.originalname, ""))


def pytest_collection_modifyitems(config, items):
    left_out = [item for item in items if why_excluded(item)]
    items[:] = [item for item in items if not why_excluded(item)]
    config.hook.pytest_deselected(items=left_out)

"""Gaussian mixtures by EM as a reproducible experiment pipeline."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gmmpipe.mixture.em.prior import Prior
    from gmmpipe.mixture.estimator.gaussian_mixture import GaussianMixture
    from gmmpipe.results.compare.comparison import compare
    from gmmpipe.results.experiment import Experiment, load

__all__ = ["Experiment", "GaussianMixture", "Prior", "compare", "load"]

_MODULES = {
    "Experiment": "gmmpipe.results.experiment",
    "GaussianMixture": "gmmpipe.mixture.estimator.gaussian_mixture",
    "Prior": "gmmpipe.mixture.em.prior",
    "compare": "gmmpipe.results.compare.comparison",
    "load": "gmmpipe.results.experiment",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: ``import gmmpipe`` itself costs nothing."""
    if name not in _MODULES:
        raise AttributeError(f"module 'gmmpipe' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)

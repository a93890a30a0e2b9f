"""Gaussian mixtures by EM as a reproducible experiment pipeline."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gmmpipe.comparison import compare
    from gmmpipe.experiment import Experiment, load
    from gmmpipe.numerics.estimator import GaussianMixture
    from gmmpipe.numerics.prior import Prior

__all__ = ["Experiment", "GaussianMixture", "Prior", "compare", "load"]

_HOMES = {
    "Experiment": "gmmpipe.experiment",
    "GaussianMixture": "gmmpipe.numerics.estimator",
    "Prior": "gmmpipe.numerics.prior",
    "compare": "gmmpipe.comparison",
    "load": "gmmpipe.experiment",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: ``import gmmpipe`` itself costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'gmmpipe' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)

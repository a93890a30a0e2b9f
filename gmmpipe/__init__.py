"""Gaussian mixtures by EM as a reproducible experiment pipeline."""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    from gmmpipe.mixture.em.fit import fit as fit
    from gmmpipe.mixture.em.options import FitOptions as FitOptions
    from gmmpipe.mixture.em.prior import Prior as Prior
    from gmmpipe.mixture.engines.partitioned import Partitioned as Partitioned
    from gmmpipe.mixture.estimator.gaussian_mixture import GaussianMixture as GaussianMixture
    from gmmpipe.mixture.mixture import Mixture as Mixture
    from gmmpipe.results.compare.comparison import compare as compare
    from gmmpipe.workflow.experiment import Experiment as Experiment
    from gmmpipe.workflow.experiment import load as load
    from gmmpipe.workflow.launch import run as run

_MODULES = {
    "Experiment": "gmmpipe.workflow.experiment",
    "FitOptions": "gmmpipe.mixture.em.options",
    "GaussianMixture": "gmmpipe.mixture.estimator.gaussian_mixture",
    "Mixture": "gmmpipe.mixture.mixture",
    "Partitioned": "gmmpipe.mixture.engines.partitioned",
    "Prior": "gmmpipe.mixture.em.prior",
    "compare": "gmmpipe.results.compare.comparison",
    "fit": "gmmpipe.mixture.em.fit",
    "load": "gmmpipe.workflow.experiment",
    "run": "gmmpipe.workflow.launch",
}
__all__ = list(_MODULES)

# modules that were shown in README and notebooks before they moved; they go with the next release
_MOVED = {
    "gmmpipe.cluster": "gmmpipe.mixture.engines.dask",
    "gmmpipe.figures.ellipses": "gmmpipe.figures.parts.ellipses",
    "gmmpipe.numerics": "gmmpipe.mixture",
    "gmmpipe.numerics.defects": "gmmpipe.mixture.defects",
    "gmmpipe.numerics.em": "gmmpipe.mixture.em.fit",
    "gmmpipe.numerics.mixture": "gmmpipe.mixture.mixture",
    "gmmpipe.numerics.partitions": "gmmpipe.mixture.engines.partitioned",
    "gmmpipe.numerics.starts": "gmmpipe.mixture.starts.registry",
    "gmmpipe.stores": "gmmpipe.data.rows",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: ``import gmmpipe`` itself costs nothing."""
    if name == "__version__":
        from importlib.metadata import version

        return version("gmmpipe")
    if name not in _MODULES:
        raise AttributeError(f"module 'gmmpipe' has no attribute {name!r}")
    from importlib import import_module

    try:
        return getattr(import_module(_MODULES[name]), name)
    except ModuleNotFoundError as error:
        from gmmpipe.errors import missing

        error.add_note(missing(str(error.name)))
        raise


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)


class _Moved:
    """Finds modules under their old names, each with a DeprecationWarning."""

    @staticmethod
    def find_spec(name: str, *_: Any) -> "ModuleSpec | None":
        """Return how to import a module that moved, None for any other."""
        if name not in _MOVED:
            return None
        from importlib.machinery import ModuleSpec
        from warnings import warn

        warn(f"{name} is now {_MOVED[name]}", DeprecationWarning, stacklevel=2)
        loader: Any = _Moved()
        return ModuleSpec(name, loader, is_package=name == "gmmpipe.numerics")

    def create_module(self, _: "ModuleSpec") -> None:
        """Let Python make the module."""

    def exec_module(self, module: "ModuleType") -> None:
        """Fill the module with the names of the new one."""
        from importlib import import_module

        names = vars(import_module(_MOVED[module.__name__]))
        vars(module).update({k: v for k, v in names.items() if not k.startswith("__")})


sys.meta_path.append(_Moved)

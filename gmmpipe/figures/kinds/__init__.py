"""Figures, each a module with ``applies``, ``caption`` and ``draw``; ``animate`` if it moves."""

from importlib import import_module
from types import ModuleType


def load(name: str) -> ModuleType:
    """Return the module of a figure, imported when it is first drawn."""
    return import_module(f"{__name__}.{name}")

"""What is wrong with a fit, as data: which component, what, and the numbers that show it.

It becomes a sentence where a person reads it: only there the number of a component is known.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple


class Defect(NamedTuple):
    """One thing wrong with a fit.

    component: its index in the arrays of the fit, in tables its number, None where the fit as a
    whole is meant; code: what is wrong, a key of ``SENTENCES``; numbers: in the sentence's order.
    """

    component: int | None
    code: str
    numbers: tuple[float, ...] = ()


def numbered(component: int) -> str:
    """Name a component by its number, as tables, figures and texts have it."""
    return f"component {component}"


def indexed(component: int) -> str:
    """Name a component by its place in the arrays, for readers who have these."""
    return f"component index {component}"


def unnamed(component: int) -> str:
    """Name no component, where a number would mean nothing to the reader."""
    del component
    return "a component"


def renumbered(defects: Iterable[Defect], numbers: Sequence[int]) -> tuple[Defect, ...]:
    """Return the defects with component numbers[i] for i, in the order of these; the whole last."""
    moved = [
        d if d.component is None else d._replace(component=numbers[d.component]) for d in defects
    ]
    return tuple(sorted(moved, key=lambda d: (d.component is None, d.component or 0)))


def sentence(defects: Iterable[Defect], name: Callable[[int], str]) -> str:
    """Return all defects in one line, "" for none; name: how components are named."""
    return "; ".join(_said(defect, name) for defect in defects)


def _said(defect: Defect, name: Callable[[int], str]) -> str:
    whole = ", ".join(f"{number:g}" for number in defect.numbers)
    text = SENTENCES[defect.code].format(*defect.numbers, all=whole)
    return text if defect.component is None else f"{name(defect.component)}: {text}"


SENTENCES = {
    "start": (
        "a covariance of the start is not positive definite;"
        " give each component more than one distinct sample, or a wider start"
    ),
    "empty": "no samples left, weight 0",
    "empty_frozen": "no samples left",  # its weight does not move
    "floor": "smallest relative eigenvalue {:.1e} at the floor {:.1e} ({:.3g} effective samples)",
    "reg_covar": (
        "smallest relative eigenvalue {:.1e} but for reg_covar {:.1e} ({:.3g} effective samples)"
    ),
    "indefinite": "covariance not positive definite ({:.3g} effective samples)",
    "stopped": "stopped after {:.0f} iterations",
    "constant": "constant features [{all}] have no variance; drop them",
    "parameters": "{:.0f} parameters for {:g} samples",
    "few": "{:.3g} effective samples, its covariance needs {:.0f}",
    "thin": (
        "smallest eigenvalue {:.1e} of the pooled covariance's, {:.3g} effective samples,"
        " {:.0%} of them alike in a feature"
    ),
}

UNUSABLE = (Defect(None, "start"),)  # of a fit that never began

"""Which combinations of the values of a sweep's axes are fitted: ``sweep.zip``, ``sweep.exclude``.

zip: axes that vary together, the first value of one with the first of the others, and so on.
exclude: combinations to leave out, each a value of some axes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from gmmpipe.errors import InputError, suggest

ZIP, EXCLUDE = "zip", "exclude"
UNCUT = ("seed", "iteration")  # of these every run has all


def check_zip(value: Any, axes: Mapping[str, Sequence[Any]]) -> list[list[str]]:
    """Return the groups of axes that vary together; [a, b] is one group."""
    groups = value if isinstance(value, list) else [value]
    groups = groups if all(isinstance(group, list) for group in groups) else [groups]
    for group in groups:
        for axis in group:
            if axis not in axes or axis in (*UNCUT, "k"):
                allowed = [name for name in axes if name not in (*UNCUT, "k")]
                hint = "; for k use sweep.exclude" if axis == "k" else ""
                raise InputError(suggest("an axis of sweep.zip", axis, allowed) + hint)
        lengths = [f"{axis} has {len(axes[axis])} values" for axis in group]
        if len({len(axes[axis]) for axis in group}) != 1:
            raise InputError(f"sweep.zip: {', '.join(lengths)}; give each as many")
        rows = list(zip(*(axes[axis] for axis in group), strict=True))
        if twice := next((row for row in rows if rows.count(row) > 1), None):
            raise InputError(f"sweep.zip: {', '.join(map(str, twice))} is there twice")
    named = [axis for group in groups for axis in group]
    if len(set(named)) < len(named):
        raise InputError("sweep.zip names an axis twice; name it once")
    return groups


def check_exclude(value: Any, axes: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return the combinations that are left out."""
    rules = value if isinstance(value, list) else [value]
    for rule in rules:
        if not isinstance(rule, Mapping) or not rule:
            raise InputError(
                f"sweep.exclude holds {rule!r}; give values of axes, e.g."
                " 'sweep.exclude=[{dataset:iris,k:1}]'"
            )
        for axis, there in rule.items():
            allowed = [name for name in axes if name not in UNCUT]
            if axis not in allowed:
                raise InputError(suggest("an axis of sweep.exclude", axis, allowed))
            if there not in axes[axis]:
                raise InputError(suggest(f"sweep.exclude: {axis}", there, [*map(str, axes[axis])]))
    return [dict(rule) for rule in rules]


def is_kept(sweep: Mapping[str, Any], coordinates: Mapping[str, Any]) -> bool:
    """Return whether a combination is fitted, as far as ``coordinates`` say which it is."""
    for group in sweep.get(ZIP, ()):
        there = [axis for axis in group if axis in coordinates]
        pairs = zip(*(sweep[axis] for axis in there), strict=True)
        if there and tuple(coordinates[axis] for axis in there) not in pairs:
            return False
    rules = sweep.get(EXCLUDE, ())
    return not any(
        all(axis in coordinates and coordinates[axis] == value for axis, value in rule.items())
        for rule in rules
    )

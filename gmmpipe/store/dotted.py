"""Trees of settings by their dotted keys, and runs of numbers as ranges."""

from collections.abc import Iterator, Mapping
from typing import Any


def flat(
    tree: Mapping[str, Any], above: str = "", *, whole: bool = False
) -> Iterator[tuple[str, Any]]:
    """Yield (dotted key, value) of everything in a tree that is no tree itself.

    whole: lists of trees are trees by place too, and an empty tree is a value.
    """
    for key, value in tree.items():
        below = value
        if whole and isinstance(value, list) and all(isinstance(v, Mapping) for v in value):
            below = {str(place): part for place, part in enumerate(value)}
        if isinstance(below, Mapping) and (below or not whole):
            yield from flat(below, f"{above}{key}.", whole=whole)
        else:
            yield f"{above}{key}", value


def as_range(value: Any) -> str | None:
    """Return a list of three whole numbers or more that rise by one as "first..last"."""
    if not (isinstance(value, list) and len(value) > 2 and all(type(v) is int for v in value)):
        return None
    first, last = value[0], value[-1]
    return f"{first}..{last}" if value == list(range(first, last + 1)) else None

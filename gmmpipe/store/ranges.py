"""Runs of whole numbers, written first..last."""

import re
from collections.abc import Sequence
from typing import Any


def compact(seeds: Sequence[int]) -> str | list[int]:
    """Return seeds as "first..last" where they are consecutive: a command line has little room."""
    first, last = seeds[0], seeds[-1]
    return f"{first}..{last}" if list(seeds) == list(range(first, last + 1)) else list(seeds)


def expand(seeds: Any) -> Any:
    """Return what ``compact`` was given; anything else as it is."""
    match = re.fullmatch(r"(\d+)\.\.(\d+)", seeds) if isinstance(seeds, str) else None
    return list(range(int(match[1]), int(match[2]) + 1)) if match else seeds

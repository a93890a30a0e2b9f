"""Aligned tiles of a sweep: their size depends on what the work costs, never on its extent."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

TARGET_SECONDS = 30.0  # of one thread's work in a block: long against the second a job costs
CELLS = 1024  # fits in a block at most, per TARGET_SECONDS of a block's target
LARGEST = 2**30  # bytes that the fits of a block may take, unless one seed takes more


def tiles(
    ks: Sequence[int], cost: Callable[[int], float], target: float = TARGET_SECONDS
) -> Iterator[tuple[tuple[int, int], list[int]]]:
    """Yield ((first, last), values of K there) of aligned ranges that one seed can afford.

    cost: seconds of a fit of K components; target: the seconds of work that a block is to hold.
    """

    def tile(k: int) -> tuple[int, int]:
        for width in (16, 8, 4, 2):
            last = -(-k // width) * width
            if width * cost(last) <= target:
                return last - width + 1, last
        return k, k

    for ends, inside in groupby(ks, tile):
        yield ends, list(inside)


def windows(seeds: Sequence[int], width: int) -> Iterator[tuple[tuple[int, int], list[int]]]:
    """Yield ((first, last), seeds there) of the aligned ranges of a width."""
    for i, inside in groupby(seeds, lambda seed: seed // width):
        yield (i * width, (i + 1) * width - 1), list(inside)


def width_of(
    n_ks: int, seconds_per_seed: float, target: float = TARGET_SECONDS, bytes_per_seed: int = 0
) -> int:
    """Return how many seeds a block spans: a power of two, within ``target``, CELLS and LARGEST."""
    cells = max(int(CELLS * target / TARGET_SECONDS), 1)
    width = max((1 << (cells.bit_length() - 1)) >> (n_ks - 1).bit_length(), 1)
    while width > 1 and (width * seconds_per_seed > target or width * bytes_per_seed > LARGEST):
        width //= 2
    return width


def spanned(seeds: Sequence[int]) -> str | list[int]:
    """Return seeds as "first..last" where they are consecutive: a command line has little room."""
    first, last = seeds[0], seeds[-1]
    return f"{first}..{last}" if list(seeds) == list(range(first, last + 1)) else list(seeds)


def spread(seeds: Any) -> Any:
    """Return what ``spanned`` was given; anything else as it is."""
    found = re.fullmatch(r"(\d+)\.\.(\d+)", seeds) if isinstance(seeds, str) else None
    return list(range(int(found[1]), int(found[2]) + 1)) if found else seeds

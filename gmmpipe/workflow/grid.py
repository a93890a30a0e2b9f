"""Aligned tiles of a sweep: their size depends on what the work costs, never on its extent."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from gmmpipe.config.schema import TARGET_SECONDS

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

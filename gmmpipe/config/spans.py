"""Numbers written as a span: 1..6, 0..99..10 by steps of ten, 1e-8..1e-4..x10 by factors of ten."""

import re
from math import floor, log
from typing import Any

from gmmpipe.errors import InputError

SPAN = re.compile(r"([-+\d.eE]+?)\.\.([-+\d.eE]+?)(?:\.\.(x?)([-+\d.eE]+))?")
EXPECTED = "an inclusive range such as 1..6, 0..99..10 by steps or 1..64..x2 by factors"
LONGEST = 1_000_000
DIGITS = 12  # significant ones of what is not whole: 0.1 * 3 is 0.3

Number = int | float


def is_span(item: Any) -> bool:
    """Return whether a value is written as a span of numbers."""
    return isinstance(item, str) and SPAN.fullmatch(item) is not None


def numbers(where: str, item: Any, longest: int = LONGEST) -> list[Number]:
    """Return the numbers of a span, the last no larger than its end; whole ones stay whole.

    Raises InputError for what is none, for an empty one and for one of more than ``longest``.
    """
    match = SPAN.fullmatch(item) if isinstance(item, str) else None
    try:
        parts = [_number(text) for text in match.group(1, 2, 4) if text] if match else []
    except ValueError:
        parts = []
    if not parts:
        raise InputError(f"{where} holds {item!r}; expected a number or {EXPECTED}")
    first, last, step = (*parts, 1)[:3]
    if len(parts) == 2 and not (isinstance(first, int) and isinstance(last, int)):
        raise InputError(
            f"{where} holds {item!r}; give the step, {item}..0.1, or factor, {item}..x10"
        )
    grows = bool(match and match[3])
    if step <= (1 if grows else 0) or (grows and first <= 0) or last < first:
        raise InputError(f"{where} holds {item!r}, no rising range; expected {EXPECTED}")
    steps = log(last / first) / log(step) if grows else (last - first) / step
    if steps >= min(longest, LONGEST):
        raise InputError(f"{where} holds {item!r}: too long a range")
    count = floor(steps + 1e-9) + 1
    return [_rounded(first * step**i if grows else first + step * i) for i in range(count)]


def _number(text: str) -> Number:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _rounded(value: Number) -> Number:
    return value if isinstance(value, int) else float(f"{value:.{DIGITS}g}")

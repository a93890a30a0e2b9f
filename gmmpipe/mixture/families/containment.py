"""Which families contain others, so that their fits must be as likely at least."""

from gmmpipe.mixture.families.family import TEXTS

ALIASES = {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII"}
FREEDOM = "IEV"  # of volume, shape or axes: the identity, equal, varying; each contains the former


def contains(family: str, other: str, d: int) -> bool:
    """Return whether each mixture of the other family is one of this family, for d features.

    Of a single feature there is a volume alone. Families that are not named by the letters of
    ``FREEDOM`` are not known to contain others.
    """
    letters_a, letters_b = (ALIASES.get(name, name) for name in (family, other))
    if not {*letters_a, *letters_b} <= {*FREEDOM}:
        return family == other
    n = 1 if d == 1 else 3
    pairs = zip(letters_a[:n], letters_b[:n], strict=True)
    return all(FREEDOM.index(a) >= FREEDOM.index(b) for a, b in pairs)


def contained(family: str, d: int) -> list[str]:
    """Return families that are proper parts of this one: the fastest, and the largest.

    The fastest have a compiled M step; the largest lie within no other part.
    """

    def within(name: str, other: str) -> bool:
        return contains(other, name, d) and not contains(name, other, d)

    fastest = [name for name in ALIASES.values() if within(name, family)]
    if d == 1:  # where volume is all, each other is one of these by another name
        return fastest
    parts = [name for name in TEXTS if len(name) == 3 and within(name, family)]
    largest = [name for name in parts if not any(within(name, other) for other in parts)]
    return [*fastest, *(name for name in largest if name not in fastest)]

"""A sample: the rows that everything else is about."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gmmpipe.mixture.mixture import Array, Mixture

Labels = npt.NDArray[np.int64]
UNKNOWN = -1  # the code of a row without a label


@dataclass(frozen=True)
class Texts:
    """A text for each row: their UTF-8 (bytes,), end to end, and where each ends (N,)."""

    utf8: npt.NDArray[np.uint8]
    ends: Labels

    def of(self, rows: slice) -> list[str]:
        """Return the texts of consecutive rows."""
        ends = self.ends[rows].tolist()
        begin = int(self.ends[rows.start - 1]) if rows.start else 0
        content = self.utf8[begin : ends[-1] if ends else begin].tobytes()
        firsts = [begin, *ends][:-1]
        return [content[a - begin : b - begin].decode() for a, b in zip(firsts, ends, strict=True)]


@dataclass(frozen=True)
class Sample:
    """N rows of D features.

    x (N, D) float64, C order, in the units of the source, NaN where a value is missing; features: D
    names; labels (N,) codes into classes, UNKNOWN where a row has no label, or None; classes: names
    of the groups; truth: the mixture that was drawn from, or None; dropped: rows left out because a
    value was missing; weight (N,) >= 0: how many times each row counts, none = once; rows (N,): the
    number of each row in its source, from 0, none = all of them in order; ids: the name of each row
    in its source, if it has any.
    """

    x: Array
    features: tuple[str, ...]
    labels: Labels | None = None
    classes: tuple[str, ...] = ()
    truth: Mixture | None = None
    dropped: int = 0
    weight: Array | None = None
    rows: Labels | None = None
    ids: Texts | None = None

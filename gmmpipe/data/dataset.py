"""A sample: the rows that everything else is about."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gmmpipe.mixture.mixture import Array, Mixture

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sample:
    """N rows of D features.

    x (N, D) float64, C order, in the units of the source, NaN where a value is missing; features: D
    names; labels (N,) codes into classes, or None; classes: names of the groups; truth: the mixture
    that was drawn from, or None; dropped: rows left out because a value was missing; weight (N,)
    >= 0: how many times each row counts, none = once; rows (N,): the number of each row in its
    source, from 0, none = all of them in order.
    """

    x: Array
    features: tuple[str, ...]
    labels: Labels | None = None
    classes: tuple[str, ...] = ()
    truth: Mixture | None = None
    dropped: int = 0
    weight: Array | None = None
    rows: Labels | None = None

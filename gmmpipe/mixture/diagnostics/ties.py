"""How much of a component is samples that have one value of a feature in common."""

from functools import cached_property

import numpy as np
import numpy.typing as npt

from gmmpipe.mixture.mixture import Array
from gmmpipe.mixture.slices import subset

MOST_ROWS = 2**17  # of more rows, a random choice says which share values


class TiedValues:
    """The features of x (N, D), NaN where missing, in which rows share values.

    Of more than ``most_rows`` a random choice is looked at, ``rows``, the same every time.
    """

    def __init__(self, x: Array, most_rows: int = MOST_ROWS) -> None:
        self.x, self.rows = x, subset(len(x), most_rows, "ties")
        self.whole = len(self.rows) == len(x)

    @cached_property
    def _codes(self) -> list[npt.NDArray[np.intp]]:
        part = self.x if self.whole else self.x[self.rows]
        columns = [np.unique(c, return_inverse=True, equal_nan=False) for c in part.T]
        return [codes for values, codes in columns if len(values) < len(part)]

    def shares(self, mass: Array) -> Array:
        """Return each component's largest share of samples with one value of a feature (K,).

        mass (n, K): the responsibilities times the weights of the samples ``rows``.
        """
        most: Array = mass.max(axis=0)
        for codes in self._codes:
            masses = [np.bincount(codes, column).max() for column in mass.T]
            most = np.maximum(most, masses)
        shares: Array = most / np.maximum(mass.sum(axis=0), np.finfo(np.float64).tiny)
        return np.minimum(shares, 1.0)


class MajorityValues:
    """Values that more than half of a component's mass may have, and how much of it has them.

    A value with more than half of all the mass has more than half of it in some slice, so it is
    among those that have most there: two passes find it and its exact share. Shares of up to a half
    may be missed.
    """

    def __init__(self, components: npt.NDArray[np.intp]) -> None:
        self.components = components
        self._values: dict[tuple[int, int], set[float]] = {}
        self._masses: dict[tuple[int, int, float], float] = {}

    def propose(self, x: Array, mass: Array) -> None:
        """Take in a slice x (n, D) with the mass (n, K) of its rows in each component."""
        for j, column in enumerate(x.T):
            values, codes = np.unique(column, return_inverse=True, equal_nan=False)
            for k in self.components.tolist():
                heaviest = values[np.bincount(codes, mass[:, k]).argmax()]
                self._values.setdefault((j, k), set()).add(float(heaviest))

    def weigh(self, x: Array, mass: Array) -> None:
        """Add up the mass of the proposed values, all slices being known."""
        for (j, k), proposed in self._values.items():
            values = np.array(sorted(proposed))
            place = np.minimum(np.searchsorted(values, x[:, j]), len(values) - 1)
            hit = values[place] == x[:, j]
            masses = np.bincount(place[hit], mass[hit, k], len(values))
            for i in np.flatnonzero(masses):
                key = (j, k, float(values[i]))
                self._masses[key] = self._masses.get(key, 0.0) + float(masses[i])

    def most(self) -> Array:
        """Return the largest mass with one value, of each of the components."""
        largest = dict.fromkeys(self.components.tolist(), 0.0)
        for (_, k, _value), mass in self._masses.items():
            largest[k] = max(largest[k], mass)
        return np.array(list(largest.values()))

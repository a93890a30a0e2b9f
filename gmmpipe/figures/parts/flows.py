"""Where the bars of a lineage stand, and the ribbons between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.path import Path


@dataclass(frozen=True)
class Bar:
    """One component: its column, its index, and the extent of its bar in shares of the samples."""

    k: int
    component: int
    low: float
    high: float

    @property
    def centre(self) -> float:
        """Return the middle of the bar."""
        return (self.low + self.high) / 2


@dataclass(frozen=True)
class Ribbon:
    """What a component has from a parent: where the ribbon leaves and where it arrives."""

    parent: Bar
    child: Bar
    leaves: float
    arrives: float
    mass: float

    def path(self, start: float, end: float) -> Path:
        """Return the outline from x = start to x = end, with level ends."""
        from matplotlib.path import Path

        middle, (a, b, m) = (start + end) / 2, (self.leaves, self.arrives, self.mass)
        lower = [(start, a), (middle, a), (middle, b), (end, b)]
        upper = [(end, b + m), (middle, b + m), (middle, a + m), (start, a + m)]
        curve = [Path.CURVE4] * 3
        return Path(
            [*lower, *upper, (start, a)], [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY]
        )


def layout(links: pd.DataFrame, gap: float) -> tuple[list[Bar], list[Ribbon]]:
    """Return bars and ribbons of the ``lineage`` of one family; ``gap`` is that between bars.

    The first column is in the order of the numbers, each further one by where its components
    come from, so that ribbons cross little.
    """
    links = links.sort_values(["k", "component", "parent"])
    steps = links[["parent_k", "k"]].drop_duplicates().to_numpy(int).tolist()
    columns: list[list[Bar]] = []
    ribbons: list[Ribbon] = []
    for before, k in steps:
        table = links.loc[links["k"] == k, "mass"].to_numpy(float).reshape(k, before)
        if not columns:
            columns = [_column(before, list(enumerate(table.sum(axis=0).tolist())), gap)]
        parents = {bar.component: bar for bar in columns[-1]}
        centres = np.array([parents[j].centre for j in range(len(parents))])
        mass = table.sum(axis=1)
        origin = table @ centres / np.where(mass > 0, mass, 1)
        order = np.lexsort((np.arange(len(mass)), np.round(origin, 9)))
        columns.append(_column(k, [(int(j), float(mass[j])) for j in order], gap))
        ribbons += _ribbons(columns[-2], columns[-1], table)
    return [bar for column in columns for bar in column], ribbons


def _column(k: int, masses: list[tuple[int, float]], gap: float) -> list[Bar]:
    """Return the bars of one column, from the bottom up, centred about 0."""
    bars, low = [], -(sum(m for _, m in masses) + gap * (len(masses) - 1)) / 2
    for component, mass in masses:
        bars.append(Bar(k, component, low, low + mass))
        low += mass + gap
    return bars


def _ribbons(parents: list[Bar], children: list[Bar], table: np.ndarray) -> list[Ribbon]:
    leaves = {bar.component: bar.low for bar in parents}
    ribbons = []
    for child in children:
        arrives = child.low
        for parent in parents:
            mass = float(table[child.component, parent.component])
            ribbons.append(Ribbon(parent, child, leaves[parent.component], arrives, mass))
            leaves[parent.component] += mass
            arrives += mass
    return ribbons

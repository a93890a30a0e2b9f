"""A stored fit run once more by the engine that made it: its mixture after any iteration."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from gmmpipe.mixture.affine import Affine
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.fit_arrays import fit_options
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.results.columns import CELL, NAMED
from gmmpipe.results.mixtures import rows_at, start_of
from gmmpipe.store import artifacts
from gmmpipe.store.layout import stored
from gmmpipe.store.plan import Plan


def steps(
    plan: Plan,
    case: Mapping[str, Any],
    parameters: pd.DataFrame,
    row: Mapping[Any, Any] | pd.Series,
    counts: Sequence[int],
) -> list[Mixture]:
    """Return the mixture after each of the ascending iteration ``counts``, 0 being the start.

    case: the data set and the outer point; parameters: the table's rows there; row: the cell of the
    run. The mixtures are in original units, their components numbered as in the table. Raises
    InputError where the store has lost the normalised data.
    """
    coordinates = {**case, **{axis: row[axis] for axis in NAMED[1:]}}
    block = next(
        block for block in plan.fit_blocks.values() if block.config.coordinates == coordinates
    )
    start = start_of(rows_at(parameters, {key: row[key] for key in CELL}))
    # a box says that the weights leave some to noise; which box, EM finds in the data
    path = stored("normalised", block.normalised)
    data = artifacts.read_arrays(path, "x", "shift", "scale")
    options = fit_options(block.config.fit)
    family = block.config.covariance["family"]
    weight = data.get("weight")
    fit = em.fit(data["x"], [start], family, counts, options, sample_weight=weight)[0]
    affine = Affine(data["shift"], data["scale"])
    return [affine.invert(snapshot.mixture) for snapshot in fit.snapshots]

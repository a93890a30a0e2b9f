"""The data that fits are assessed on."""

from functools import cached_property

import numpy as np

from gmmpipe.mixture.affine import Affine
from gmmpipe.mixture.diagnostics.assessment import Assessor
from gmmpipe.mixture.mixture import Array
from gmmpipe.store import artifacts
from gmmpipe.store.plan import Plan


class Data:
    """The normalised data that some blocks fit, the map to them, and the true groups."""

    def __init__(self, plan: Plan, block: str, threads: int) -> None:
        stored = artifacts.read_arrays(plan.normalised(block))
        raw = artifacts.read_arrays(plan.raw(plan.fit_blocks[block].normalised))
        self.x: Array = stored["x"]
        self.weight: Array | None = stored.get("weight")
        self.assess = Assessor(self.x, self.weight, raw.get("labels"), threads)
        self.affine = Affine(stored["shift"], stored["scale"])
        self.volume = self.affine.log_volume(self.x, self.weight)

    @cached_property
    def total(self) -> float:
        """Return the weight of all samples."""
        return float(len(self.x) if self.weight is None else self.weight.sum())

    @cached_property
    def compared_weight(self) -> Array:
        """Return the weights of the samples by which fits are compared."""
        rows = self.assess.compared
        return np.ones(len(rows)) if self.weight is None else self.weight[rows]

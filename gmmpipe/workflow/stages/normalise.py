"""Normalise one data set by an affine map that is kept with it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gmmpipe.config.build import build
from gmmpipe.data.normalise import NORMALISERS
from gmmpipe.errors import InputError
from gmmpipe.mixture.slices import slices_of
from gmmpipe.store import artifacts
from gmmpipe.store.jobs import NormaliseJob


def run(inputs: Sequence[str], output: str, job: NormaliseJob, threads: int = 1) -> None:
    """Write ``x`` of ``inputs[0]`` normalised, and the ``shift`` and ``scale`` that did it.

    Where the rows have a ``weight`` it goes along, and the map is of the weighted rows.
    Raises InputError for data that the method cannot map, e.g. a constant column.
    """
    del threads
    data = artifacts.read_arrays(inputs[0], "x", "features")
    method = build(NORMALISERS, "normaliser", job.options, "method")
    try:
        affine = method(data["x"], data["features"].tolist(), data.get("weight"))
    except InputError as error:
        raise InputError(f"{data.get('origin', inputs[0])}: {error}") from None
    x = data["x"]
    parts = (affine.apply(x[cut]) for cut in slices_of(len(x)))
    mapped: dict[str, Any] = {"x": artifacts.Rows(x.shape, np.float64, parts)}
    mapped |= {"shift": affine.shift, "scale": affine.scale}
    if "weight" in data:
        mapped["weight"] = data["weight"]
    artifacts.write_arrays(output, mapped)
    for name, shift, scale in zip(data["features"], affine.shift, affine.scale, strict=True):
        print(f"{name}: ({name} - {shift:g}) / {scale:g}")

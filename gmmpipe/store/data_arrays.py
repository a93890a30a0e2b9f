"""What the arrays of a data set in the store are, as those of others may be anything."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gmmpipe.errors import InputError

ARRAYS = {  # {name: an axis each letter (n rows, d features), kinds of numpy's types}
    "x": ("nd", "f"),
    "features": ("d", "U"),
    "shift": ("d", "f"),
    "scale": ("d", "f"),
    "weight": ("n", "f"),
    "row": ("n", "iu"),
    "labels": ("n", "iu"),
    "classes": ("c", "U"),
}


def refuse_other(
    arrays: Mapping[str, Any], path: str | Path, shape: tuple[int, int] | None = None
) -> None:
    """Raise InputError for arrays that no data set has; shape: (N, D), where it is known."""
    sizes = {} if shape is None else dict(zip("nd", shape, strict=True))
    for name, (axes, kinds) in ARRAYS.items():
        if name in arrays:
            array = arrays[name]
            same = len(axes) == array.ndim and all(
                sizes.setdefault(axis, length) == length
                for axis, length in zip(axes, array.shape, strict=True)
            )
            if not same or array.dtype.kind not in kinds:
                raise InputError(
                    f"{path}: {name} of shape {array.shape} and type {array.dtype} is that of no"
                    " data set of this version; run it again"
                )
    affine = [arrays[name] for name in ("shift", "scale") if name in arrays]
    if not np.isfinite(affine).all() or not (arrays.get("scale", np.ones(1)) > 0).all():
        raise InputError(f"{path}: shift and scale are no map of the features; run it again")
    labels = arrays.get("labels", np.zeros(0, int))
    if labels.size and not -1 <= labels.min() <= labels.max() < len(arrays.get("classes", ())):
        raise InputError(f"{path}: labels are of no class; run it again")

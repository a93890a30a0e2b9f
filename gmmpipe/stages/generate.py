"""Read or generate one data set."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gmmpipe import artifacts
from gmmpipe.errors import InputError
from gmmpipe.numerics.datasets import DATASETS
from gmmpipe.numerics.registry import build
from gmmpipe.numerics.sample import Sample
from gmmpipe.numerics.streams import stream


def run(inputs: Sequence[str], output: str, config: Mapping[str, Any], threads: int = 1) -> None:
    """Write the data set that ``config`` describes, in original units, with labels and truth.

    config is one entry of conf/dataset/ with its `kind`; a file is ``inputs[0]`` and, where the
    plan gives its `sha256`, must still have it. Raises InputError for data that cannot be used.
    """
    del threads
    options = {k: v for k, v in config.items() if k != "sha256"}
    kind = build(DATASETS, "data set", options, "kind")
    if len(inputs) != (config["kind"] == "file"):
        raise InputError(f"{len(inputs)} INPUT files; kind file reads one, the others none")
    if config["kind"] == "file":
        from gmmpipe import reader

        content = artifacts.read(inputs[0])
        expected = config.get("sha256", artifacts.sha256(content))
        if artifacts.sha256(content) != expected:
            raise InputError(f"{inputs[0]}: changed since this run was planned; run again")
        sample = reader.read(content, inputs[0], kind)
    else:
        sample = kind.sample(stream("generate", config["kind"], config.get("seed", 0)))
    origin = Path(inputs[0]).name if inputs else config["kind"]
    artifacts.write_arrays(output, {**arrays(sample), "origin": np.array(origin)})
    print(f"{len(sample.x)} rows of {', '.join(sample.features)}; {sample.dropped} rows dropped")


def arrays(sample: Sample) -> dict[str, Any]:
    """Return the arrays of a stored data set: x, features, and what else is known of it.

    weight (N,) is there where the rows do not all count once.
    """
    known: dict[str, Any] = {
        "x": sample.x,
        "features": np.array(sample.features, dtype=str),
        "classes": np.array(sample.classes, dtype=str),
        "dropped": np.array(sample.dropped),
    }
    if sample.weight is not None:
        known["weight"] = sample.weight
    if sample.labels is not None:
        known["labels"] = sample.labels
    if sample.truth is not None:
        known["true_weights"] = sample.truth.weights
        known["true_means"] = sample.truth.means
        known["true_covariances"] = sample.truth.covariances
    return known

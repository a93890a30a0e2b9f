"""Read or generate one data set."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gmmpipe.config.build import build
from gmmpipe.data import read as reader
from gmmpipe.data import source as data_files
from gmmpipe.data.dataset import Sample
from gmmpipe.data.file import File
from gmmpipe.data.gather import RowCollector
from gmmpipe.data.kinds import DATASETS
from gmmpipe.errors import InputError
from gmmpipe.mixture.rng import stream
from gmmpipe.store import artifacts, packaged
from gmmpipe.store.files import move_artifact
from gmmpipe.store.integrity import is_intact
from gmmpipe.store.jobs import GenerateJob


def run(inputs: Sequence[str], output: str, job: GenerateJob, threads: int = 1) -> None:
    """Write the data set that a job describes, in original units, with labels and truth.

    A file is ``inputs[0]`` and must have the `sha256` that the job gives, if any. A large file is
    read in parts; where there are arrays of its text already these are taken. Raises InputError for
    data that cannot be used.
    """
    del threads
    kind = build(DATASETS, "data set", job.options, "kind")
    name = job.options["kind"]
    if len(inputs) != (name == "file"):
        raise InputError(f"{len(inputs)} INPUT files; kind file reads one, the others none")
    path = str(packaged.find(Path(), inputs[0])) if inputs else ""
    if name != "file":
        write(output, kind.sample(stream("generate", name, job.options.get("seed", 0))), name)
    elif job.text and is_intact(job.text):
        refuse_changed(path, job.sha256)
        move_artifact(job.text, output)
    else:
        write(output, _read(path, kind, output, job.sha256), Path(path).name)
    stored = artifacts.read_arrays(output)
    dropped = f"{stored['dropped']} rows dropped"
    print(f"{len(stored['x'])} rows of {', '.join(stored['features'])}; {dropped}")


def _read(path: str, kind: File, output: str, sha256: str | None) -> Sample:
    if data_files.is_large(Path(path)):
        refuse_changed(path, sha256)
        folder = Path(output).parent
        folder.mkdir(parents=True, exist_ok=True)
        rows = reader.collect(Path(path), path, kind, folder)
        refuse_changed(path, sha256, rows)
        return rows.sample()
    content = artifacts.read(path)
    refuse_changed(path, sha256, content)
    return reader.read(content, path, kind)


def refuse_changed(
    path: str | Path, sha256: str | None, read: bytes | RowCollector | None = None
) -> None:
    """Raise InputError if a file has another SHA-256 than was planned, if that is known.

    read: what was read of it, if anything; rows are let go of then.
    """
    if isinstance(read, bytes):
        current = artifacts.sha256(read)
    else:
        current = data_files.described(Path(path))["sha256"]
    if sha256 not in (None, current):
        if isinstance(read, RowCollector):
            read.close()
        raise InputError(f"{path}: changed since this run was planned; run again")


def write(output: str | Path, sample: Sample, origin: str) -> None:
    """Write a data set as it stands in the store."""
    artifacts.write_arrays(output, {**arrays(sample), "origin": np.array(origin)})


def arrays(sample: Sample) -> dict[str, Any]:
    """Return the arrays of a stored data set: x, features, and what else is known of it.

    weight (N,) is there where the rows do not all count once, row (N,) where some were left out:
    the number of each in the source, from 0; id and id_end, see ``Texts``, where rows have names.
    """
    result: dict[str, Any] = {
        "x": sample.x,
        "features": np.array(sample.features, dtype=str),
        "classes": np.array(sample.classes, dtype=str),
        "dropped": np.array(sample.dropped),
    }
    if sample.weight is not None:
        result["weight"] = sample.weight
    if sample.rows is not None:
        result["row"] = sample.rows
    if sample.labels is not None:
        result["labels"] = sample.labels
    if sample.ids is not None:
        result |= {"id": sample.ids.utf8, "id_end": sample.ids.ends}
    if sample.truth is not None:
        result["true_weights"] = sample.truth.weights
        result["true_means"] = sample.truth.means
        result["true_covariances"] = sample.truth.covariances
    return result

"""A version with all that it needs, to be sent: a bundle that gmmpipe reads wherever it is."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from gmmpipe.errors import InputError
from gmmpipe.results.experiment import StoredExperiment
from gmmpipe.results.version_tables import VersionTables
from gmmpipe.store import artifacts, layout, zipped
from gmmpipe.store.layout import BUNDLE, CONFIG, NOTE, RECORDS, REPORT
from gmmpipe.store.plan import AXES
from gmmpipe.workflow.verify import Version, place_in_bundle

LABELS, PARAMETERS, README = "labels.csv", "parameters.json", "README.txt"
MODEL = ("rank", "log_likelihood", "n_parameters", "bic")  # of ``best``, beside the axes
TEXT = """gmmpipe experiment {experiment}, version {version}

labels.csv       the component of each row in the selected model of its data set
parameters.json  weights, means and covariances of the best fit of each model, in original units,
                 component 1 first
results/         report.html, figures, tables, and the data and fits that they are made of
{inputs}
In this folder, or with its path in place of the point:

gmmpipe verify .
gmmpipe figure clusters . -o clusters.pdf
python -P -c "import gmmpipe; print(gmmpipe.load('.').best)"
"""


def export(version: Version, output: str) -> tuple[int, list[str]]:
    """Write the bundle of a version as a new folder, or as a file whose name ends in .zip.

    Returns the number of files, and the inputs that are lost or have changed since, which are left
    out. Raises InputError where the folder is there already, or an artifact is not as the manifest
    says.
    """
    zipped.refuse_existing(output)
    target, manifest = Path(output), version.manifest
    files = version.intact(manifest["artifacts"])
    home = layout.version(manifest["experiment"], manifest["version"])
    for name in (*RECORDS, NOTE, CONFIG, REPORT):
        if (version.folder / name).is_symlink():  # to whatever file of who sends the bundle
            raise InputError(f"{version.folder / name}: is a symbolic link; remove it")
        if (version.folder / name).is_file():
            files[f"{home}/{name}"] = version.folder / name
    inputs, left_out = _inputs(version)
    target.parent.mkdir(parents=True, exist_ok=True)
    with artifacts.scratch(target.parent) as scratch:
        _write_plain(version, Path(scratch), bool(inputs))
        files |= inputs | {path.name: path for path in Path(scratch).glob("[!.]*")}
        top = f"{manifest['experiment']}-{manifest['version']}/" if target.suffix == ".zip" else ""
        zipped.export({f"{top}{name}": path for name, path in files.items()}, output)
    return len(files), left_out


def _inputs(version: Version) -> tuple[dict[str, Path], list[str]]:
    """Return the inputs by their place in a bundle, and those that are not as they were."""
    files, left_out = {}, []
    for path, entry in version.manifest["inputs"].items():
        place = version.input(path)
        if place.is_file() and artifacts.describe(place)["sha256"] == entry["sha256"]:
            files[place_in_bundle(path)] = place
        else:
            left_out.append(path)
    return files, left_out


def _write_plain(version: Version, folder: Path, has_inputs: bool) -> None:
    """Write into a folder what other programs read of a version, and what says what it is."""
    experiment = StoredExperiment(version.folder)
    labels = VersionTables(version.folder, experiment.outer).stored("labels")
    with artifacts.appending_csv(folder / LABELS) as append:
        for part in labels.parts(labels.columns):
            append(pa.Table.from_pandas(part, preserve_index=False))
    models = [_model(experiment, row) for _, row in experiment.best.iterrows()]
    artifacts.write_json(folder / PARAMETERS, models)
    names = {"experiment": experiment.name, "version": experiment.version}
    inputs = "the other files  the inputs\n" if has_inputs else ""
    artifacts.write(folder / README, TEXT.format(**names, inputs=inputs))
    plain = {name: artifacts.describe(folder / name) for name in (LABELS, PARAMETERS, README)}
    artifacts.write_json(folder / BUNDLE, {**names, "files": plain})


def _model(experiment: StoredExperiment, row: "pd.Series[Any]") -> dict[str, Any]:
    """Return a row of ``best`` and its mixture as plain JSON types."""
    mixture = experiment.mixture_of(row)
    keys = [key for key in row.index if key in (*AXES, *experiment.outer, *MODEL)]
    points = {axis: row[axis] for axis in ("dataset", *experiment.outer)}
    described = {key: _plain(row[key]) for key in keys}
    return described | {
        "features": list(map(str, experiment.data(**points).columns)),
        "weights": mixture.weights.tolist(),
        "means": mixture.means.tolist(),
        "covariances": mixture.covariances.tolist(),
    }


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value

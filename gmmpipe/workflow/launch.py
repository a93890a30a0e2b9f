"""A run from Python: ``gmmpipe.run(frame, k=range(1, 7))``."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gmmpipe.config.compose import GROUPS, as_override
from gmmpipe.data.user_file import SETTINGS
from gmmpipe.errors import InputError, Obstacle, suggest
from gmmpipe.store import artifacts, layout
from gmmpipe.store.files import move_artifact
from gmmpipe.store.integrity import checksum_of
from gmmpipe.store.names import ALLOWED, check_store, is_name, refuse_odd
from gmmpipe.store.plan import AXES
from gmmpipe.store.replaced import replaced_now, set_aside
from gmmpipe.workflow.experiment import Experiment

if TYPE_CHECKING:
    from gmmpipe.mixture.mixture import Array

STARTED = re.compile(r"(\S+) ([0-9a-f]+): [\d,]+ cells in ")  # what a run says first


def run(
    data: str | Path | pd.DataFrame | Array | None = None,
    *,
    name: str | None = None,
    project: str | Path = ".",
    quiet: bool = False,
    **settings: Any,
) -> Experiment:
    """Run an experiment as ``gmmpipe run`` does, and return its results.

    Parameters
    ----------
    data : str, Path, DataFrame or (N, D) array, optional
        Your own data: a file, or a frame, which is written to results/frames/. By default the data
        sets that the experiment names.
    name : str, optional
        Of the results, and of the data set if that is a frame; by default the file's, or data.
    project : str or Path, default "."
        The folder of the project, where results/ is or will be.
    quiet : bool, default False
        Whether to print nothing.
    **settings
        Axes of the sweep, ``k=range(1, 7)``, ``covariance=["full", "tied"]``; the experiment,
        ``experiment="selection"``; options of a file, ``label="species"``; any key by its dotted
        name, ``**{"fit.tol": 1e-8}``.

    Returns
    -------
    Experiment
        The version that was made, or found up to date.

    Raises
    ------
    InputError
        For what ``gmmpipe run`` refuses, in the same words.
    Obstacle
        Where it could not be finished.

    Examples
    --------
    >>> import gmmpipe
    >>> gmmpipe.run(k=[0])
    Traceback (most recent call last):
    gmmpipe.errors.InputError: sweep.k holds 0; allowed is 1..1000000

    """
    root = Path(project).absolute()
    words = [*_overrides(settings), *_file(root, data, name, settings)]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "gmmpipe", "run", *words],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = []
    for line in process.stdout or ():
        said.append(line)
        if not quiet:
            print(line, end="")
    problem = process.communicate()[1] or ""
    if process.returncode:
        line = problem.rpartition("gmmpipe: ")[2].strip()  # below notes on what is run
        raise (InputError if process.returncode == 2 else Obstacle)(line or "the run failed")
    started = next(filter(None, map(STARTED.match, said)))
    return Experiment(root / layout.version(started[1], started[2]))


def _overrides(settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield the overrides that settings stand for, those of a file aside."""
    for key, value in settings.items():
        if key in SETTINGS:
            continue
        if key not in (*AXES, *GROUPS) and "." not in key:
            raise InputError(suggest("setting", key, [*AXES, *GROUPS, *SETTINGS]))
        plain = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        plain = list(plain) if isinstance(plain, range | tuple) else plain
        try:
            text = as_override(f"sweep.{key}" if key in AXES else key, plain)
        except TypeError:  # what JSON has no word for
            text = None
        if text is None:
            raise InputError(f"{key} is {value!r}; give a number, a text or a list of them")
        yield text


def _file(root: Path, data: Any, name: str | None, settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield the options that say which data are meant, written to a file if they are none."""
    if data is None:
        if stray := next((key for key in (*settings, "name") if key in SETTINGS), None):
            raise InputError(f"{stray} is of your own data; give data")
        return
    if isinstance(data, str | Path):
        yield from ("--data", str(Path(data).absolute()))
    else:
        yield from ("--data", str(_written(root, data, name or "data")))
    if name is not None:
        yield from ("--name", name)
    for key in SETTINGS:
        if (value := settings.get(key)) is not None:
            texts = value if isinstance(value, list | tuple) else [value]
            words = {True: "yes", False: "no"}
            yield f"--{key}={','.join(str(words.get(text, text)) for text in texts)}"


def _written(root: Path, data: Any, name: str) -> Path:
    """Return the file that has the rows of a frame; one for each content, others set aside."""
    if not is_name(name):
        raise InputError(f"name is {name!r}; a name is {ALLOWED}")
    frame = data if isinstance(data, pd.DataFrame) else pd.DataFrame(np.asarray(data))
    if not isinstance(data, pd.DataFrame):
        frame.columns = [f"x{j}" for j in range(1, frame.shape[1] + 1)]
    rows = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    content = artifacts.digest([[*map(str, frame.columns)], artifacts.sha256(rows.tobytes())])
    path = root / layout.FRAMES / content / f"{name}.parquet"
    check_store(root)
    refuse_odd(root / layout.FRAMES)
    with artifacts.scratch(root / layout.FRAMES) as scratch:
        made = Path(scratch, path.name)
        artifacts.write_frame(made, frame.rename(columns=str).reset_index(drop=True))
        described = artifacts.describe(made)
        recorded = checksum_of(path) in (None, described["sha256"])
        if not (path.is_file() and recorded and artifacts.describe(path) == described):
            set_aside(root, path, replaced_now(root))
            move_artifact(made, path)
    return path

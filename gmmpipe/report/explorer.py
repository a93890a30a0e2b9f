"""What the explorer of the page draws: every kept fit at every snapshot, in the plane shown.

Numbers travel as base64 of little-endian float32: places as their distance from an origin amid
the data, log-likelihoods from the last one of their run, so that no digit a person sees is lost.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gmmpipe.figures import DatasetTables, Style
from gmmpipe.figures.parts.projection import Plane, plane
from gmmpipe.figures.style import COMPONENT_COLOURS
from gmmpipe.mixture.affine import Affine
from gmmpipe.mixture.mixture import Array
from gmmpipe.results.columns import BOX, FAMILY, MATRIX, MODEL, NAMED, RUN, SETTINGS
from gmmpipe.results.mixtures import rows_at
from gmmpipe.results.words.wording import elide

MOST_NUMBERS = 450_000  # of all mixtures in one page: 2.4 MB
MOST_WORK = 20_000_000  # covariance entries read for one data set
MOST_POINTS = 2_000  # samples shown of one data set
MOST_STEPS = 8  # snapshots of a run
MOST_TIMES = 60  # iterations whose log-likelihood is kept
PLACES = 6  # numbers of a component in the plane: weight, mean, covariance


def scene(
    tables: DatasetTables,
    affines: Mapping[str, Affine],
    style: Style,
    numbers: int = MOST_NUMBERS,
    most_points: int = MOST_POINTS,
) -> dict[str, Any]:
    """Return one data set for the explorer, in plain JSON types.

    affines: of each normaliser, as starts are stored in its units. numbers: of mixtures, at most;
    most_points: the samples shown.
    """
    ends, d = tables.ends(), len(tables.features)
    steps = _thinned(np.unique(tables.fits["iteration"]), MOST_STEPS)
    runs = _kept(tables, min(numbers, MOST_WORK * PLACES // (d * d)) // (len(steps) + 1))
    view = _view(tables, style)
    rows = sorted(_evenly(len(tables.x), most_points))
    x = tables.x.to_numpy(float)[rows]
    points = view.points(x) if view else x
    origin = np.zeros(PLACES)
    origin[1 : 1 + points.shape[1]] = points.mean(axis=0)
    return {
        "axes": [elide(name, 40) for name in (view.labels if view else tables.features)],
        "plane": view.sentence if view else "",
        "dimensions": min(d, 2),
        "exact": d <= 2,
        "noise_volume": _noise_volume(tables.parameters),
        "n": tables.n_samples,
        "origin": origin[1:3].tolist(),
        "points": _packed(points - origin[1 : 1 + points.shape[1]]),
        "best": _models(tables, runs),
        "selected": _selected(tables, runs),
        "colours": list(COMPONENT_COLOURS),
        "steps": [0, *steps],
        "runs": _runs(runs, tables, steps),
        "mixtures": _packed(_mixtures(tables, runs, steps, affines, view) - origin),
        "left_out": _left_out(tables, runs, len(ends), len(rows), steps),
        **_trajectories(tables, runs, steps),
    }


def _kept(tables: DatasetTables, numbers: int) -> pd.DataFrame:
    """Return the runs that fit: of each model and start the best, then the first seeds."""
    ends = tables.drawn(tables.ends()).reset_index(drop=True)
    ends = ends.assign(sweep=np.arange(len(ends)))
    order = ends.sort_values(
        ["degenerate", "log_likelihood", "sweep"], ascending=[True, False, True], kind="stable"
    )
    best = order.drop_duplicates(SETTINGS).index
    first = ends.index.isin(best)
    turn = ends.assign(first=~first).sort_values([*SETTINGS, "first", "seed"], kind="stable")
    ends["turn"] = turn.groupby(SETTINGS, sort=False).cumcount()
    selected = np.zeros(len(ends), dtype=bool)
    if tables.has_selection:
        chosen = tables.selected()
        selected = ends.index.isin(rows_at(ends, chosen[RUN]).index)
    queue = ends.assign(rest=~selected).sort_values(["rest", "turn", "k", "sweep"], kind="stable")
    runs = queue[(queue["k"] * PLACES).cumsum() <= max(numbers, PLACES * int(queue["k"].iloc[0]))]
    return runs.sort_values("sweep", kind="stable").reset_index(drop=True)


def _thinned(values: npt.NDArray[Any], most: int) -> list[int]:
    """Return up to ``most`` of ascending ``values``, evenly by rank, the ends among them."""
    return [int(values[i]) for i in sorted(_evenly(len(values), most))]


def _evenly(count: int, most: int) -> set[int]:
    return {int(i) for i in np.linspace(0, count - 1, min(count, most)).round()}


def _view(tables: DatasetTables, style: Style) -> Plane | None:
    if len(tables.features) == 1:
        return None
    row = tables.selected() if tables.has_selection else tables.ends().iloc[0]
    return plane(tables.features, tables.mixture(row), replace(style, language="en"))


def _noise_volume(parameters: pd.DataFrame) -> float | None:
    """Return the volume over which the noise component is even; None without one."""
    if BOX[0] not in parameters or parameters[BOX[0]].isna().all():
        return None
    low, high = (np.asarray(parameters[name].dropna().iloc[0], float) for name in BOX)
    return float(np.prod(high - low))


def _models(tables: DatasetTables, runs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return BIC of the best sound fit of every (normaliser, family, K)."""
    keys = [*MODEL, "start", "seed", "bic"]
    rows = tables.best.dropna(subset=["bic"])[keys]
    rows_shown = rows.merge(runs[FAMILY].drop_duplicates())
    return [
        {**{key: _plain(row[key]) for key in keys}, "bic": round(float(row["bic"]), 4)}
        for _, row in rows_shown.iterrows()
    ]


def _selected(tables: DatasetTables, runs: pd.DataFrame) -> int:
    """Return the place of the selected run, or of the first where none was selected."""
    if not tables.has_selection:
        return 0
    best = tables.selected()
    return int(rows_at(runs, best[RUN]).index[0])


def _runs(runs: pd.DataFrame, tables: DatasetTables, steps: list[int]) -> dict[str, Any]:
    """Return what identifies each run, its end, and the iterations done at each step."""
    cells = runs[RUN].assign(run=np.arange(len(runs))).merge(tables.fits, on=RUN)
    done = cells.pivot_table(index="run", columns="iteration", values="n_iter")[steps]
    reasons = runs["reason"][runs["degenerate"]]
    return {
        **{key: _coded(runs[key]) for key in NAMED[1:]},
        "k": runs["k"].tolist(),
        "seed": runs["seed"].tolist(),
        "parameters": runs["n_parameters"].tolist(),
        "final": [round(value, 6) for value in runs["log_likelihood"]],
        "converged": [int(value) for value in runs["converged"]],
        "done": done.to_numpy(int).tolist(),
        "degenerate": {str(i): elide(text, 200) for i, text in reasons.items()},
    }


def _coded(values: pd.Series) -> dict[str, Any]:
    codes, levels = pd.factorize(values)
    return {"levels": [str(level) for level in levels], "codes": codes.tolist()}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _trajectories(tables: DatasetTables, runs: pd.DataFrame, steps: list[int]) -> dict[str, Any]:
    """Return some iterations, and each run's log-likelihood there less its last one."""
    last = steps[-1]
    grid = np.unique(np.geomspace(1, max(last, 1), MOST_TIMES - len(steps)).round().astype(int))
    times = sorted({0, *steps, *grid.tolist()})
    log_likelihoods = runs[RUN].merge(tables.trajectories, on=RUN, how="left")["log_likelihood"]
    gaps = np.empty((len(runs), len(times)))
    for i, (values, final) in enumerate(zip(log_likelihoods, runs["log_likelihood"], strict=True)):
        gaps[i] = np.asarray(values, float)[np.minimum(times, len(values) - 1)] - final
    return {"times": times, "gaps": _packed(gaps)}


def _mixtures(
    tables: DatasetTables,
    runs: pd.DataFrame,
    steps: list[int],
    affines: Mapping[str, Affine],
    view: Plane | None,
) -> Array:
    """Return (weight, mean, covariance) in the plane of each component, run by run, (R, 6).

    Of each run first the start, then every snapshot of ``steps``.
    """
    keyed = runs[RUN].assign(run=np.arange(len(runs)))
    rows = tables.parameters[tables.parameters["iteration"].isin(steps)].merge(keyed, on=RUN)
    rows = rows.sort_values(["run", "iteration", "component"], kind="stable")
    first = rows[rows["iteration"] == steps[0]]
    starts = _placed(first, ("start_weight", "start_mean", "start_covariance"), view, affines)
    fitted = _placed(rows, ("weight", "mean", MATRIX), view)
    order = np.concatenate([first["run"], rows["run"]])
    step = np.concatenate([np.full(len(first), -1), rows["iteration"]])
    component = np.concatenate([first["component"], rows["component"]])
    return np.concatenate([starts, fitted])[np.lexsort((component, step, order))]


def _placed(
    rows: pd.DataFrame,
    names: tuple[str, str, str],
    view: Plane | None,
    affines: Mapping[str, Affine] | None = None,
) -> Array:
    """Return (weight, mean x, y, variance x, covariance, variance y) of each row, (R, 6)."""
    weight, mean, covariance = names
    means = np.stack(rows[mean].to_list()).astype(float)
    d = means.shape[1]
    covariances = np.stack(rows[covariance].to_list()).astype(float).reshape(-1, d, d)
    if affines is not None:
        normalisers = rows["normaliser"].to_numpy()
        for name, affine in affines.items():
            has_normaliser = normalisers == name
            means[has_normaliser] = affine.shift + affine.scale * means[has_normaliser]
            covariances[has_normaliser] *= np.multiply.outer(affine.scale, affine.scale)
    out = np.zeros((len(rows), PLACES))
    out[:, 0] = rows[weight]
    if view is None:
        out[:, 1], out[:, 3] = means[:, 0], covariances[:, 0, 0]
        return out
    out[:, 1:3] = view.points(means)
    flat = view.directions.T @ covariances @ view.directions
    out[:, 3], out[:, 4], out[:, 5] = flat[:, 0, 0], flat[:, 0, 1], flat[:, 1, 1]
    return out


def _left_out(
    tables: DatasetTables, runs: pd.DataFrame, n_runs: int, n_points: int, steps: list[int]
) -> str:
    """Say what of this data set the page does not hold, or nothing."""
    parts = []
    if len(runs) < n_runs:
        parts.append(
            f"{len(runs):,} of {n_runs:,} fits (of each model the best seed and some others)"
        )
    if n_points < tables.n_samples:
        parts.append(f"{n_points:,} of {tables.n_samples:,} samples (evenly spaced rows)")
    n_steps = tables.fits["iteration"].nunique()
    if len(steps) < n_steps:
        parts.append(f"{len(steps)} of {n_steps} snapshots")
    return f"Embedded here: {', '.join(parts)}." if parts else ""


def _packed(numbers: Array) -> str:
    return b64encode(np.ascontiguousarray(numbers, "<f4").tobytes()).decode()

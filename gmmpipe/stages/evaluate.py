"""Turn the fits of a version into tables: a row per cell, component, fit and sample."""

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from gmmpipe import artifacts, blocks
from gmmpipe.errors import InputError
from gmmpipe.numerics import em
from gmmpipe.numerics.assessment import Assessor
from gmmpipe.numerics.identity import component_of
from gmmpipe.numerics.missing import imputed
from gmmpipe.numerics.mixture import Mixture
from gmmpipe.numerics.normalise import Affine
from gmmpipe.numerics.selection import CRITERIA
from gmmpipe.numerics.soundness import Soundness
from gmmpipe.numerics.starts import STARTS
from gmmpipe.study import AXES, TABLES, Study
from gmmpipe.tables import BOX, to_mixture
from gmmpipe.tables.cases import Case
from gmmpipe.tables.lineage import lineage
from gmmpipe.tables.numbering import numbered
from gmmpipe.tables.ranking import Run, certificates, rank, trusted
from gmmpipe.tables.recovery import recovery
from gmmpipe.tables.stability import stability

Row = dict[str, Any]
SHOWN = ["dataset", "normaliser", "covariance", "k", "log_likelihood", "n_parameters", "bic"]
SHOWN += ["delta_bic", "icl", "delta_icl", "hits", "draws", "optima", "p_new", "p_better"]
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>body {{ font: 14px sans-serif }} table {{ border-collapse: collapse }}
td, th {{ border: 0; border-bottom: 1px solid #ddd; padding: 3px 8px; text-align: right }}</style>
{table}</html>
"""


def run(inputs: Sequence[str], output: str, config: Mapping[str, Any], threads: int = 1) -> None:
    """Write the tables of the plan ``inputs[0]`` into the folder ``output``.

    Log-likelihoods, means and covariances are in original units, the starts in normalised ones;
    config is not used, the plan says it all. Raises InputError for a damaged artifact.
    """
    del config
    study = Study(inputs[0])
    rows: dict[str, list[Any]] = {name: [] for name in ("fits", "parameters", "trajectories")}
    rows |= {"runs": [], "ends": []}
    lost: list[Row] = []
    for normalised in dict.fromkeys(study.normalised(block) for block in study.plan["fits"]):
        ours = [b for b in study.plan["fits"] if study.normalised(b) == normalised]
        data = _Data(study, ours[0])
        for block in ours:
            section = study.plan["fits"][block]["config"]
            arrays = artifacts.read_arrays(study.fit(block))
            for stored in blocks.from_arrays(arrays):
                _fit(data, section, stored, rows, threads)
            for failed in blocks.failed_in(arrays):
                lost.extend(_failed(data, section, failed))
    if not rows["ends"]:
        raise InputError(f"every fit failed, e.g.: {lost[0]['reason']}")
    columns = list(rows["fits"][0])
    rows["fits"] += lost
    _put_in_order(rows, [*AXES[:4], *study.outer])
    ends = rows.pop("ends")
    frames = {name: pd.DataFrame(found) for name, found in rows.items()}
    frames["fits"] = frames["fits"][columns]
    frames["certificates"] = certificates(ends, study.outer, _seedless(study))
    best = rank(frames["fits"], study.outer)
    frames["best"] = trusted(best, frames["certificates"], study.outer)
    frames |= numbered(frames, study.outer)
    selected = list(_selected(study, frames))
    frames["labels"] = _labels(study, selected, threads)
    frames["lineage"] = lineage(
        frames["best"], frames["parameters"], _cases(study), study.outer, threads
    )
    frames["stability"] = stability(frames["runs"], study.outer)
    frames["recovery"] = recovery(
        frames["best"], frames["parameters"], _cases(study), study.outer, threads
    )
    for name in TABLES:
        artifacts.write_frame(f"{output}/{name}.parquet", frames[name])
    if study.imputes:
        artifacts.write_frame(f"{output}/imputed.parquet", _imputed(study, selected))
    frames["failed"] = frames["fits"].query("status == 'failed'")
    for name in ("fits", "best", "certificates", "failed"):
        artifacts.write_frame(f"{output}/{name}.csv", frames[name])
    shown = ["rank", *study.outer, *SHOWN]
    page = frames["best"][shown].to_html(index=False, float_format="{:.4f}".format)
    artifacts.write(f"{output}/best.html", PAGE.format(title="Best fits", table=page))
    _write_drawn(study, output)


def _put_in_order(rows: Mapping[str, list[Any]], axes: Sequence[str]) -> None:
    """Sort rows within each point of the axes by K and seed, whatever blocks they came from."""
    points: dict[str, int] = {}

    def place(row: Row | Run) -> tuple[int, int, int]:
        key = row.key if isinstance(row, Run) else row
        point = repr([key[axis] for axis in axes])
        return points.setdefault(point, len(points)), key["k"], key["seed"]

    for found in rows.values():
        found.sort(key=place)


class _Data:
    """The normalised data that some blocks fit, the map to them, and the true groups."""

    def __init__(self, study: Study, block: str) -> None:
        stored = artifacts.read_arrays(study.normalised(block))
        raw = artifacts.read_arrays(study.raw(study.plan["fits"][block]["normalised"]))
        x, weight = stored["x"], stored.get("weight")
        self.assess = Assessor(x, weight, raw.get("labels"))
        self.affine = Affine(stored["shift"], stored["scale"])
        self.volume, self.d = self.affine.log_volume(x, weight), x.shape[1]
        weight = np.ones(len(x)) if weight is None else weight
        self.total, self.probed = float(weight.sum()), weight[self.assess.probe]


def _fit(
    data: _Data, section: Row, stored: blocks.Stored, rows: dict[str, list[Any]], threads: int
) -> None:
    """Append the rows of one fit to the tables."""
    fit, family = stored.fit, section["covariance"]["family"]
    frozen = section["fit"].get("frozen", ())
    noisy = fit.snapshots[0].mixture.box is not None
    parameters = em.n_parameters(family, stored.k, data.d, frozen, noisy)
    key = {**section["coordinates"], "k": stored.k, "seed": stored.seed}
    rows["trajectories"].append({**key, "log_likelihood": fit.trajectory - data.volume})
    for snapshot in fit.snapshots:
        cell = {**key, "iteration": snapshot.iteration}
        total = snapshot.log_likelihood - data.volume
        found = data.assess(snapshot.mixture, family, frozen, threads)
        sound = found.soundness
        reason = "; ".join(filter(None, (fit.degenerate, sound.reasons)))
        row = {
            **cell,
            "n_iter": snapshot.n_iter,
            "converged": snapshot.converged,
            "degenerate": bool(reason),
            "log_likelihood": total,
            "n_parameters": parameters,
        }
        for name, criterion in CRITERIA.items():
            row[name] = criterion(total, parameters, data.total, found.entropy)
        row |= found.agreement
        row |= {"least_eigenvalue": sound.eigenvalues.min(), "least_samples": sound.counts.min()}
        row |= {"most_tied": sound.tied.max(), "noise": snapshot.mixture.noise}
        row |= {"status": "ok", "reason": reason}
        rows["fits"].append(row)
        rows["parameters"].extend(
            _components(cell, data.affine, snapshot.mixture, fit.start, sound)
        )
    compared = found.labels.astype(np.min_scalar_type(-stored.k - 1))
    end = {"log_likelihood": total, "degenerate": bool(reason), "labels": compared}
    rows["runs"].append({**key, **end, "weight": data.probed})
    rows["ends"].append(Run(key, total, snapshot.mixture, not reason))


def _failed(data: _Data, section: Row, lost: blocks.Failed) -> Iterator[Row]:
    """Yield the rows of a cell that could not be fitted: numbers are missing, it is never best."""
    fit, family = section["fit"], section["covariance"]["family"]
    noisy = fit.get("noise", 0) > 0
    parameters = em.n_parameters(family, lost.k, data.d, fit.get("frozen", ()), noisy)
    for iteration in section["iteration"]:
        yield {
            **section["coordinates"],
            "k": lost.k,
            "seed": lost.seed,
            "iteration": iteration,
            "n_iter": 0,
            "converged": False,
            "degenerate": True,
            "n_parameters": parameters,
            "status": "failed",
            "reason": lost.reason,
        }


def _components(
    cell: Row, affine: Affine, mixture: Mixture, start: Mixture, sound: Soundness
) -> list[Row]:
    original = affine.invert(mixture)
    box = {} if original.box is None else dict(zip(BOX, original.box, strict=True))
    return [
        {
            **cell,
            **box,
            "component": j,
            "weight": original.weights[j],
            "mean": original.means[j],
            "covariance_matrix": original.covariances[j].ravel(),
            "start_weight": start.weights[j],
            "start_mean": start.means[j],
            "start_covariance": start.covariances[j].ravel(),
            "eigenvalue": sound.eigenvalues[j],
            "samples": sound.counts[j],
            "tied": sound.tied[j],
        }
        for j in range(mixture.n_components)
    ]


def _seedless(study: Study) -> set[str]:
    """Return the names of the starts that draw nothing at random."""
    starts = study.plan["config"]["start"].items()
    return {name for name, o in starts if getattr(STARTS[o["method"]], "seedless", False)}


def _selected(
    study: Study, frames: Mapping[str, pd.DataFrame]
) -> Iterator[tuple[Row, Row, Mixture]]:
    """Yield each case with a selected model, and that model; print it."""
    keys = [c for c in frames["parameters"].columns if c in frames["fits"].columns]
    for at, data in _cases(study):
        chosen = frames["best"][frames["best"]["rank"] == 1]
        for axis, value in at.items():
            chosen = chosen[chosen[axis] == value]
        if chosen.empty:
            print(f"{at}: every fit is degenerate, so no model is selected")
            continue
        mixture = to_mixture(chosen[keys].merge(frames["parameters"], on=keys))
        print(f"{chosen[keys].iloc[0].to_dict()}: BIC {chosen['bic'].iloc[0]:.3f}")
        print(mixture.describe())
        yield dict(at), dict(data), mixture


def _labels(
    study: Study, selected: Sequence[tuple[Row, Row, Mixture]], threads: int
) -> pd.DataFrame:
    """Return each sample's component by the selected model of its data set."""
    parts = []
    for at, data, mixture in selected:
        _, log_resp = em.log_responsibilities(data["x"], mixture, threads, "mar")
        columns = {**at, "row": np.arange(len(log_resp))}
        columns["component"] = component_of(log_resp, mixture)
        columns["probability"] = np.exp(log_resp.max(axis=1))
        columns["label"] = data["classes"][data["labels"]] if "labels" in data else None
        parts.append(pd.DataFrame(columns).astype({"label": "string"}))
    names = [*study.outer, "dataset", "row", "component", "probability", "label"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)


def _imputed(study: Study, selected: Sequence[tuple[Row, Row, Mixture]]) -> pd.DataFrame:
    """Return a row for each missing value: its mean given what is observed of the sample."""
    parts = []
    for at, data, mixture in selected:
        rows, columns = np.nonzero(np.isnan(data["x"]))
        found = {"row": rows, "feature": data["features"][columns]}
        found["mean"] = imputed(data["x"], mixture)[rows, columns]
        parts.append(pd.DataFrame({**at, **found}).astype({"feature": "string"}))
    names = [*study.outer, "dataset", "row", "feature", "mean"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)


def _cases(study: Study) -> Iterator[Case]:
    """Yield the coordinates and the arrays of each data set at each outer point."""
    for name, at in study.cases():
        yield at, artifacts.read_arrays(study.stored(name))


def _write_drawn(study: Study, output: str) -> None:
    """Write the data sets drawn at random as numpy.savetxt does, for numpy.loadtxt."""
    for stored, name in study.drawn.items():
        text = io.StringIO()
        np.savetxt(text, artifacts.read_arrays(study.stored(stored))["x"])
        artifacts.write(f"{output}/{name}", text.getvalue())

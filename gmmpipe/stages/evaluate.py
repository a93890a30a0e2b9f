"""Turn the fits of a version into tables: a row per cell, component, fit and sample."""

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from gmmpipe import artifacts, blocks
from gmmpipe.numerics import em
from gmmpipe.numerics.identity import probe
from gmmpipe.numerics.metrics import METRICS, Codes
from gmmpipe.numerics.mixture import Array, Mixture
from gmmpipe.numerics.normalise import Affine
from gmmpipe.numerics.selection import CRITERIA
from gmmpipe.numerics.soundness import Soundness, Ties, soundness
from gmmpipe.numerics.starts import STARTS
from gmmpipe.study import AXES, TABLES, Study
from gmmpipe.tables.cases import Case, to_mixture
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
    for normalised in dict.fromkeys(study.normalised(block) for block in study.plan["fits"]):
        ours = [b for b in study.plan["fits"] if study.normalised(b) == normalised]
        data = _Data(study, ours[0])
        for block in ours:
            section = study.plan["fits"][block]["config"]
            for stored in blocks.from_arrays(artifacts.read_arrays(study.fit(block))):
                _fit(data, section, stored, rows, threads)
    _put_in_order(rows, [*AXES[:4], *study.outer])
    ends = rows.pop("ends")
    frames = {name: pd.DataFrame(found) for name, found in rows.items()}
    frames["certificates"] = certificates(ends, study.outer, _seedless(study))
    best = rank(frames["fits"], study.outer)
    frames["best"] = trusted(best, frames["certificates"], study.outer)
    frames |= numbered(frames, study.outer)
    frames["labels"] = _labels(study, frames, threads)
    frames["lineage"] = lineage(
        frames["best"], frames["parameters"], _cases(study), study.outer, threads
    )
    frames["stability"] = stability(frames["runs"], study.outer)
    frames["recovery"] = recovery(
        frames["best"], frames["parameters"], _cases(study), study.outer, threads
    )
    for name in TABLES:
        artifacts.write_frame(f"{output}/{name}.parquet", frames[name])
    for name in ("fits", "best", "certificates"):
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
        self.x: Array = stored["x"]
        self.ties = Ties(self.x)
        self.affine = Affine(stored["shift"], stored["scale"])
        self.truth = raw.get("labels")
        self.probe = probe(len(self.x))


def _fit(
    data: _Data, section: Row, stored: blocks.Stored, rows: dict[str, list[Any]], threads: int
) -> None:
    """Append the rows of one fit to the tables."""
    fit, (n, d) = stored.fit, data.x.shape
    family = section["covariance"]["family"]
    parameters = em.n_parameters(family, stored.k, d)
    key = {**section["coordinates"], "k": stored.k, "seed": stored.seed}
    volume = n * data.affine.log_volume
    rows["trajectories"].append({**key, "log_likelihood": fit.trajectory - volume})
    for snapshot in fit.snapshots:
        cell = {**key, "iteration": snapshot.iteration}
        total = snapshot.log_likelihood - volume
        labels, entropy, sound = _assign(data, snapshot.mixture, family, threads)
        reason = "; ".join(filter(None, (fit.degenerate, sound.reasons)))
        row = {
            **cell,
            "n_iter": snapshot.n_iter,
            "converged": snapshot.converged,
            "degenerate": bool(reason),
            "log_likelihood": total,
            "n_parameters": parameters,
        }
        row |= {name: f(total, parameters, n, entropy) for name, f in CRITERIA.items()}
        if data.truth is None:
            row |= dict.fromkeys(METRICS, np.nan)
        else:
            row |= {name: metric(labels, data.truth) for name, metric in METRICS.items()}
        row |= {"least_eigenvalue": sound.eigenvalues.min(), "least_samples": sound.counts.min()}
        rows["fits"].append({**row, "most_tied": sound.tied.max(), "reason": reason})
        rows["parameters"].extend(
            _components(cell, data.affine, snapshot.mixture, fit.start, sound)
        )
    compared = labels[data.probe].astype(np.min_scalar_type(stored.k))
    end = {"log_likelihood": total, "degenerate": bool(reason), "labels": compared}
    rows["runs"].append({**key, **end})
    rows["ends"].append(Run(key, total, snapshot.mixture, not reason))


def _assign(
    data: _Data, mixture: Mixture, family: str, threads: int
) -> tuple[Codes, float, Soundness]:
    """Return each sample's component, the entropy of the responsibilities, and soundness."""
    _, log_resp = em.log_responsibilities(data.x, mixture, threads)
    resp = np.exp(log_resp)
    entropy = float(-np.sum(resp * np.where(resp > 0, log_resp, 0)))
    return resp.argmax(axis=1), entropy, soundness(mixture, family, resp, data.ties)


def _components(
    cell: Row, affine: Affine, mixture: Mixture, start: Mixture, sound: Soundness
) -> list[Row]:
    original = affine.invert(mixture)
    return [
        {
            **cell,
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


def _labels(study: Study, frames: dict[str, pd.DataFrame], threads: int) -> pd.DataFrame:
    """Return each sample's component by the selected model of its data set; print the model."""
    keys = [c for c in frames["parameters"].columns if c in frames["fits"].columns]
    parts = []
    for name, at in study.cases():
        data = artifacts.read_arrays(study.stored(name))
        chosen = frames["best"][frames["best"]["rank"] == 1]
        for axis, value in at.items():
            chosen = chosen[chosen[axis] == value]
        if chosen.empty:
            print(f"{at}: every fit is degenerate, so no model is selected")
            continue
        found = chosen[keys].merge(frames["parameters"], on=keys)
        mixture = to_mixture(found)
        print(f"{chosen[keys].iloc[0].to_dict()}: BIC {chosen['bic'].iloc[0]:.3f}")
        print(mixture.describe())
        _, log_resp = em.log_responsibilities(data["x"], mixture, threads)
        columns = {**at, "row": np.arange(len(data["x"])), "component": log_resp.argmax(axis=1)}
        columns["probability"] = np.exp(log_resp.max(axis=1))
        columns["label"] = data["classes"][data["labels"]] if "labels" in data else None
        parts.append(pd.DataFrame(columns).astype({"label": "string"}))
    names = [*study.outer, "dataset", "row", "component", "probability", "label"]
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

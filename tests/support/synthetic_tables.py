"""Tables as a run would write them, from an EM of a few lines of numpy."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from certifying import certify_all
from scipy.special import logsumexp

from gmmpipe.figures import DatasetTables
from gmmpipe.mixture.bootstrap.intervals import p_value
from gmmpipe.mixture.diagnostics.metrics import METRICS
from gmmpipe.mixture.mixture import FIRST, Mixture
from gmmpipe.results.bootstrap_tests import decided
from gmmpipe.results.build.lineage import lineage
from gmmpipe.results.build.ranking import FinishedRun, trusted
from gmmpipe.results.build.recovery import recovery
from gmmpipe.results.build.stability import stability

EMPTY = pd.DataFrame()
CONSTRAINTS = {
    "full": lambda covariances, _: covariances,
    "tied": lambda covariances, w: np.broadcast_to(
        np.einsum("k,kij->ij", w, covariances), covariances.shape
    ),
    "diag": lambda covariances, _: covariances * np.eye(covariances.shape[1]),
    "spherical": lambda covariances, _: (
        np.trace(covariances, axis1=1, axis2=2)[:, None, None]
        / covariances.shape[1]
        * np.eye(covariances.shape[1])
    ),
}


def n_parameters(family: str, k: int, d: int) -> int:
    covariance = {
        "full": k * d * (d + 1) // 2,
        "tied": d * (d + 1) // 2,
        "diag": k * d,
        "spherical": k,
    }
    return k - 1 + k * d + covariance[family]


def joint(x, weights, means, covariances):
    """Return the log of weight times density, (N, K)."""
    columns = []
    for w, mean, covariance in zip(weights, means, covariances, strict=True):
        factor = np.linalg.cholesky(covariance)
        z = np.linalg.solve(factor, (x - mean).T)
        log_volume = np.log(np.diag(factor)).sum() + x.shape[1] / 2 * np.log(2 * np.pi)
        columns.append(np.log(w) - (z**2).sum(axis=0) / 2 - log_volume)
    return np.array(columns).T


def entropy(x, mixture):
    terms = joint(x.to_numpy(float), *mixture)
    resp = np.exp(terms - logsumexp(terms, axis=1, keepdims=True))
    return float(-np.sum(resp * np.log(np.maximum(resp, 1e-300))))


def em(x, run, iterations):
    """Return the log-likelihoods (n_iter + 1,) and the mixture after each of ``iterations``."""
    k, family = run["k"], run["covariance"]
    rng = np.random.default_rng([run["seed"], k, sum(map(ord, run["start"]))])
    centres = x[rng.choice(len(x), k, replace=False)]
    if run["start"] == "uniform":
        centres = rng.uniform(x.min(axis=0), x.max(axis=0), size=(k, x.shape[1]))
    ridge = 1e-6 * np.diag(np.maximum(x.var(axis=0), 1e-9))
    mixture = (np.full(k, 1 / k), centres, np.array([np.diag(np.ptp(x, axis=0) ** 2) + ridge] * k))
    trajectory, snapshots = [], {}
    for i in range(max(iterations) + 1):
        terms = joint(x, *mixture)
        total = logsumexp(terms, axis=1)
        trajectory.append(float(total.sum()))
        if i in iterations:
            snapshots[i] = mixture
        resp = np.exp(terms - total[:, None])
        counts = resp.sum(axis=0) + 1e-12
        means = resp.T @ x / counts[:, None]
        gaps = x[:, None] - means
        scatter = np.einsum("nk,nki,nkj->kij", resp, gaps, gaps) / counts[:, None, None]
        weights = counts / counts.sum()
        mixture = (weights, means, CONSTRAINTS[family](scatter, weights) + ridge)
    return trajectory, snapshots


def replay(x, row, counts):
    _, snapshots = em(x, row, counts)
    return [Mixture(*snapshots[count]) for count in counts]


def build(dataset: str, x: pd.DataFrame, labels: pd.Series | None, **sweep: Any) -> DatasetTables:
    """Return the tables of a sweep of family, start, k and seed over one data set."""
    axes = {"covariance": ["full"], "start": ["points"], "k": [2], "seed": [0]} | sweep
    iterations = axes.pop("iteration", [1, 5, 20])
    degenerate = axes.pop("degenerate", lambda _: False)
    fits, parameters, trajectories, runs, ends = [], [], [], [], []
    truth = None if labels is None else pd.factorize(labels)[0]
    for values in product(*axes.values()):
        run = {"dataset": dataset, "normaliser": "minmax"} | dict(zip(axes, values, strict=True))
        trajectory, snapshots = em(x.to_numpy(float), run, iterations)
        trajectories.append(run | {"log_likelihood": trajectory})
        runs.append(
            FinishedRun(
                run,
                trajectory[-1],
                trajectory[-1],
                Mixture(*snapshots[max(snapshots)]),
                "degenerate" if degenerate(run) else "maximum",
            )
        )
        found = joint(x.to_numpy(float), *snapshots[max(snapshots)]).argmax(axis=1)
        ends.append(run | {"degenerate": degenerate(run), "labels": found})
        agreement = {} if truth is None else {n: METRICS[n](found, truth) for n in METRICS}
        for i, mixture in snapshots.items():
            n = n_parameters(run["covariance"], run["k"], len(x.columns))
            cell = run | {"iteration": i}
            fits.append(
                cell
                | {"n_iter": i, "converged": False, "degenerate": degenerate(run)}
                | {"log_likelihood": trajectory[i], "n_parameters": n}
                | {"end": "degenerate" if degenerate(run) else "maximum", "limit": trajectory[-1]}
                | {"bic": n * np.log(len(x)) - 2 * trajectory[i]}
                | {"icl": n * np.log(len(x)) - 2 * trajectory[i] + 2 * entropy(x, mixture)}
                | agreement
            )
            parameters += [
                cell
                | {"component": j + 1, "weight": w, "mean": list(m), "covariance_matrix": c.ravel()}
                for j, (w, m, c) in enumerate(zip(*mixture, strict=True))
            ]
    tables = {"fits": fits, "parameters": parameters, "trajectories": trajectories}
    frames = {name: pd.DataFrame(rows) for name, rows in tables.items()}
    values = x.to_numpy(float)
    frames["replay"] = lambda row, counts: replay(values, row, counts)
    frames["certificates"], which = certify_all(runs)
    frames["fits"]["optimum"] = np.repeat(which, len(iterations)) + FIRST
    frames["stability"] = stability(pd.DataFrame(ends), [])
    return evaluate(DatasetTables(dataset, x, labels, best=EMPTY, assignments=EMPTY, **frames))


def drawn_from(x: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Return the arrays of data that were drawn from the moments of their groups."""
    groups = [x[labels == group] for group in np.unique(labels)]
    covariances = [np.cov(g.T).reshape(x.shape[1], -1) for g in groups]
    return {
        "x": x,
        "labels": labels,
        "true_weights": np.array([len(g) for g in groups]) / len(x),
        "true_means": np.array([g.mean(axis=0) for g in groups]),
        "true_covariances": np.array(covariances),
    }


def evaluate(tables: DatasetTables) -> DatasetTables:
    """Return ``tables`` with ``best`` and ``assignments`` worked out from the rest."""
    fits = tables.fits
    sound = fits[~fits["degenerate"]].sort_values("log_likelihood", ascending=False)
    best = sound.drop_duplicates(["normaliser", "covariance", "k"]).sort_values("bic")
    best = best.assign(rank=np.arange(1, len(best) + 1))
    tables = replace(tables, best=trusted(best, tables.certificates, []))
    if not tables.has_selection:
        return tables
    x = tables.x.to_numpy(float)
    data = {"x": x}
    if tables.labels is not None and np.ptp(x, axis=0).all():
        data = drawn_from(x, pd.factorize(tables.labels)[0])
    case = [({"dataset": tables.dataset}, data)]
    tables = replace(
        tables,
        lineage=lineage(tables.best, tables.parameters, case, []),
        recovery=recovery(tables.best, tables.parameters, case, []),
    )
    mixture = tables.mixture(tables.selected())
    terms = joint(tables.x.to_numpy(float), mixture.weights, mixture.means, mixture.covariances)
    probability = np.exp(terms.max(axis=1) - logsumexp(terms, axis=1))
    chosen = {"component": terms.argmax(axis=1) + 1, "probability": probability}
    tests = bootstrap_tests(tables)
    intervals = pd.DataFrame(bootstrap_intervals(tables))
    assignments = pd.DataFrame(chosen)
    return replace(tables, assignments=assignments, tests=tests, intervals=intervals)


def bootstrap_tests(tables: DatasetTables) -> pd.DataFrame:
    """Return tests of every K of every family: the first is far out, of the second two are lost."""
    rows, rng = [], np.random.default_rng(9)
    for row in tables.best[["normaliser", "covariance"]].drop_duplicates().to_dict("records"):
        for i, k in enumerate(sorted(tables.fits["k"].unique())):
            null = rng.chisquare(6, 99)
            null[:2] = np.nan if i == 1 else null[:2]
            observed = 300.0 if i == 0 else 7.0
            p, error = p_value(observed, null)
            rows.append(
                row
                | {"k0": k, "k1": k + 1, "statistic": observed, "replicates": 99}
                | {"degenerate": int(np.isnan(null).sum()), "p_value": p, "mc_error": error}
                | {"dataset": tables.dataset, "reason": "", "null": null}
            )
    return decided(pd.DataFrame(rows), [], 0.05)


def bootstrap_intervals(tables: DatasetTables) -> list[dict[str, Any]]:
    """Return intervals of the selected mixture, of two kinds."""
    row = tables.selected()
    mixture, rows = tables.mixture(row), []
    key = {name: row[name] for name in ("normaliser", "covariance", "k")}
    for kind, width in (("parametric", 0.1), ("nonparametric", 0.13)):
        for j in range(mixture.n_components):
            values = [("weight", "", mixture.weights[j])]
            pairs = zip(tables.x.columns, mixture.means[j], strict=True)
            values += [("mean", name, value) for name, value in pairs]
            for parameter, feature, value in values:
                se = width * (0.1 if parameter == "weight" else 1)
                rows.append(
                    key
                    | {"kind": kind, "component": j + 1, "parameter": parameter, "feature": feature}
                    | {"other_feature": "", "estimate": value, "se": se, "level": 0.05}
                    | {"low": value - 2 * se, "high": value + 2 * se}
                    | {"replicates": 99, "degenerate": 3 if kind == "parametric" else 0}
                )
    return rows

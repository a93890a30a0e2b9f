"""Some fits of one K from one block, as rows of the long tables."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from gmmpipe.mixture.diagnostics.assessment import Assessment
from gmmpipe.mixture.diagnostics.criteria import CRITERIA
from gmmpipe.mixture.diagnostics.metrics import METRICS
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.fit_arrays import FailedCell, FittedCell, fit_options
from gmmpipe.mixture.mixture import FIRST, Array, Mixture
from gmmpipe.results.build.data import Data
from gmmpipe.results.build.schemas import batch, encoded, lists
from gmmpipe.results.columns import BOX, DEFECTS
from gmmpipe.store.jobs import FitJob

Cell: TypeAlias = FittedCell | FailedCell


class BlockContext(NamedTuple):
    """What all cells of a block share: their parameters, data and the schemas of their rows."""

    job: FitJob
    data: Data
    schemas: Mapping[str, pa.Schema]


def is_noisy(job: FitJob) -> bool:
    """Return whether the fits of a block have a noise component."""
    return fit_options(job.fit).noise > 0


class SliceRows:
    """Cells of one K, by seed: fits, assessed, and those that failed.

    Log-likelihoods, means and covariances are in original units, starts and ends in normalised
    ones. F fits, S snapshots of each.
    """

    def __init__(self, cells: Sequence[Cell], block: BlockContext) -> None:
        self.cells, self.job, self.data = cells, block.job, block.data
        self.wanted, job = block.schemas, block.job
        self.fits = [cell for cell in cells if isinstance(cell, FittedCell)]
        self.k = cells[0].k
        self.at = {**job.coordinates, "k": self.k}
        options = fit_options(job.fit)
        self.frozen, self.prior = options.frozen, "prior" in options.features()
        self.family = job.covariance["family"]
        self.assessed = [self._assess(stored) for stored in self.fits]
        self.defects = [
            [s.fit.degenerate + a.soundness.defects for a in assessments]
            for s, assessments in zip(self.fits, self.assessed, strict=True)
        ]

    def _assess(self, stored: FittedCell) -> list[Assessment]:
        """Return the assessment of each snapshot; those after convergence are all the same."""
        by_n_iter: dict[int, Assessment] = {}
        for snapshot in stored.fit.snapshots:
            if snapshot.n_iter not in by_n_iter:
                mixture = snapshot.mixture
                by_n_iter[snapshot.n_iter] = self.data.assess(
                    mixture, self.family, self.frozen, self.prior
                )
        return [by_n_iter[snapshot.n_iter] for snapshot in stored.fit.snapshots]

    def batches(self) -> dict[str, pa.RecordBatch]:
        """Return the rows of each long table, and the ends."""
        return {
            "fits": self._fits(),
            "parameters": self._parameters(),
            "trajectories": self._trajectories(),
            "ends": self._ends(),
        }

    def _fits(self) -> pa.RecordBatch:
        """Return a row for each snapshot of each cell; of those that failed, numbers are null."""
        snapshots = [snapshot for s in self.fits for snapshot in s.fit.snapshots]
        assessments = [assessment for each in self.assessed for assessment in each]
        total = [s.log_likelihood - self.data.volume for s in snapshots]
        entropy = [a.entropy for a in assessments]
        count = em.n_parameters(
            self.family, self.k, self.data.x.shape[1], self.frozen, is_noisy(self.job)
        )
        criteria = {
            name: [f(t, count, self.data.total, e) for t, e in zip(total, entropy, strict=True)]
            for name, f in CRITERIA.items()
        }
        sound = [a.soundness for a in assessments]
        numbers: dict[str, list[float]] = {
            "log_likelihood": total,
            **criteria,
            **{name: [a.agreement[name] for a in assessments] for name in METRICS},
            "least_eigenvalue": [s.eigenvalues.min() for s in sound],
            "least_samples": [s.counts.min() for s in sound],
            "most_tied": [s.tied.max() for s in sound],
            "noise": [s.mixture.noise for s in snapshots],
            "log_prior": [s.log_prior for s in snapshots],
            "limit": np.repeat(self._limits(), len(self.job.iteration)).tolist(),
        }
        defects = [defect for each in self.defects for defect in each]
        failed: list[FailedCell] = [cell for cell in self.cells if isinstance(cell, FailedCell)]
        steps = self.job.iteration
        lost, ok = len(failed) * len(steps), len(snapshots)
        seeds = [s.seed for s in self.fits] + [f.seed for f in failed]
        columns: dict[str, Any] = {name: n + [np.nan] * lost for name, n in numbers.items()}
        columns |= {
            "seed": np.repeat(seeds, len(steps)).astype(int),
            "iteration": steps * len(seeds),
            "n_iter": [s.n_iter for s in snapshots] + [0] * lost,
            "converged": [s.converged for s in snapshots] + [False] * lost,
            "degenerate": [bool(defect) for defect in defects] + [True] * lost,
            "end": [s.end.kind for s in self.fits for _ in steps] + [""] * lost,
            "status": ["ok"] * ok + ["failed"] * lost,
            "reason": [""] * ok + [f.reason for f in failed for _ in steps],
            DEFECTS: encoded([*defects, *([()] * lost)]),
        }
        rows = batch(self.wanted["fits"], ok + lost, {**self.at, "n_parameters": count}, columns)
        return rows.take(np.argsort(columns["seed"], kind="stable")) if failed else rows

    def _limits(self) -> Array:
        """Return the log-likelihood at the end of each run, NaN where it was not carried on."""
        return np.array([s.end.log_likelihood for s in self.fits]) - self.data.volume

    def _parameters(self) -> pa.RecordBatch:
        """Return a row for each component of each snapshot of each fit."""
        snapshots = [snapshot for s in self.fits for snapshot in s.fit.snapshots]
        steps = len(self.job.iteration)
        rows, d = len(snapshots) * self.k, self.data.x.shape[1]
        original = self.data.affine.invert(_stacked([s.mixture for s in snapshots], d))
        start = _stacked([s.fit.start for s in self.fits], d)
        box = (
            {}
            if original.box is None
            else dict(zip(BOX, np.repeat(original.box[:, None], rows, axis=1), strict=True))
        )
        sound = [assessment.soundness for each in self.assessed for assessment in each]
        iteration = self.job.iteration * len(self.fits)
        columns = {
            **box,
            "seed": np.repeat([s.seed for s in self.fits], steps * self.k).astype(int),
            "iteration": np.repeat(iteration, self.k).astype(int),
            "component": np.tile(np.arange(self.k) + FIRST, len(snapshots)),
            "weight": original.weights,
            "mean": original.means,
            "covariance_matrix": original.covariances.reshape(rows, d * d),
            "start_weight": self._each_step(start.weights),
            "start_mean": self._each_step(start.means),
            "start_covariance": self._each_step(start.covariances).reshape(rows, d * d),
            "eigenvalue": _joined([s.eigenvalues for s in sound]),
            "samples": _joined([s.counts for s in sound]),
            "tied": _joined([s.tied for s in sound]),
        }
        return batch(self.wanted["parameters"], rows, self.at, columns)

    def _each_step(self, values: Array) -> Array:
        """Return values (F * K, ...) of the starts beside every snapshot, (F * S * K, ...)."""
        by_fit = values.reshape(len(self.fits), self.k, *values.shape[1:])
        repeated: Array = np.repeat(by_fit, len(self.job.iteration), axis=0)
        return repeated.reshape(-1, *values.shape[1:])

    def _trajectories(self) -> pa.RecordBatch:
        """Return a row for each fit."""
        schema = self.wanted["trajectories"]
        values = _joined([s.fit.trajectory for s in self.fits]) - self.data.volume
        ends = np.cumsum([0, *(len(s.fit.trajectory) for s in self.fits)])
        log_likelihood = lists(ends, values, schema.field("log_likelihood").type)
        columns = {"seed": [s.seed for s in self.fits], "log_likelihood": log_likelihood}
        return batch(schema, len(self.fits), self.at, columns)

    def _ends(self) -> pa.RecordBatch:
        """Return a row for each fit: where it ends, and the labels of the samples compared.

        weights, means and covariances are of the mixture that the run was carried on to.
        """
        last, d = [s.fit.snapshots[-1] for s in self.fits], self.data.x.shape[1]
        mixture, rows = _stacked([s.end.mixture for s in self.fits], d), len(last)
        columns = {
            "seed": [s.seed for s in self.fits],
            "log_likelihood": np.array([s.log_likelihood for s in last]) - self.data.volume,
            "sound": [not defects[-1] for defects in self.defects],
            "end": [s.end.kind for s in self.fits],
            "limit": self._limits(),
            "objective": [s.end.objective for s in self.fits],
            "weights": mixture.weights.reshape(rows, self.k),
            "means": mixture.means.reshape(rows, self.k * d),
            "covariances": mixture.covariances.reshape(rows, self.k * d * d),
            "labels": np.array(
                [assessments[-1].labels for assessments in self.assessed], np.int32
            ).reshape(rows, len(self.data.assess.compared)),
        }
        return batch(self.wanted["ends"], rows, {}, columns)


def _joined(arrays: Sequence[Array]) -> Array:
    return np.concatenate([np.empty(0), *arrays])


def _stacked(mixtures: Sequence[Mixture], d: int) -> Mixture:
    """Return the components of all mixtures as those of one, with the box of the first."""
    return Mixture(
        _joined([m.weights for m in mixtures]),
        np.concatenate([np.empty((0, d)), *(m.means for m in mixtures)]),
        np.concatenate([np.empty((0, d, d)), *(m.covariances for m in mixtures)]),
        mixtures[0].box if mixtures else None,
    )

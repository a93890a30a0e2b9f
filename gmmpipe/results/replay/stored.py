"""A stored fit, ready to run again: its data, its start and settings, and what it came to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gmmpipe.errors import InputError
from gmmpipe.mixture.affine import Affine
from gmmpipe.mixture.fit_arrays import fit_options
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.results.experiment import StoredExperiment
from gmmpipe.results.mixtures import rows_at, start_of, to_mixture, trajectory_of
from gmmpipe.results.replay.engine import Case
from gmmpipe.store.manifest import arrays_of
from gmmpipe.store.names import project_of


@dataclass(frozen=True)
class StoredFit:
    """What a version holds of one fit.

    key names it. trajectory (iterations + 1,) is the log-likelihood in original units, volume
    what to add to have it in normalised ones. final is the mixture at the end in original units,
    None where no snapshot was kept there. reason says what is degenerate about the fit, or "".
    """

    key: dict[str, Any]
    case: Case
    affine: Affine
    trajectory: Array
    final: Mixture | None
    reason: str

    @property
    def volume(self) -> float:
        """Return N sum(log scale)."""
        return self.affine.log_volume(self.case.x)


class StoredFits:
    """The finished version of an experiment, its plan and its normalised data."""

    def __init__(self, experiment: StoredExperiment) -> None:
        self.experiment = experiment
        self.plan = experiment.study
        self._data: dict[str, dict[str, Any]] = {}

    def fit(self, row: Mapping[Any, Any], most: int | None) -> StoredFit:
        """Return the fit of a row of ``fits``, up to ``most`` iterations.

        Raises InputError where the store has lost the data or holds other data, or for a fit that
        is not of plain maximum likelihood.
        """
        keys = self.experiment.axes
        key = {name: row[name] for name in keys if name != "iteration"}
        iterations = int(row["n_iter"]) if most is None else min(most, int(row["n_iter"]))
        block = self._block(key)
        trajectory = trajectory_of(self.experiment.rows("trajectories", key))
        same = rows_at(self.experiment.fits, key)
        parts = self.experiment.rows("parameters", key)
        snapshots = same.loc[same["n_iter"] == iterations, "iteration"]
        data = self._normalised(block)
        job = self.plan.fit_blocks[block].config
        self._check(job.fit, data)
        start = start_of(rows_at(parts, {"iteration": row["iteration"]}))
        if start.means.shape[1] != data["x"].shape[1]:
            raise InputError(
                f"{self.experiment.folder}: the start of {key} has {start.means.shape[1]} features,"
                f" and the data {data['x'].shape[1]}; `gmmpipe verify` says what was changed"
            )
        case = Case(
            data["x"], start,
            job.covariance["family"], job.fit["regularisation"], job.fit["reg_covar"], iterations,
        )  # fmt: skip
        final = (
            None
            if snapshots.empty
            else to_mixture(rows_at(parts, {"iteration": snapshots.iloc[0]}))
        )
        affine = Affine(data["shift"], data["scale"])
        return StoredFit(key, case, affine, trajectory[: iterations + 1], final, str(row["reason"]))

    def _check(self, fit: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        """Refuse what other engines have no counterpart of."""
        for feature in sorted(fit_options(fit).features()):
            name = "regularisation" if feature == "prior" else feature
            raise InputError(
                f"{self.experiment.folder}: fit.{name} is {fit[name]}; a replay compares EM's own"
                " iterations of maximum likelihood of all parameters on whole rows, so give a"
                " version without it"
            )
        if "weight" in data:
            raise InputError(
                f"{self.experiment.folder}: the rows have weights, which a replay does not take"
            )

    def _block(self, key: Mapping[str, Any]) -> str:
        for name, block in self.plan.fit_blocks.items():
            job = block.config
            # with automatic restarts one block has all seeds of a k, more than were planned
            more = job.fit.get("restarts") == "auto"
            inner = key["k"] in job.k and (more or key["seed"] in job.seed)
            if inner and all(key[axis] == value for axis, value in job.coordinates.items()):
                return name
        raise InputError(f"{self.plan.path}: plans no fit {dict(key)}; run the experiment again")

    def _normalised(self, block: str) -> dict[str, Any]:
        """Return the arrays of the data that a block fits, the very bytes of this version."""
        path = self.plan.normalised(block)
        if path not in self._data:
            of = self.plan.normalised_data[self.plan.fit_blocks[block].normalised].data
            data_set = self.plan.data_sets[of]
            self._data[path] = arrays_of(
                project_of(self.experiment.folder),
                self.experiment.manifest,
                path,
                (data_set.n, data_set.d),
                ("x", "shift", "scale"),
            )
        return self._data[path]

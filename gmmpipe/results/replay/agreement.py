"""Two trajectories and two mixtures beside each other, and the verdict on them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from gmmpipe.mixture.bounds import within
from gmmpipe.mixture.diagnostics.matching import component_differences
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.results.replay.engine import Case, Step, Stopped
from gmmpipe.results.replay.stored import StoredFit

# Rounding alone differs: 1e-16 a sum, which EM amplifies while it leaves a saddle, to some 1e-12
# on sound fits (1e-10 where a component collapses). Another formula shows far above that.
# Log-likelihoods are measured against the larger of themselves and N nats: a total may pass
# through 0, its N terms of order 1 do not.
TRAJECTORY = 1e-9
# At an optimum log-likelihoods are flat: parameters are worth about half the digits. In standard
# deviations of the component, so that units do not matter.
PARAMETERS = 1e-6


@dataclass(frozen=True)
class Agreement:
    """A stored fit and its replay.

    stored, replayed: log-likelihoods in original units after 0, 1, ... iterations, NaN after the
    replay stopped. deviation: their relative difference. parameters: the largest deviation of
    weights (absolute), means and covariances (in standard deviations of the stored); empty where
    none is known.
    """

    stored: Array
    replayed: Array
    deviation: Array
    parameters: dict[str, float] = field(default_factory=dict)
    note: str = ""

    @property
    def first_difference(self) -> int | None:
        """Return the first iteration at which the log-likelihoods differ, None if they do not."""
        beyond = np.flatnonzero(~(self.deviation <= TRAJECTORY))
        return int(beyond[0]) if beyond.size else None

    @property
    def agrees(self) -> bool:
        """Return whether all is within the tolerances."""
        return self.first_difference is None and all(
            v <= PARAMETERS for v in self.parameters.values()
        )

    @property
    def verdict(self) -> str:
        """Return one line: agreement and how close, or where and by what they differ."""
        last, first = len(self.stored) - 1, self.first_difference
        if first is not None:
            stored, replayed = self.stored[first], self.replayed[first]
            they = "stopped" if np.isnan(replayed) else f"{replayed:.12g}"
            text = f"differs from iteration {first} on: ours {stored:.12g}, theirs {they}"
        elif not self.agrees:
            name = max(self.parameters, key=lambda name: self.parameters[name])
            text = f"differs in the {name} after {last} iterations: by {self.parameters[name]:.1e}"
        else:
            return f"agrees to {self.deviation.max():.1e} over {last} iterations"
        return f"{text} ({self.note})" if self.note else text


def compare_steps(stored: StoredFit, steps: Iterator[Step]) -> Agreement:
    """Return how a replay compares with what is stored."""
    n, volume = len(stored.case.x), stored.volume
    replayed = np.full(len(stored.trajectory), np.nan)
    case, scale = stored.case, None
    variances = case.x.var(axis=0)
    mixture, stopped, below = None, "", None
    try:
        for iteration, (total, mixture) in enumerate(steps):
            replayed[iteration] = total
            if below is None and scale is not None and _is_below(mixture, case, scale):
                below = iteration
            scale = within(mixture, variances, case.regularisation)
    except Stopped as reason:
        stopped = str(reason)
    log_likelihoods = stored.trajectory + volume
    with np.errstate(invalid="ignore"):
        deviation = np.abs(replayed - log_likelihoods) / np.maximum(np.abs(log_likelihoods), n)
    floor = f"theirs is below fit.regularisation={stored.case.regularisation:g}"
    notes = [stopped, f"{floor} from iteration {below} on" if below is not None else ""]
    notes.append(f"ours is degenerate: {stored.reason}" if stored.reason else "")
    parameters = {}
    if stored.final is not None and mixture is not None and not stopped:
        parameters = component_differences(stored.final, stored.affine.invert(mixture))
    note = "; ".join(filter(None, notes))
    return Agreement(stored.trajectory, replayed - volume, deviation, parameters, note)


def _is_below(mixture: Mixture, case: Case, scale: Array) -> bool:
    """Return whether a covariance has an eigenvalue below the floor, which ours never has."""
    floor = case.regularisation * scale
    if (floor == 0).any():
        return False
    scale = np.sqrt(np.multiply.outer(floor, floor))
    return bool(np.linalg.eigvalsh(mixture.covariances / scale).min() < 1 - 1e-6)

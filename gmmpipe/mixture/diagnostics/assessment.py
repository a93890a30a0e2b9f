"""What a mixture makes of the samples it was fitted to: their groups, and how good these are."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from gmmpipe.mixture.densities import Responsibilities
from gmmpipe.mixture.diagnostics.criteria import Entropy, entropies
from gmmpipe.mixture.diagnostics.matching import NOISE, comparison_rows, component_of
from gmmpipe.mixture.diagnostics.metrics import METRICS, Codes
from gmmpipe.mixture.diagnostics.soundness import ComponentEvidence, Soundness
from gmmpipe.mixture.diagnostics.ties import TiedValues
from gmmpipe.mixture.mixture import Array, Mixture


@dataclass(frozen=True)
class Assessment:
    """What was found of one mixture.

    labels (P,): the component of each sample compared between fits (``Assessor.compared``), NOISE
    where it is the noise; entropy: of the responsibilities;
    soundness: of its components; agreement: each metric of METRICS between its groups of all
    samples and the true ones, NaN where these are not known.
    """

    labels: Codes
    entropy: Entropy
    soundness: Soundness
    agreement: dict[str, float]


class Assessor:
    """Assesses mixtures of one data set x (N, D), NaN where missing, in the units of the mixtures.

    weight (N,): of the samples, 1 by default; truth (N,): codes from 0 on of the true groups, if
    known, below 0 where that of a sample is not. The samples are gone through in slices, none of
    them kept. ``compared`` has the rows by which fits are compared.
    """

    def __init__(
        self, x: Array, weight: Array | None = None, truth: Codes | None = None, threads: int = 1
    ) -> None:
        self.weight, self.truth = weight, truth
        self._responsibilities = Responsibilities(x, threads)
        self.compared = comparison_rows(len(x))
        self._tied_values = TiedValues(x)
        self._groups = 0 if truth is None else 1 + int(truth.max())

    def __call__(
        self, mixture: Mixture, family: str, frozen: Collection[str] = (), prior: bool = False
    ) -> Assessment:
        """Assess a mixture of a covariance family; frozen and prior: as ``SoundnessChecker``."""
        evidence = ComponentEvidence(mixture, self._tied_values, self.weight)
        tallies = np.zeros((mixture.n_components - NOISE, self._groups))
        labels, entropy = [], np.zeros(2)
        for rows, log_resp in self._responsibilities(mixture):
            resp, slice_weight = (
                np.exp(log_resp),
                None if self.weight is None else self.weight[rows],
            )
            entropy += entropies(log_resp, slice_weight)
            evidence.add(rows, resp)
            components = component_of(log_resp, mixture)
            first, last = np.searchsorted(self.compared, (rows.start, rows.stop))
            labels.append(components[self.compared[first:last] - rows.start])
            if self.truth is not None:
                cells = (components - NOISE) * self._groups + self.truth[rows]
                known = self.truth[rows] >= 0
                counted = known if slice_weight is None else slice_weight * known
                cells = np.where(known, cells, 0)
                tallies += np.bincount(cells, counted, tallies.size).reshape(tallies.shape)
        again = ((rows, np.exp(logs)) for rows, logs in self._responsibilities(mixture))
        sound = evidence.soundness(family, frozen, prior, again)
        return Assessment(
            np.concatenate(labels), Entropy(*entropy.tolist()), sound, self._agreement(tallies)
        )

    def _agreement(self, tallies: Array) -> dict[str, float]:
        """Return each metric of the samples, a table (found, true) of how many there are."""
        if not tallies.any():
            return dict.fromkeys(METRICS, np.nan)
        groups, classes = np.nonzero(tallies)  # as many samples in one are as one of that weight
        counts = tallies[groups, classes]
        return {name: metric(groups, classes, counts) for name, metric in METRICS.items()}

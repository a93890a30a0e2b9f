"""What a mixture makes of the samples it was fitted to: their groups, and how good these are."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from gmmpipe.numerics import em
from gmmpipe.numerics.identity import component_of, probe
from gmmpipe.numerics.metrics import METRICS, Codes
from gmmpipe.numerics.mixture import Array, Mixture
from gmmpipe.numerics.soundness import Soundness, Ties, soundness


@dataclass(frozen=True)
class Assessment:
    """What was found of one mixture.

    labels (P,): the component of each sample compared between fits (``Assessor.probe``), NOISE
    where it is the noise; entropy: of the responsibilities, -sum_nk w_n r_nk log r_nk in nats;
    soundness: of its components; agreement: each metric of METRICS between its groups of all
    samples and the true ones, NaN where these are not known.
    """

    labels: Codes
    entropy: float
    soundness: Soundness
    agreement: dict[str, float]


class Assessor:
    """Assesses mixtures of one data set x (N, D), NaN where missing, in the units of the mixtures.

    weight (N,): of the samples, 1 by default; truth (N,): codes of the true groups, if known.
    ``probe`` has the rows by which fits are compared.
    """

    def __init__(self, x: Array, weight: Array | None = None, truth: Codes | None = None) -> None:
        self.x, self.weight, self.truth = x, weight, truth
        self.probe = probe(len(x))
        self._ties = Ties(x)

    def __call__(
        self, mixture: Mixture, family: str, frozen: Collection[str] = (), threads: int = 1
    ) -> Assessment:
        """Assess a mixture of a covariance family; frozen: as in ``em.fit``."""
        _, log_resp = em.log_responsibilities(self.x, mixture, threads, "mar")
        resp = np.exp(log_resp)
        each = resp * np.where(resp > 0, log_resp, 0)
        entropy = -np.sum(each if self.weight is None else each * self.weight[:, None])
        labels = component_of(log_resp, mixture)
        agreement = dict.fromkeys(METRICS, np.nan)
        if self.truth is not None:
            agreement = {n: f(labels, self.truth, self.weight) for n, f in METRICS.items()}
        sound = soundness(mixture, family, resp, self._ties, self.weight, frozen=frozen)
        return Assessment(labels[self.probe], float(entropy), sound, agreement)

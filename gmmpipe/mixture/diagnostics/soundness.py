"""Whether the components of a mixture stand for groups of samples, in numbers without units.

The likelihood of a mixture has no upper bound: a component that shrinks onto a few samples, or
onto rows that share a value, gains without limit (Day 1969, Biometrika 56, 463-474), and EM finds
such maxima the more often, the more starts it is given. A fit with one must not win a selection.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gmmpipe.mixture.checks import unit_weights
from gmmpipe.mixture.defects import Defect
from gmmpipe.mixture.densities import Responsibilities
from gmmpipe.mixture.diagnostics.ties import MOST_ROWS, MajorityValues, TiedValues
from gmmpipe.mixture.em.fit import n_parameters
from gmmpipe.mixture.em.result import Fit
from gmmpipe.mixture.engine import Engine
from gmmpipe.mixture.engines.choose import in_memory
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.mixture.mixture import Array, Mixture

THIN = 1e-3  # eigenvalue, pooled = 1, below which a component must prove that it is a group ...
FEW = 5  # ... by more than this times D + 1 effective samples ...
TIED = 0.5  # ... of which no more than this share has one value of a feature in common


@dataclass(frozen=True)
class Soundness:
    """Of each component, (K,): three measures that no affine map of the data changes.

    eigenvalues: the smallest of its covariance where the pooled covariance is the identity.
    counts: the effective samples, sum_n w_n r_nk. tied: the largest share of them that has one
    value of a feature in common (duplicated rows have them all). frozen_covariances: they were not
    estimated, so none can be too thin. n_parameters: the free ones of the mixture, 0 where a
    prior holds them; n_samples: the weight of all samples.
    """

    eigenvalues: Array
    counts: Array
    tied: Array
    n_features: int
    least: int
    frozen_covariances: bool
    n_parameters: int
    n_samples: float

    @property
    def defects(self) -> tuple[Defect, ...]:
        """Return why some components are no groups, or the samples too few for the mixture."""
        few = FEW * (self.n_features + 1)
        defects = []
        for k, (eigenvalue, count, tied) in enumerate(
            zip(self.eigenvalues.tolist(), self.counts.tolist(), self.tied.tolist(), strict=True)
        ):
            if count < self.least - 1e-6:
                defects.append(Defect(k, "few", (count, self.least)))
            elif not self.frozen_covariances and eigenvalue < THIN and (count < few or tied > TIED):
                defects.append(Defect(k, "thin", (eigenvalue, count, tied)))
        if self.n_parameters > self.n_samples + 1e-6:
            defects.append(Defect(None, "parameters", (self.n_parameters, self.n_samples)))
        return tuple(defects)


class ComponentEvidence:
    """What the samples say of the components of a mixture, collected slice by slice.

    tied_values: of these samples; weight (N,): none = 1 each; all_components: measure tied shares
    of every component, else of the thin ones only, as the others are sound without it.
    """

    def __init__(
        self,
        mixture: Mixture,
        tied_values: TiedValues,
        weight: Array | None = None,
        *,
        all_components: bool = True,
    ) -> None:
        self.eigenvalues = _eigenvalues(mixture)
        self.thin = np.flatnonzero(self.eigenvalues < THIN)
        self.tied_values, self.weight = tied_values, weight
        self.measured = np.arange(mixture.n_components) if all_components else self.thin
        self.counts, self.total = np.zeros(mixture.n_components), 0.0
        self.has_noise = mixture.box is not None
        self._mass = np.empty((len(tied_values.rows), len(self.measured)))
        self._majority_values = (
            None if tied_values.whole or not self.thin.size else MajorityValues(self.thin)
        )

    def add(self, rows: slice, responsibilities: Array) -> None:
        """Take in the responsibilities (n, K) of the rows; a further column is of the noise."""
        mass = self._masses(rows, responsibilities)
        self.counts += mass.sum(axis=0)
        self.total += float(len(mass) if self.weight is None else self.weight[rows].sum())
        first, last = np.searchsorted(self.tied_values.rows, (rows.start, rows.stop))
        seen = self.tied_values.rows[first:last] - rows.start
        self._mass[first:last] = mass[seen][:, self.measured]
        if self._majority_values is not None:
            self._majority_values.propose(self.tied_values.x[rows], mass)

    def _masses(self, rows: slice, responsibilities: Array) -> Array:
        mass = responsibilities[:, : len(self.counts)]
        return mass if self.weight is None else mass * self.weight[rows, None]

    def soundness(
        self,
        family: str,
        frozen: Collection[str],
        prior: bool,
        again: Iterable[tuple[slice, Array]],
    ) -> Soundness:
        """Return the measures; ``again`` has the slices once more, if they are needed.

        family, frozen: as in ``em.fit``; prior: whether there was one.
        Among many samples the random choice may hold few of a thin component, or none: whether
        most of it has one value is then computed from all.
        """
        d, tied = self.tied_values.x.shape[1], np.zeros(len(self.counts))
        if len(self.measured):
            tied[self.measured] = self.tied_values.shares(self._mass)
        if self._majority_values is not None:
            for rows, responsibilities in again:
                mass = self._masses(rows, responsibilities)
                self._majority_values.weigh(self.tied_values.x[rows], mass)
            tied[self.thin] = self._majority_values.most() / np.maximum(
                self.counts[self.thin], 1e-300
            )
        return Soundness(
            self.eigenvalues, self.counts, np.minimum(tied, 1.0), d,
            least_samples(family, d, frozen), "covariances" in frozen,
            0 if prior else n_parameters(family, len(self.counts), d, frozen, self.has_noise),
            self.total,
        )  # fmt: skip


class SoundnessChecker:
    """Checks mixtures of a covariance family fitted to x (N, D), NaN where missing.

    weight (N,): of the samples, 1 by default; frozen: as in ``em.fit``; prior: whether there is
    one; most_rows: as of ``TiedValues``.
    """

    def __init__(  # noqa: PLR0913 - the samples, and how they were fitted
        self,
        x: Array,
        family: str,
        weight: Array | None = None,
        *,
        frozen: Collection[str] = (),
        prior: bool = False,
        threads: int = 1,
        most_rows: int = MOST_ROWS,
    ) -> None:
        self.family, self.weight, self.frozen, self.prior = family, weight, frozen, prior
        self._x, self._threads, self._most_rows = x, threads, most_rows

    def defects(self, fit: Fit) -> tuple[Defect, ...]:
        """Return what EM and ``soundness`` find wrong with the end of a fit."""
        return fit.degenerate + self.soundness(fit.snapshots[-1].mixture).defects

    def is_sound(self, fit: Fit) -> bool:
        """Say whether neither EM nor ``soundness`` finds fault with the end of a fit."""
        return not fit.degenerate and not self.defects(fit)

    def soundness(self, mixture: Mixture) -> Soundness:
        """Measure a mixture; tied is known for the components that are thin, else 0."""
        evidence = ComponentEvidence(mixture, self._tied_values, self.weight, all_components=False)
        if evidence.thin.size or mixture.box is not None or self._engine is None:
            for rows, resp in self._slices(mixture):
                evidence.add(rows, resp)
        else:  # the counts are all there is to know
            work = self._engine.workspace(mixture.n_components)
            work.load(mixture)
            evidence.counts = work.statistics().counts
            evidence.total = float(len(self._x) if self.weight is None else self.weight.sum())
        return evidence.soundness(self.family, self.frozen, self.prior, self._slices(mixture))

    @cached_property
    def _tied_values(self) -> TiedValues:
        return TiedValues(self._x, self._most_rows)

    @cached_property
    def _responsibilities(self) -> Responsibilities:
        return Responsibilities(self._x, self._threads)

    @cached_property
    def _engine(self) -> Engine | None:
        """The engine whose passes give counts; none where values are missing."""
        if np.isnan(self._x).any():
            return None
        weight = unit_weights(*self._x.shape) if self.weight is None else self.weight
        return in_memory(self._x, weight, False, self._threads, missing=False)

    def _slices(self, mixture: Mixture) -> Iterator[tuple[slice, Array]]:
        for rows, logs in self._responsibilities(mixture):
            yield rows, np.exp(logs)


def least_samples(family: str, d: int, frozen: Collection[str] = ()) -> int:
    """Return the fewest samples whose scatter determines one component's own covariance.

    The scatter of r + 1 samples has rank r, and r (2d - r + 1) / 2 free numbers: D + 1 samples
    for a full covariance, 2 for a diagonal one, 1 where all components share theirs or it is
    frozen.
    """
    counted = FAMILIES[family].n_parameters
    free = 0 if "covariances" in frozen else counted(2, d) - counted(1, d)
    return 1 + next(r for r in range(d + 1) if r * (2 * d - r + 1) // 2 >= free)


def _eigenvalues(mixture: Mixture) -> Array:
    """Return the smallest eigenvalue of each covariance where the pooled one is the identity."""
    shares = mixture.weights / mixture.weights.sum()  # noise has none
    pooled = np.tensordot(shares, mixture.covariances, axes=1)
    try:
        lower = np.linalg.cholesky(pooled)
    except np.linalg.LinAlgError:  # a feature without variance: the fit has stopped and says so
        return np.zeros(mixture.n_components)
    half = np.linalg.solve(lower, mixture.covariances)
    white = np.linalg.solve(lower, half.transpose(0, 2, 1))
    return np.asarray(np.linalg.eigvalsh((white + white.transpose(0, 2, 1)) / 2)[:, 0])

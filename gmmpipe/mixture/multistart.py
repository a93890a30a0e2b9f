"""Fits of one data set from many starts: a cell for each K and seed, and more seeds if need be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from gmmpipe.mixture.bounds import pooled
from gmmpipe.mixture.defects import UNUSABLE, sentence, unnamed
from gmmpipe.mixture.diagnostics.best_fit import best
from gmmpipe.mixture.diagnostics.convergence import End, RunFinisher, most_iterations
from gmmpipe.mixture.diagnostics.restarts import (
    DEGENERATE,
    NATS,
    Certificate,
    certify,
    is_closed_form,
    reached,
)
from gmmpipe.mixture.diagnostics.soundness import SoundnessChecker
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.em.options import FitOptions, RestartOptions
from gmmpipe.mixture.em.result import Fit
from gmmpipe.mixture.engines.missing import completed
from gmmpipe.mixture.engines.partitioned import InMemory, Partitioned, Threads
from gmmpipe.mixture.families.containment import contained
from gmmpipe.mixture.fit_arrays import FailedCell, FittedCell
from gmmpipe.mixture.mixture import Array, Mixture
from gmmpipe.mixture.rng import content, stream
from gmmpipe.mixture.starts.given import GroupStart
from gmmpipe.mixture.starts.registry import prepared, undrawn
from gmmpipe.mixture.starts.split import split

FAULTS = (ValueError, ArithmeticError)  # of a cell; others are of the process: memory, disk, code
# seeds of runs that are not drawn, but start from the best of ...
SPLIT = -1  # ... one component fewer, one of them split
CONTAINED = -2  # ... a family that this one contains


@dataclass(frozen=True, kw_only=True)
class MultiStart:
    """EM on one data set from one kind of start: (K, seed) in, fits out.

    x (N, D), weight (N,) or None; start: an entry of STARTS, method: its name; iterations: the
    counts at which snapshots are kept. ``failed`` has the cells that could not be fitted. What a
    fit yields depends on neither its neighbours nor threads.
    """

    x: Array
    weight: Array | None
    start: Any
    method: str
    family: str
    iterations: Sequence[int]
    options: FitOptions
    restarts: RestartOptions
    threads: int
    passed: Array | Partitioned | None = None  # x as EM passes over it, where that is another
    failed: list[FailedCell]

    @cached_property
    def undrawn(self) -> float:
        """Return the first seed whose start draws nothing at random."""
        return undrawn(self.start)

    @cached_property
    def _content(self) -> str:
        return content(self.x)

    @cached_property
    def _prepared(self) -> Any:
        """Return the start on the rows that count, missing values filled in."""
        x, weight, start = self.x, self.weight, self.start
        if weight is not None:  # what does not count is no place to start at
            counts = weight > 0
            x, weight = x[counts], weight[counts]
            if isinstance(start, GroupStart):
                start = GroupStart(start.labels[counts])
        if self.options.missing == "mar":
            x = completed(x, weight)
        return prepared(start, x, self.family, weight)

    def sharing_passes(self) -> "MultiStart":
        """Return the same, all fits going through data in a file side by side if they can be."""
        mapped = isinstance(self.x.base, np.memmap) and self.weight is None
        supported = self.options.features() <= Partitioned.supports
        if not (mapped and supported and self.method != "given"):
            return self
        return replace(self, passed=Partitioned(InMemory(self.x), Threads(self.threads)))

    def fit(self, ks: Iterable[int], seeds: Sequence[int]) -> list[FittedCell]:
        """Return the fits of every k and seed that can be fitted."""
        cells = [(k, seed) for k in ks for seed in seeds]
        try:
            return self._fit(cells)
        except FAULTS:  # of which cell? Each alone gives the same as among others
            return [fitted for cell in cells for fitted in self._alone(cell)]

    def _alone(self, cell: tuple[int, int]) -> list[FittedCell]:
        try:
            return self._fit([cell])
        except FAULTS as error:
            self.failed.append(FailedCell(*cell, " ".join(str(error).split())))
            return []

    def _fit(self, cells: Sequence[tuple[int, int]]) -> list[FittedCell]:
        purpose = ("start", self._content, self.method)
        starts = [self._prepared(k, stream(*purpose, k, seed), seed) for k, seed in cells]
        fits = self._em(starts, self.iterations, self.options)
        usable = [(cell, fit) for cell, fit in zip(cells, fits, strict=True) if not fit.lost]
        ends = [self._checked_end(end) for end in self.finish([fit for _, fit in usable])]
        reason = sentence(UNUSABLE, unnamed)
        lost = [cell for cell, fit in zip(cells, fits, strict=True) if fit.lost]
        self.failed.extend(FailedCell(*cell, reason) for cell in lost)
        return [FittedCell(*cell, fit, end) for (cell, fit), end in zip(usable, ends, strict=True)]

    def _em(
        self, starts: Sequence[Mixture], iterations: Sequence[int], options: FitOptions
    ) -> list[Fit]:
        return em.fit(
            self.x if self.passed is None else self.passed,
            starts,
            self.family,
            iterations,
            options,
            sample_weight=self.weight,
            threads=self.threads,
        )

    def compared(self, k: int, seeds: Sequence[int]) -> list[FittedCell]:
        """Return the fits of k components to compare others with, none where these prove nothing.

        Those that fail are not counted.
        """
        if k < 1 or not self.options.nests:
            return []
        n = len(self.failed)
        cells = self.fit([k], seeds)
        del self.failed[n:]
        return cells

    def split(self, mixture: Mixture) -> list[FittedCell]:
        """Return the best run from the mixture with one component split, if there is any."""
        k, scale = mixture.n_components, np.sqrt(pooled(mixture))
        return self._best_from([split(mixture, j, scale) for j in range(k)], SPLIT)

    def start_from(self, mixture: Mixture) -> list[FittedCell]:
        """Return the run from a mixture of a family that this one contains, if there is any."""
        return self._best_from([mixture], CONTAINED)

    def _best_from(self, starts: Sequence[Mixture], seed: int) -> list[FittedCell]:
        try:
            fits = self._em(starts, self.iterations, self.options)
            fit = fits[best(fits, self.checker.is_sound)]
        except FAULTS:
            return []
        if fit.lost:
            return []
        (end,) = self.finish([fit])
        return [FittedCell(starts[0].n_components, seed, fit, self._checked_end(end))]

    def _checked_end(self, end: End) -> End:
        """Return the end of a run, degenerate where it is not sound."""
        lost = end.kind == DEGENERATE or self.checker.soundness(end.mixture).defects
        return replace(end, kind=DEGENERATE) if lost else end

    @cached_property
    def checker(self) -> SoundnessChecker:
        """Return the check whether a fit may be selected."""
        return SoundnessChecker(
            self.x,
            self.family,
            self.weight,
            frozen=self.options.frozen,
            prior="prior" in self.options.features(),
            threads=self.threads,
        )

    @property
    def finish(self) -> RunFinisher:
        """Return what carries runs on to their ends."""
        most = most_iterations(self.restarts.certify, *self.x.shape)
        total = len(self.x) if self.weight is None else self.weight.sum()
        return RunFinisher(self._em, most, self.options, float(total))


def add_restarts(
    starts: MultiStart, fitted: Sequence[FittedCell], seeds: Sequence[int]
) -> list[FittedCell]:
    """Double the seeds of each k until its certificate reaches the target, or there are enough.

    The target and the most seeds are ``starts.restarts``'. First, if k - 1 components are likelier
    with the seeds given, one more run starts from the best of these, split; so it is with the best
    of the families that this one contains. Where no run finishes further ones tell nothing.
    """
    target, most = starts.restarts.target, starts.restarts.most_seeds
    families = contained(starts.family, starts.x.shape[1])
    lesser_families = [replace(starts, family=family) for family in families]
    cells = []
    for k in sorted({cell.k for cell in fitted}):
        of_k = [cell for cell in fitted if cell.k == k]
        n, first = len(of_k), of_k[-1].seed + 1
        lesser = _best([c for c in fitted if c.k == k - 1] or starts.compared(k - 1, seeds))
        if lesser is not None and _is_beaten(of_k, lesser):
            of_k += starts.split(lesser.mixture)
        lesser = _best([cell for other in lesser_families for cell in other.compared(k, seeds)])
        if lesser is not None and _is_beaten(of_k, lesser):
            of_k += starts.start_from(lesser.mixture)
        while n < most and not (certificate := _certify(of_k, starts.undrawn)).reaches(target):
            if not certificate.finished:
                print(f"k={k}: no run has finished, so no further seeds were tried")
                break
            more = min(n, most - n)
            of_k += starts.fit([k], range(first, first + more))
            n, first = n + more, first + more
        cells += of_k
    return cells


def _best(cells: Sequence[FittedCell]) -> End | None:
    """Return the sound end of highest objective."""
    ends = [c.end for c in cells if c.end.kind != DEGENERATE and c.end.objective > -np.inf]
    return max(ends, key=lambda end: end.objective, default=None)


def _is_beaten(cells: Sequence[FittedCell], lesser: End) -> bool:
    best = _best(cells)
    return best is None or lesser.objective > best.objective + NATS


def _certify(cells: Sequence[FittedCell], undrawn: float) -> Certificate:
    ends = [cell.end for cell in cells]
    kinds, mixtures = [end.kind for end in ends], [end.mixture for end in ends]
    return certify(
        reached([end.objective for end in ends], mixtures, kinds),
        kinds,
        [cell.seed >= undrawn for cell in cells],
        closed_form=is_closed_form(mixtures[0]),
    )

"""Fit one block of mixtures by EM."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from gmmpipe.config.build import build
from gmmpipe.errors import InputError
from gmmpipe.mixture import fit_arrays
from gmmpipe.mixture.bounds import pooled
from gmmpipe.mixture.defects import UNUSABLE, numbered, renumbered, sentence, unnamed
from gmmpipe.mixture.diagnostics.best_fit import best
from gmmpipe.mixture.diagnostics.convergence import End, Settler, most_iterations
from gmmpipe.mixture.diagnostics.restarts import (
    DEGENERATE,
    NATS,
    Certificate,
    certify,
    is_closed_form,
    reached,
)
from gmmpipe.mixture.diagnostics.soundness import Judge
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.em.fit import Fit
from gmmpipe.mixture.em.options import FitOptions, RestartOptions, from_section
from gmmpipe.mixture.engines.missing import completed
from gmmpipe.mixture.engines.partitioned import InMemory, Partitioned, Threads
from gmmpipe.mixture.families.family import contained
from gmmpipe.mixture.mixture import FIRST, Array, Mixture
from gmmpipe.mixture.rng import content, stream
from gmmpipe.mixture.starts.given import Grouped, from_arrays
from gmmpipe.mixture.starts.points import STARTS, prepared, undrawn
from gmmpipe.mixture.starts.split import split
from gmmpipe.store import artifacts
from gmmpipe.store.jobs import FitJob

FAULTS = (ValueError, ArithmeticError)  # of a cell; others are of the job: memory, disk, code


def run(
    inputs: Sequence[str],
    output: str,
    job: FitJob,
    threads: int = 1,
    engine: Mapping[str, Any] | None = None,
) -> None:
    """Write the fits of every (k, seed) of a block of the normalised data ``inputs[0]``.

    ``inputs[1]`` is the stored start `given`, where that has the path of a file. What a fit yields
    depends on neither its neighbours nor ``threads``. With fit.restarts `auto` each k gets as many
    further seeds as its certificate asks for; where k - 1 components are likelier, a run that
    splits their best comes first, as seed blocks.SPLIT, and one from the best of a family that this
    one contains as blocks.CONTAINED. A cell that cannot be fitted is stored with the reason, and
    the others are not affected. engine says who does the passes over the data: this process, or
    with `kind` dask the workers of a cluster, its scheduler at `address` or else here with so many
    `workers`.
    """
    data = artifacts.read_arrays(inputs[0], "x")
    restarts = from_section(RestartOptions, job.fit)
    fitted = _Fitter(data["x"], data.get("weight"), _start(inputs, job), job, threads)
    with _engine(engine or {}, inputs[0], fitted):
        stored = fitted(job.k, job.seed)
        if restarts.restarts == "auto" and fitted.undrawn < np.inf:
            stored = _go_on(fitted, stored, restarts.target, restarts.most_seeds)
    artifacts.write_arrays(output, fit_arrays.to_arrays(stored, fitted.failed))
    for lost in fitted.failed:
        print(f"k={lost.k}, seed {lost.seed} failed: {lost.reason}")
    for k in sorted({s.k for s in stored}):
        _report(k, [s for s in stored if s.k == k], fitted.judge)


def _start(inputs: Sequence[str], job: FitJob) -> Any:
    """Return the start, read from the store if it came from a file."""
    start = build(STARTS, "start", job.start, "method")
    stored = getattr(start, "path", None) is not None
    if len(inputs) != 1 + stored:
        raise InputError(f"{len(inputs)} INPUT files; give the data, and a start that has a path")
    return from_arrays(artifacts.read_arrays(inputs[1])) if stored else start


@contextmanager
def _engine(engine: Mapping[str, Any], path: str, fitter: "_Fitter") -> Iterator[None]:
    """Let the passes of a fitter be done by those who are to do them.

    Here, all fits of data that stay in their file go through it side by side: each reading serves
    them all.
    """
    if engine.get("kind", "local") == "local":
        if fitter.may_share:
            fitter.passed = Partitioned(InMemory(fitter.x), Threads(fitter.threads))
        yield
        return
    from gmmpipe.data.rows import Stored
    from gmmpipe.mixture.engines.dask import Dask

    workers = engine.get("workers") or fitter.threads
    with Dask(engine.get("address"), workers) as cluster:
        fitter.passed = Partitioned(Stored(str(Path(path).absolute())), cluster)
        yield


class _Fitter:
    """EM on one data set, x (N, D) of weight (N,), from one start: (K, seed) in, fits out.

    Those that failed are in ``failed``. ``passed`` is x as EM passes over it.
    """

    def __init__(
        self,
        x: Array,
        weight: Array | None,
        start: Any,
        job: FitJob,
        threads: int,
    ) -> None:
        self.x, self.weight, self.job, self.threads = x, weight, job, threads
        self._undrawn_start = start
        self.passed: Array | Partitioned = x
        self.method = job.start["method"]
        self.options = fit_arrays.fit_options(job.fit)
        self.certify = from_section(RestartOptions, job.fit).certify
        self.content = content(x)
        self.family = str(job.covariance.get("family"))
        self.undrawn = undrawn(start)
        if weight is not None:  # what does not count is no place to start at
            held = weight > 0
            x, weight = x[held], weight[held]
            if isinstance(start, Grouped):
                start = Grouped(start.labels[held])
        if self.options.missing == "mar":
            x = completed(x, weight)
        self.start = prepared(start, x, self.family, weight)
        self.failed: list[fit_arrays.Failed] = []

    @property
    def may_share(self) -> bool:
        """Return whether the data are in their file, and the fits such that partitions do."""
        mapped = isinstance(self.x.base, np.memmap) and self.weight is None
        supported = self.options.features() <= Partitioned.supports
        return mapped and supported and self.method != "given"

    def __call__(self, ks: Sequence[int], seeds: Sequence[int]) -> list[fit_arrays.Stored]:
        """Return the fits of every k and seed that can be fitted."""
        cells = [(k, seed) for k in ks for seed in seeds]
        try:
            return self._fit(cells)
        except FAULTS:  # of which cell? Each alone gives the same as among others
            return [stored for cell in cells for stored in self._alone(cell)]

    def _alone(self, cell: tuple[int, int]) -> list[fit_arrays.Stored]:
        try:
            return self._fit([cell])
        except FAULTS as error:
            self.failed.append(fit_arrays.Failed(*cell, " ".join(str(error).split())))
            return []

    def _fit(self, cells: Sequence[tuple[int, int]]) -> list[fit_arrays.Stored]:
        purpose = ("start", self.content, self.method)
        starts = [self.start(k, stream(*purpose, k, seed), seed) for k, seed in cells]
        fits = self._run(starts)
        ran = [(cell, fit) for cell, fit in zip(cells, fits, strict=True) if not fit.lost]
        ends = [self._judged(end) for end in self.settle([fit for _, fit in ran])]
        why = sentence(UNUSABLE, unnamed)
        for cell in (cell for cell, fit in zip(cells, fits, strict=True) if fit.lost):
            self.failed.append(fit_arrays.Failed(*cell, why))
        return [
            fit_arrays.Stored(*cell, fit, end) for (cell, fit), end in zip(ran, ends, strict=True)
        ]

    def _run(self, starts: Sequence[Mixture]) -> list[Fit]:
        return self._em(starts, self.job.iteration, self.options)

    def _em(
        self, starts: Sequence[Mixture], iterations: Sequence[int], options: FitOptions
    ) -> list[Fit]:
        return em.fit(
            self.passed,
            starts,
            self.family,
            iterations,
            options,
            sample_weight=self.weight,
            threads=self.threads,
        )

    def aside(self, k: int) -> list[fit_arrays.Stored]:
        """Return the fits of k components with the seeds given, to compare others with.

        None where fewer components prove nothing.
        """
        if k < 1 or not self.options.nests:
            return []
        lost = len(self.failed)
        found = self([k], self.job.seed)
        del self.failed[lost:]
        return found

    def of_family(self, family: str) -> "_Fitter":
        """Return the same for another covariance family."""
        job = replace(self.job, covariance={"family": family})
        other = _Fitter(self.x, self.weight, self._undrawn_start, job, self.threads)
        other.passed = self.passed
        return other

    def split(self, mixture: Mixture) -> list[fit_arrays.Stored]:
        """Return the best run from the mixture with one component split, if there is any."""
        k, scale = mixture.n_components, np.sqrt(pooled(mixture))
        return self._best_from([split(mixture, j, scale) for j in range(k)], fit_arrays.SPLIT)

    def start_from(self, mixture: Mixture) -> list[fit_arrays.Stored]:
        """Return the run from a mixture of a family that this one contains, if there is any."""
        return self._best_from([mixture], fit_arrays.CONTAINED)

    def _best_from(self, starts: Sequence[Mixture], seed: int) -> list[fit_arrays.Stored]:
        try:
            fits = self._run(starts)
            fit = fits[best(fits, self.judge.is_sound)]
        except FAULTS:
            return []
        if fit.lost:
            return []
        (end,) = self.settle([fit])
        return [fit_arrays.Stored(starts[0].n_components, seed, fit, self._judged(end))]

    def _judged(self, end: End) -> End:
        """Return the end of a run, degenerate where it is not sound."""
        lost = end.kind == DEGENERATE or self.judge.soundness(end.mixture).defects
        return replace(end, kind=DEGENERATE) if lost else end

    @cached_property
    def judge(self) -> Judge:
        """Return what says whether a fit may be selected."""
        return Judge(
            self.x,
            self.family,
            self.weight,
            frozen=self.options.frozen,
            prior="prior" in self.options.features(),
            threads=self.threads,
        )

    @property
    def settle(self) -> Settler:
        """Return what says where a run ends."""
        most = most_iterations(self.certify, *self.x.shape)
        total = len(self.x) if self.weight is None else self.weight.sum()
        return Settler(self._em, most, self.options, float(total))


def _go_on(
    fitter: _Fitter, stored: list[fit_arrays.Stored], target: float, most: int
) -> list[fit_arrays.Stored]:
    """Double the seeds of each k until its certificate reaches the target or there are ``most``.

    First, if k - 1 components are likelier with the seeds given, one more run starts from the best
    of these, split; so it is with the best of the families that this one contains. Where no run
    finishes further ones would tell nothing.
    """
    done = []
    lesser_families = list(map(fitter.of_family, contained(fitter.family, fitter.x.shape[1])))
    for k in sorted({s.k for s in stored}):
        mine = [s for s in stored if s.k == k]
        n, first = len(mine), mine[-1].seed + 1
        lesser = _best([s for s in stored if s.k == k - 1] or fitter.aside(k - 1))
        if lesser is not None and _is_beaten(mine, lesser):
            mine += fitter.split(lesser.mixture)
        lesser = _best([s for other in lesser_families for s in other.aside(k)])
        if lesser is not None and _is_beaten(mine, lesser):
            mine += fitter.start_from(lesser.mixture)
        while n < most and not (found := _certify(mine, fitter.undrawn)).reaches(target):
            if not found.finished:
                print(f"k={k}: no run has finished, so no further seeds were tried")
                break
            more = min(n, most - n)
            mine += fitter([k], range(first, first + more))
            n, first = n + more, first + more
        done += mine
    return done


def _best(stored: Sequence[fit_arrays.Stored]) -> End | None:
    """Return the sound end of highest objective."""
    ends = [s.end for s in stored if s.end.kind != DEGENERATE and s.end.objective > -np.inf]
    return max(ends, key=lambda end: end.objective, default=None)


def _is_beaten(stored: Sequence[fit_arrays.Stored], lesser: End) -> bool:
    best = _best(stored)
    return best is None or lesser.objective > best.objective + NATS


def _certify(stored: Sequence[fit_arrays.Stored], undrawn: float) -> Certificate:
    ends = [s.end for s in stored]
    kinds, mixtures = [end.kind for end in ends], [end.mixture for end in ends]
    return certify(
        reached([end.objective for end in ends], mixtures, kinds),
        kinds,
        [s.seed >= undrawn for s in stored],
        closed_form=is_closed_form(mixtures[0]),
    )


def _report(k: int, fits: Sequence[fit_arrays.Stored], judge: Judge) -> None:
    """Print the parameters of the best of the fits with ``k`` components, in normalised units."""
    chosen = fits[best([s.fit for s in fits], judge.is_sound)]
    last, defects = chosen.fit.snapshots[-1], judge.defects(chosen.fit)
    wrong = sentence(renumbered(defects, range(FIRST, FIRST + k)), numbered)
    print(
        f"k={k}: best of {len(fits)} seeds is {chosen.seed}, log-likelihood"
        f" {last.log_likelihood:.6f} (normalised units) after {last.n_iter} iterations"
        + (f", degenerate: {wrong}" if wrong else "")
    )
    print("in the order of the start; the tables number components by the samples that they share:")
    print(last.mixture.describe())
    counts = Counter(s.end.kind for s in fits)
    print("ends of the runs: " + ", ".join(f"{kind} {n}" for kind, n in sorted(counts.items())))

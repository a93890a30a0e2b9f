"""How the compiled engine is called from numpy arrays."""

import ctypes
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from gmmpipe.mixture.engine import Moments
from gmmpipe.mixture.kernels import advance, chunks, layout
from gmmpipe.mixture.kernels.compile import compiled, specialised
from gmmpipe.mixture.kernels.records import PASSES, Fits, Memory, Rules, Samples
from gmmpipe.mixture.kernels.team import SIGNALS
from gmmpipe.mixture.mixture import Array, Mask, Mixture

_TEAM_WORK = 500_000  # multiplications of a pass from which it is worth a team of threads
_WORTH = 1800  # multiplications for a sample from which pruning costs less than it saves
_STATE = 16_000_000  # doubles for the state of a fit's pruning, at most
_THREAD = 500e-6  # seconds of work that are worth a thread
_TEAM = 20e-6  # seconds of work per iteration below which threads do not share a fit


def _aligned(*shape: int) -> Array:
    """Return zeros; every row of whole vectors lies on cache lines."""
    size = int(np.prod(shape))
    memory = np.zeros(size + 8)
    start = -(memory.ctypes.data // 8) % 8
    return memory[start : start + size].reshape(shape)


def _writable(x: Array) -> Array:
    """Return x as an array that may be written to, not copied: numba compiles again for others."""
    if x.flags.writeable:
        return x
    memory = (ctypes.c_double * x.size).from_address(x.ctypes.data)
    return np.frombuffer(memory, np.float64).reshape(x.shape)


class CompiledPasses:
    """Passes over samples by some threads; what is laid out, and how, is the subclass's affair."""

    def __init__(self, samples: Samples, threads: int, prunes: bool = False) -> None:
        self.samples, self.threads, self.prunes = samples, threads, prunes

    @property
    def layout(self) -> layout.Layout:
        """Return how the samples are laid out."""
        return self.samples.layout

    def memory(self, k: int, team: int) -> Memory:
        """Return the memory of one fit of at most k components by a team."""
        lay, d = self.layout, self.layout.d
        width, size = k * lay.width, k * lay.size
        row = -(-(1 + k + width + size) // 8) * 8  # chunks of two threads share no cache line
        state = lay.blocks * layout.state_of(lay, k).end
        prunes = self.prunes and k * (lay.size + 3 * lay.width) > _WORTH
        drifts = np.zeros((k, 2))
        drifts[:, 0] = 1
        return Memory(
            np.zeros(k), np.zeros((k, d)), np.zeros((k, d, d)), np.zeros((k, d, d)),
            np.zeros((k, d, d)), np.zeros(k), np.zeros((k, d)), np.zeros(k, np.int64),
            np.zeros(d), np.zeros(d), np.zeros(d),
            np.zeros(k), np.zeros(width), np.zeros(width), np.zeros(size),
            _aligned(lay.chunks + team, row), np.arange(lay.chunks), np.zeros(8, np.int64),
            _aligned(state if prunes and state <= _STATE else 0), drifts,
            np.zeros((lay.chunks, 8), np.int64),
            np.zeros((team, 2, d, d)),
            _aligned(team, -(-layout.rows_of(lay, k).end // 8) * 8),
        )  # fmt: skip

    def workspace(self, k: int) -> "_Workspace":
        """Return the memory of one fit of at most k components, on which all threads work."""
        lay = self.layout
        worth = lay.n * k * (lay.size + 3 * lay.width) > _TEAM_WORK
        return _Workspace(self, self.memory(k, self.threads if worth else 1))

    def statistics(self, memory: Memory, k: int) -> float:
        """Do one pass for the k components in memory; return the log-likelihood in nats."""
        signals, team = np.zeros(SIGNALS, np.int64), len(memory.work)
        memory.owners[:] = np.arange(self.layout.chunks)
        memory.state[PASSES] += 1
        run = compiled(advance.sum_chunks)
        share(team, lambda rank: run(self.samples, memory, k, rank, team, signals))
        return float(compiled(advance.statistics)(self.samples, memory, 0.0, k))


class Engine(CompiledPasses):
    """Samples x (N, D) of weight (N,), C-ordered float64, laid out for passes by some threads.

    densities: passes keep the densities instead of the moments. cut: how samples that are part of
    more are laid out.
    """

    def __init__(
        self,
        x: Array,
        weight: Array,
        axis_aligned: bool,
        threads: int,
        densities: bool = False,
        cut: layout.Layout | None = None,
    ) -> None:
        shape, lay = layout.plan(len(x), x.shape[1], axis_aligned)
        lay = lay if cut is None else cut
        if weight.strides == (0,):
            lay, weight = lay._replace(step=0), weight[:1].copy()
        self._workers, self._given = threads, [x, weight]
        x, weight = _writable(x), _writable(weight)
        slots = _aligned((lay.blocks if lay.resident else threads) * lay.slot)
        if lay.resident:
            layout.fill_all(lay, x, np.broadcast_to(weight, len(x)), slots)
        make = chunks.chunk_densities if densities else chunks.chunk_pass
        samples = Samples(
            x, weight, slots, lay, np.array(lay, np.int64), layout.places(lay.d, axis_aligned),
            axis_aligned, specialised(make, chunks.SIGNATURE, *shape).address,
        )  # fmt: skip
        prunes = lay.resident and lay.tiles > 1 and cut is None and not densities
        super().__init__(samples, min(threads, lay.chunks), bool(prunes))

    def advance(self, rules: Rules, fits: Fits, seconds: float) -> None:
        """Run all fits; seconds is what an iteration of the largest takes one thread."""
        n_fits, k = len(fits.outcome), int(np.diff(fits.first).max())
        signals, run = np.zeros(SIGNALS, np.int64), compiled(advance.run_all)
        if n_fits < 4 * self.threads and seconds > _TEAM:
            team, memory = self.threads, self.memory(k, self.threads)
            share(team, lambda r: run(self.samples, memory, rules, fits, r, team, signals))
            return

        def alone(rank: int) -> None:
            run(self._slot(rank), self.memory(k, 1), rules, fits, 0, 1, signals)

        worth = int(n_fits * rules.iterations * seconds / _THREAD)
        share(max(1, min(self._workers, n_fits, worth)), alone)

    def _slot(self, rank: int) -> Samples:
        """Return the samples for a thread that works alone."""
        if self.layout.resident:
            return self.samples
        first = rank * self.layout.slot
        return self.samples._replace(slots=self.samples.slots[first : first + self.layout.slot])

    def reweigh(self, weight: Array) -> None:
        """Give the samples the weights (N,)."""
        self._given[1], weight = weight, _writable(weight)
        if self.layout.resident:
            layout.fill_all(self.layout, self.samples.x, weight, self.samples.slots)
        lay = self.layout._replace(step=1)
        self.samples = self.samples._replace(
            weight=weight, layout=lay, sizes=np.array(lay, np.int64)
        )


class _Workspace:
    """Passes over the samples of an engine with the memory of one fit; see ``engine.Workspace``."""

    def __init__(self, engine: CompiledPasses, memory: Memory) -> None:
        self.engine, self.memory, self.k = engine, memory, 0

    def load(self, mixture: Mixture) -> int:
        k, memory = mixture.n_components, self.memory
        memory.state[PASSES] += 1  # so that bounds of the last mixture are void
        memory.weights[:k] = mixture.weights
        memory.means[:k] = mixture.means
        memory.covariances[:k] = mixture.covariances
        self.k = k
        return int(compiled(advance.load)(self.engine.samples, memory, k))

    def statistics(self) -> Moments:
        memory, k = self.memory, self.k
        value, shifts = self.engine.statistics(memory, k), memory.shifts[:k].copy()
        counts, covariances = memory.counts[:k].copy(), memory.spreads[:k].copy()
        return Moments(value, counts, self._centres() + shifts, covariances, shifts)

    def recentre(self, moved: Mask) -> None:
        self._centres()[moved] += self.memory.shifts[: self.k][moved]

    def densities(self) -> tuple[Array, Array]:
        memory, k, lay = self.memory, self.k, self.engine.layout
        totals, logs = np.empty(lay.n), np.empty((lay.n, k))
        team, run = len(memory.work), compiled(advance.densities)
        share(team, lambda r: run(self.engine.samples, memory, k, r, team, totals, logs))
        return totals, logs

    def _centres(self) -> Array:
        lay = self.engine.layout
        return self.memory.centres.reshape(-1, lay.width)[: self.k, : lay.d]


def share(team: int, work: Callable[[int], Any]) -> list[Any]:
    """Return what ``work`` returns to each thread of the team, by rank."""
    if team == 1:
        return [work(0)]
    with ThreadPoolExecutor(team - 1) as pool:
        others = pool.map(work, range(1, team))
        return [work(0), *others]


def joined(starts: Sequence[Mixture], iterations: Sequence[int]) -> Fits:
    """Return the starts (at least one) laid end to end, with room for what becomes of them."""
    sizes = [start.n_components for start in starts]
    total, d, s = sum(sizes), starts[0].n_features, len(iterations)
    return Fits(
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        np.concatenate([start.weights for start in starts]),
        np.concatenate([start.means for start in starts]),
        np.concatenate([start.covariances for start in starts]),
        np.array(iterations, np.int64),
        np.empty((s, total)), np.empty((s, total, d)), np.empty((s, total, d, d)),
        np.full((len(starts), iterations[-1] + 1), np.nan),
        np.zeros(len(starts), np.int64), np.zeros(len(starts), np.int64),
        np.zeros(total, np.int64), np.zeros(total),
    )  # fmt: skip

"""The engine whose samples are elsewhere: what comes here are the sums of the chunks.

The compiled loop is the one of ``engine``, and so are its bits. Instead of the pass over a chunk it
calls a function of ours, which asks for all chunks of the pass at once. Fits that run at the same
time wait for each other there, so that one reading of the data serves them all.
"""

import ctypes
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from gmmpipe.mixture.kernels import advance, chunks, layout
from gmmpipe.mixture.kernels.compile import compiled, specialised
from gmmpipe.mixture.kernels.engine import CompiledPasses, Engine, share
from gmmpipe.mixture.kernels.records import NO_STATE, Fits, Memory, Rules, Samples
from gmmpipe.mixture.kernels.team import SIGNALS
from gmmpipe.mixture.mixture import Array

_TOGETHER = 64  # fits that share a pass
_NUMBER, _ADDRESS = ctypes.c_int64, ctypes.c_void_p
_PASS = ctypes.CFUNCTYPE(
    None, *[_ADDRESS] * 4, *[_NUMBER] * 3, *[_ADDRESS] * 7, _NUMBER, *[_ADDRESS] * 2, _NUMBER
)


class PassRequest(NamedTuple):
    """A mixture of k components as the pass wants it (flat, see ``passes.Model``)."""

    k: int
    peaks: Array
    points: Array
    centres: Array
    factors: Array


class ChunkEngine:
    """One chunk of samples, cut from N, to be asked for its sums."""

    def __init__(self, x: Array, whole: layout.Layout, chunk: int, axis_aligned: bool) -> None:
        weight, cut = np.broadcast_to(np.ones(1), len(x)), layout.part(whole, chunk)[1]
        self.engine = Engine(x, weight, axis_aligned, 1, cut=cut)

    def sums(self, model: PassRequest) -> Array:
        """Return the log-likelihood in bits, then count and moments of each component."""
        samples, memory = self.engine.samples, self.engine.memory(model.k, 1)
        shape = layout.plan(samples.layout.n, samples.layout.d, samples.axis_aligned)[0]
        run = specialised(chunks.chunk_pass, chunks.SIGNATURE, *shape).ctypes
        arguments = (
            samples.sizes, samples.x, samples.weight, samples.slots, 0, 0, model.k, *model[1:],
            memory.work[0], memory.sums[0], memory.owners, 1, memory.drifts, memory.pruning,
            NO_STATE,
        )  # fmt: skip
        run(
            *(
                kind(value) if isinstance(value, int) else value.ctypes.data_as(kind)
                for kind, value in zip(run.argtypes, arguments, strict=True)
            )
        )
        return memory.sums[0]


class PartitionedEngine(CompiledPasses):
    """N samples of d features in chunks elsewhere; ask(models) returns the sums of all chunks.

    These are, for each model, one array for each chunk in order. ``layout.part`` says which rows a
    chunk has. An error in ``ask`` ends all fits and is raised.
    """

    def __init__(
        self,
        size: tuple[int, int],
        axis_aligned: bool,
        ask: Callable[[Sequence[PassRequest]], Sequence[Sequence[Array]]],
    ) -> None:
        n, d = size
        lay = layout.plan(n, d, axis_aligned)[1]
        self._barrier, self._mine = PassBarrier(ask), threading.local()
        self._pass = _PASS(self._chunk)  # lives as long as its address is used
        samples = Samples(
            np.zeros((0, d)), np.zeros(0), np.zeros(0), lay, np.array(lay, np.int64),
            layout.places(d, axis_aligned), axis_aligned, ctypes.cast(self._pass, _ADDRESS).value,
        )  # fmt: skip
        super().__init__(samples, 1)

    def advance(self, rules: Rules, fits: Fits, seconds: float) -> None:
        """Run all fits, side by side."""
        del seconds
        together, k = min(len(fits.outcome), _TOGETHER), int(np.diff(fits.first).max())
        signals, run = np.zeros(SIGNALS, np.int64), compiled(advance.run_all)

        def alone(_rank: int) -> None:
            try:
                run(self.samples, self.memory(k, 1), rules, fits, 0, 1, signals)
            finally:
                self._barrier.leave()

        self._barrier.expect(together)
        share(together, alone)
        self._barrier.check()

    def statistics(self, memory: Memory, k: int) -> float:
        """Do one pass for the k components in memory; return the log-likelihood in nats."""
        self._barrier.expect(1)
        value = super().statistics(memory, k)
        self._barrier.leave()
        self._barrier.check()
        return value

    def _chunk(self, *given: int) -> None:
        """Fill the sums of a chunk, as ``chunks.chunk_pass`` does; the first asks for all."""
        chunk, _, k = given[4:7]
        if chunk == 0:
            lay = self.layout
            sizes = (k, k * lay.width, k * lay.width, k * lay.size)
            arrays = (_at(a, size).copy() for a, size in zip(given[7:11], sizes, strict=True))
            self._mine.sums = self._barrier.ask(PassRequest(k, *arrays))
        out = _at(given[12], 1 + k * (1 + self.layout.width + self.layout.size))
        out[:] = np.nan if self._mine.sums is None else self._mine.sums[chunk][: len(out)]


class PassBarrier:
    """Where fits that run side by side wait for each other before a pass."""

    def __init__(self, work: Callable[[Sequence[PassRequest]], Sequence[Sequence[Array]]]) -> None:
        self.work, self.condition = work, threading.Condition()
        self.expected, self.asked = 0, {}
        self.answers: dict[int, Sequence[Array]] = {}
        self.failure: BaseException | None = None

    def expect(self, number: int) -> None:
        """Let a pass begin once so many have asked."""
        self.expected, self.failure = number, None

    def ask(self, model: PassRequest) -> Sequence[Array] | None:
        """Return the sums of the chunks under a model; None where the work failed."""
        me = threading.get_ident()
        with self.condition:
            self.asked[me] = model
            self._begin()
            self.condition.wait_for(lambda: me in self.answers or self.failure is not None)
            return self.answers.pop(me, None)

    def leave(self) -> None:
        """Ask no more."""
        with self.condition:
            self.expected -= 1
            self._begin()

    def check(self) -> None:
        """Raise what the work raised."""
        if self.failure is not None:
            raise self.failure

    def _begin(self) -> None:
        if self.failure is None and self.asked and len(self.asked) == self.expected:
            try:
                sums = self.work(list(self.asked.values()))
                self.answers.update(zip(self.asked, sums, strict=True))
            except BaseException as failure:
                self.failure = failure
            self.asked = {}
            self.condition.notify_all()


def _at(address: int, size: int) -> Array:
    """Return the doubles at an address, not copied."""
    return np.ctypeslib.as_array((ctypes.c_double * size).from_address(address))

"""What the machine can do, measured: multiplications, memory, exponentials; and what EM needs.

The floor of an iteration is its exact arithmetic at those speeds: a triangular product for the
densities and one for the scatters, one exponential per sample and component, one reading of the
data; nothing for logarithms, normalisation, the M step or the threads' meeting.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

_REPEATS = 200  # of 1024 exponentials


@dataclass(frozen=True)
class Machine:
    """Speeds of some threads together: flop/s of dgemm, bytes/s, exponentials/s."""

    flops: float
    bandwidth: float
    exponentials: float

    def floor(self, n: int, d: int, k: int) -> float:
        """Return the least seconds of one iteration with full covariances."""
        products = n * k * (2 * d * (d + 1) + 5 * d)
        arithmetic = products / self.flops + n * k / self.exponentials
        return max(arithmetic, 8 * n * (d + 1) / self.bandwidth)


def measure(threads: int) -> Machine:
    """Return what the machine does with that many threads, each on work of its own."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        a, out = np.random.default_rng(0).normal(size=(768, 768)), np.empty((768, 768))
        flops = 2 * 768**3 * _rate(threads, lambda: np.dot(a, a, out=np.empty_like(out)))
        big = np.ones(8_000_000)
        bandwidth = big.nbytes * _rate(threads, big.sum)
        exponentials = 1024 * _REPEATS * _rate(threads, _exponentials())
    return Machine(flops, bandwidth, exponentials)


def _rate(threads: int, work: Callable[[], object], seconds: float = 0.3) -> float:
    """Return how often all threads together do the work, per second; the best of three."""

    def repeat(_: int) -> float:
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            for _ in range(4):
                work()
            count += 4
        return count / (time.perf_counter() - began)

    with ThreadPoolExecutor(threads) as pool:
        return max(sum(pool.map(repeat, range(threads))) for _ in range(3))


def _exponentials() -> Callable[[], object]:
    """Return a loop of the engine's own exponentials, from and to the first cache."""
    import ctypes

    from numba import cfunc, types

    from gmmpipe.mixture.kernels import simd

    doubles = types.CPointer(types.float64)

    @cfunc(types.void(doubles, doubles))
    def powers(given, result):
        for _ in range(_REPEATS):
            for i in range(0, 1024, simd.LANES):
                simd.store(result, i, simd.exp2(simd.load(given, i), simd.spread(-1000.0)))

    pointer = ctypes.POINTER(ctypes.c_double)

    def work() -> None:
        given, result = np.linspace(-30, 0, 1024), np.empty(1024)
        powers.ctypes(given.ctypes.data_as(pointer), result.ctypes.data_as(pointer))

    return work

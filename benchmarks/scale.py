"""EM on data past memory: run ``python benchmarks/scale.py [--rows 100_000_000] [--folder /tmp]``.

Writes a .npy file of clusters (D = 2) block by block, fits K = 8 on it through a memory map, and
compares the time of an iteration with that of 1e6 rows in memory. Memory is RssAnon of
/proc/self/status, looked at every 20 ms: what the process holds itself, mapped pages of the file
aside, which the system takes back as it likes. With --check the same file is read into memory and
fitted again: the parameters must be the same bits and the memory below 500 MB, else the exit code
is 1. With --fits F, F starts are fitted in turn and
then side by side, where each reading of a chunk serves them all. The file is removed at the end.
What work costs against N, D, K, fits and workers is measured by ``costs.py``.
"""

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Self

import numpy as np
from numpy.lib.format import open_memmap

from gmmpipe.data.rows import Npy
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.engines.partitioned import Partitioned, Threads
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.mixture.starts.registry import STARTS, prepared

D, K, BLOCK = 2, 8, 1_000_000
MOST = 500.0  # megabytes that are promised to suffice
LONG = 6  # iterations of the longer of two fits, whose difference is timed


class Memory:
    """The most anonymous memory of this process while in the context, in megabytes."""

    def __enter__(self) -> Self:
        """Begin to look."""
        self.most, self.done = 0.0, threading.Event()
        self.watch = threading.Thread(target=self._look)
        self.watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self.done.set()
        self.watch.join()

    def _look(self) -> None:
        while not self.done.wait(0.02):
            lines = Path("/proc/self/status").read_text().splitlines()
            held = next(line for line in lines if line.startswith("RssAnon"))
            self.most = max(self.most, int(held.split()[1]) / 1024)


def write(path: Path, n: int) -> None:
    """Write n rows of clusters that overlap, a block at a time."""
    rng = np.random.default_rng(0)
    centres = 2 * rng.normal(size=(K, D))
    store = open_memmap(path, "w+", np.float64, (n, D))
    for first in range(0, n, BLOCK):
        rows = min(BLOCK, n - first)
        store[first : first + rows] = centres[rng.integers(K, size=rows)]
        store[first : first + rows] += rng.normal(size=(rows, D))
    store.flush()


def start(x: np.ndarray) -> Mixture:
    return prepared(STARTS["kmeans"](), x, "full")(K, np.random.default_rng(1))


def seconds(x: np.ndarray, given: Mixture, threads: int, repeats: int) -> np.ndarray:
    """Return the least wall and processor seconds of an iteration: a long fit less a short one."""
    best: dict[int, np.ndarray] = {}
    for count in (1, LONG) * repeats:
        begin = np.array([time.perf_counter(), time.process_time()])
        em.fit(x, [given], "full", [count], threads=threads)
        took = np.array([time.perf_counter(), time.process_time()]) - begin
        best[count] = np.minimum(took, best.get(count, np.inf))
    return (best[LONG] - best[1]) / (LONG - 1)


def together(path: Path, fits: int, threads: int) -> None:
    """Print what fits cost one after the other, and side by side on one reading a pass."""
    rows = Npy(str(path))
    draw = prepared(STARTS["kmeans"](), rows.array, "full")
    given = [draw(K, np.random.default_rng(seed)) for seed in range(fits)]
    shared = Partitioned(rows, Threads(threads))
    took, ends = [], []
    for x in (rows.array, shared):
        begin = np.array([time.perf_counter(), time.process_time()])
        ends.append(em.fit(x, given, "full", [LONG], threads=threads))
        took.append(np.array([time.perf_counter(), time.process_time()]) - begin)
    same = all(np.array_equal(a.trajectory, b.trajectory) for a, b in zip(*ends, strict=True))
    rows_of_table = (("in turn", fits * (LONG + 1), took[0]), ("together", LONG + 1, took[1]))
    for name, readings, (wall, processor) in rows_of_table:
        print(f"{fits} fits {name}: {readings} readings, {wall:.1f} s, processor {processor:.1f} s")
    print(f"the same bits: {same}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--folder", default=tempfile.gettempdir())
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--check", action="store_true", help="compare with the fit in memory")
    parser.add_argument("--fits", type=int, default=0, help="also fit so many, side by side")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        path = Path(folder) / "rows.npy"
        write(path, asked.rows)
        x = np.load(path, mmap_mode="r")
        given = start(x)
        small = np.array(x[:1_000_000])
        each = seconds(small, given, asked.threads, 5)
        with Memory() as memory:
            given = start(x)
            (fit,) = em.fit(x, [given], "full", [LONG], threads=asked.threads)
        large = seconds(x, given, asked.threads, asked.repeats)
        again = seconds(small, given, asked.threads, 5)
        in_memory = np.minimum(each, again) * asked.rows / len(small)
        print(f"{asked.rows:,} x {D}, K = {K}, full, {asked.threads} threads")
        for what, mapped, held in zip(("wall", "processor"), large, in_memory, strict=True):
            print(
                f"an iteration, {what} time: {mapped:.3f} s; of 1e6 rows in memory, times N: "
                f"{held:.3f} s; ratio {mapped / held:.2f}"
            )
        print(f"most anonymous memory {memory.most:.0f} MB")
        if asked.check:
            (held,) = em.fit(np.array(x), [given], "full", [LONG], threads=asked.threads)
            pairs = zip(held.snapshots, fit.snapshots, strict=True)
            equal = np.array_equal(held.trajectory, fit.trajectory) and all(
                np.array_equal(getattr(a.mixture, part), getattr(b.mixture, part))
                for a, b in pairs
                for part in ("weights", "means", "covariances")
            )
            print(f"parameters as in memory, bit for bit: {equal}")
            if not equal or memory.most >= MOST:
                sys.exit("not as promised")
        if asked.fits:
            together(path, asked.fits, asked.threads)


if __name__ == "__main__":
    main()

"""EM on a Dask cluster: ``python benchmarks/workers.py [--rows 1_000_000] [--iterations 50]``.

Fits K = 8 on clusters (D = 2) in this process, then on 1, 2 and 4 workers, then on two of which one
is killed on the way. Each must give the bits of this process, else the exit code is 1. Seconds are
those of the whole fit, starting the cluster aside.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scale import start, write

from gmmpipe.data.rows import Npy
from gmmpipe.mixture.em import fit as em
from gmmpipe.mixture.em.result import Fit
from gmmpipe.mixture.engines.dask import Dask
from gmmpipe.mixture.engines.partitioned import Partitioned


class Killing:
    """An executor on a cluster of which a worker is killed before the given pass."""

    def __init__(self, cluster: Dask, at: int) -> None:
        self.cluster, self.left = cluster, at

    def hold(self, make: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Have the workers make and keep things."""
        return self.cluster.hold(make, arguments)

    def run(self, work: Callable[..., Any], held: Sequence[Any], *given: Any) -> list[Any]:
        """Work on the things, one worker fewer from the given pass on."""
        self.left -= 1
        if self.left == 0:
            os.kill(next(iter(self.cluster.client.run(os.getpid).values())), signal.SIGKILL)
        return self.cluster.run(work, held, *given)


def same(one: Fit, other: Fit) -> bool:
    ends = [(a.mixture, b.mixture) for a, b in zip(one.snapshots, other.snapshots, strict=True)]
    return np.array_equal(one.trajectory, other.trajectory) and all(
        np.array_equal(getattr(a, part), getattr(b, part))
        for a, b in ends
        for part in ("weights", "means", "covariances")
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--iterations", type=int, default=50)
    parser.add_argument("--folder", default=tempfile.gettempdir())
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        path = Path(folder) / "rows.npy"
        write(path, asked.rows)
        rows = Npy(str(path))
        given = [start(rows.array)]
        begin = time.perf_counter()
        (expected,) = em.fit(rows.array, given, "full", [asked.iterations])
        print(f"this process: {time.perf_counter() - begin:.1f} s")
        equal = []
        for workers, at in ((1, 0), (2, 0), (4, 0), (2, asked.iterations // 2)):
            with Dask(workers=workers) as cluster:
                begin = time.perf_counter()
                data = Partitioned(rows, Killing(cluster, at))
                (found,) = em.fit(data, given, "full", [asked.iterations])
                spent = time.perf_counter() - begin
            equal.append(same(found, expected))
            killed = ", one killed" if at else ""
            print(f"{workers} workers{killed}: {spent:.1f} s, bit for bit the same: {equal[-1]}")
    sys.exit(not all(equal))


if __name__ == "__main__":
    main()

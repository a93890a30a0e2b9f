"""EM on a Dask cluster: the bits of this process, also where a worker is killed on the way."""

import os
import signal
import sys

import numpy as np
import pytest

from gmmpipe.cluster import Dask
from gmmpipe.errors import InputError
from gmmpipe.numerics.em import fit
from gmmpipe.numerics.mixture import Mixture
from gmmpipe.numerics.partitions import Partitioned
from gmmpipe.stores import Npy


def test_without_the_extra_there_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"distributed is missing; pip install .*\[dask\]"):
        Dask()


@pytest.mark.filterwarnings("default")  # of Dask and tornado, not ours
def test_a_worker_is_killed_and_the_bits_are_the_same(tmp_path):
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100_000, 2)) + 3 * rng.integers(3, size=(100_000, 1))
    np.save(tmp_path / "x.npy", x)
    start = Mixture(np.full(3, 1 / 3), np.arange(6.0).reshape(3, 2), np.array([np.eye(2)] * 3))
    (expected,) = fit(x, [start], "full", [50])
    with Dask(workers=2) as dask:

        class Killing:
            hold, passes = dask.hold, 0

            def run(self, work, held, *given):
                self.passes += 1
                if self.passes == 20:  # mid-iteration: its partitions are asked for next
                    os.kill(next(iter(dask.client.run(os.getpid).values())), signal.SIGKILL)
                return dask.run(work, held, *given)

        executor = Killing()
        (found,) = fit(Partitioned(Npy(str(tmp_path / "x.npy")), executor), [start], "full", [50])
    assert executor.passes > 50
    np.testing.assert_array_equal(found.trajectory, expected.trajectory)
    for part in ("weights", "means", "covariances"):
        np.testing.assert_array_equal(
            getattr(found.snapshots[0].mixture, part), getattr(expected.snapshots[0].mixture, part)
        )

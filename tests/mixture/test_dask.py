"""EM on a Dask cluster: the bits of this process, also where a worker is killed on the way."""

import json
import os
import re
import signal
import sys
import warnings
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gmmpipe.data.rows import Npy, Parquet
from gmmpipe.errors import InputError
from gmmpipe.mixture.em.fit import fit
from gmmpipe.mixture.engines import dask as module
from gmmpipe.mixture.engines.dask import Dask
from gmmpipe.mixture.engines.partitioned import Partitioned
from gmmpipe.mixture.mixture import Mixture
from gmmpipe.store import arrays
from gmmpipe.workflow import make_plan
from gmmpipe.workflow.stages import fit as stage


def test_without_the_extra_there_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"distributed is missing; .*gmmpipe\[dask\]"):
        Dask()


@pytest.fixture(scope="module")
def cluster():
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    with warnings.catch_warnings():  # of Dask and tornado, not ours
        warnings.simplefilter("ignore")
        with Dask(workers=2) as dask:
            yield dask


@pytest.mark.filterwarnings("default")
def test_a_folder_of_parquet_through_dask_is_the_fit_in_memory(cluster, tmp_path):
    x = np.random.default_rng(0).normal(size=(5000, 2))
    for i in range(3):
        part = pa.table({"u": x[i::3, 0], "v": x[i::3, 1]})
        pq.write_table(part, tmp_path / f"{i}.parquet", row_group_size=500)
    start = Mixture(np.full(2, 1 / 2), np.array([[-1.0, 0], [1, 0]]), np.array([np.eye(2)] * 2))
    together = np.concatenate([x[i::3] for i in range(3)])
    (expected,) = fit(together, [start], "full", [10])
    (found,) = fit(Partitioned(Parquet(str(tmp_path)), cluster), [start], "full", [10])
    np.testing.assert_array_equal(found.trajectory, expected.trajectory)


@pytest.mark.filterwarnings("default")
def test_nobody_else_on_the_machine_runs_code_on_a_cluster_of_ones_own(cluster):
    from distributed import Client

    address = cluster.cluster.scheduler_address
    workers = [worker.address for worker in cluster.cluster.workers.values()]
    assert all(place.startswith("tls://") for place in (address, *workers))
    for stranger in (address, address.replace("tls", "tcp")):
        with pytest.raises((OSError, TypeError)):  # TypeError: TLS without certificates
            Client(stranger, timeout=2).submit(os.getpid).result(timeout=2)
    assert cluster.run(str, cluster.hold(int, [("7",)])) == ["7"]


def test_without_what_makes_certificates_there_is_one_line(monkeypatch):
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(InputError, match=r"cryptography is missing; .*gmmpipe\[dask\]"):
        Dask()


SMALL = ("sweep.dataset=[blobs]", "sweep.covariance=[full,VVE]", "sweep.k=1..2", "sweep.seed=0..1")
SMALL += ("sweep.start=[kmeans]", "sweep.iteration=[1,8]")


@pytest.mark.usefixtures("project")
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("restarts", ["fixed", "auto"])
def test_the_blocks_of_a_run_are_the_same_bytes(study, cluster, restarts, monkeypatch):
    auto = ["fit.restarts=auto", "fit.most_seeds=4"] if restarts == "auto" else []
    done = study(*SMALL, *auto)
    monkeypatch.setattr(module, "Dask", lambda *_: nullcontext(cluster))
    monkeypatch.setattr(arrays, "MAPPED", 0)  # as past memory
    for block in done.fit_blocks:
        job = done.fit_blocks[block].config
        stage.run(done.fitted(block), "again.npz", job, 2, {"kind": "dask"})
        assert Path("again.npz").read_bytes() == Path(done.fit(block)).read_bytes()


@pytest.fixture
def installed(monkeypatch):
    """Let the extra be there, whether it is or not."""
    monkeypatch.setattr(make_plan, "find_spec", lambda name: name)


@pytest.mark.usefixtures("installed")
def test_the_engine_makes_no_other_version_and_is_handed_to_the_fits(project):
    plain = make_plan.make_plan(project, [*SMALL])
    content = Path(plain.path).read_bytes()
    assert json.loads(plain.engine) == {"kind": "local", "address": None, "workers": None}
    again = make_plan.make_plan(project, [*SMALL, "engine.kind=dask", "engine.workers=3"])
    assert (again.path, Path(again.path).read_bytes()) == (plain.path, content)
    assert json.loads(again.engine) == {"kind": "dask", "address": None, "workers": 3}


def test_a_job_gets_the_engine_and_does_not_run_again_for_another(command):
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    one = (*SMALL[1:], "sweep.covariance=[full]", "sweep.dataset=[gmm]")
    first = command("gmmpipe", "run", *one, "engine.kind=dask", "--", "--until", "fit")
    assert first.code == 0, first.err
    said = command("gmmpipe", "run", *one, "--", "-n", "--until", "fit").out
    assert re.search(r"^total +0$", said, re.MULTILINE)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(("settings", "words"), [
    (["engine.kind=dsk"], "engine.kind is 'dsk' 'local' 'dask'"),
    (["engine.worker=2"], "engine.worker is not a key engine.workers"),
    (["engine.workers=2"], "workers are of a cluster engine.kind=dask"),
    (["engine.kind=dask", "engine.workers=0"], "engine.workers is 0"),
    (["engine.kind=dask", "engine.address=http://x"], "engine.address is 'http://x' pattern"),
    (["engine.kind=dask", "engine.address=tcp://x:1", "engine.workers=2"], "leave workers out"),
    (["engine.kind=dask", "fit.noise=0.1"], "does not take fit.noise blobs engine.kind=local"),
    (["engine.kind=dask", "fit=map"], "does not take fit.regularisation=map"),
])  # fmt: skip
def test_what_the_engine_cannot_do_is_refused_when_planned(settings, words, project, refused):
    assert project.exists()
    refused(words, "run", *SMALL, *settings)


def test_a_scheduler_is_named_on_the_command_line_alone(project, refused):
    (project / "conf/experiment/mine.yaml").write_text(
        "# @package _global_\nengine:\n  kind: dask\n  address: tcp://evil:8786\n"
    )
    refused(
        "engine.address tcp://evil:8786 can run code must be given on the command line",
        "run",
        "experiment=mine",
    )


def test_without_the_extra_the_plan_says_so(project, refused, monkeypatch):
    assert project.exists()
    monkeypatch.setattr(make_plan, "find_spec", lambda _: None)
    refused("engine.kind is dask distributed is missing [dask]", "run", *SMALL, "engine.kind=dask")


def test_where_no_scheduler_answers_there_is_one_line(monkeypatch):
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    with pytest.raises(InputError, match=r"no scheduler at tcp://127\.0\.0\.1:9"):
        Dask("tcp://127.0.0.1:9")


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

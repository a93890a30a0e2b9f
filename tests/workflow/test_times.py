"""What the times of files say: nothing of their content, and so no job is done again for them."""

import os
import time
from pathlib import Path

import pytest
from projects import TINY

from gmmpipe.data import source
from gmmpipe.errors import InputError
from gmmpipe.results.tables import table_paths
from gmmpipe.store.jobs import GenerateJob
from gmmpipe.workflow.repair import recover
from gmmpipe.workflow.stages import generate

AHEAD = 86_400.0


def set_time(path, moment):
    os.utime(path, (moment, moment))


def modified(paths):
    return {path: Path(path).stat().st_mtime for path in paths}


@pytest.mark.usefixtures("finished")
def test_no_job_is_done_again_for_the_time_of_a_file(project, command):
    later = time.time() + AHEAD

    set_time("data/gmm.data", later)
    answer = command("gmmpipe", "run", *TINY)
    assert "nothing to do" in answer.out, answer

    files = [path for path in sorted(Path("results").rglob("*")) if path.is_file()]
    for place, path in enumerate(reversed(files)):  # as a copy without times, the clock ahead
        set_time(path, later + place)
    answer = command("gmmpipe", "run", *TINY)
    assert "nothing to do" in answer.out, answer
    made = [path for path in files if path.suffix in (".npz", ".parquet")]
    assert max(modified(made).values()) <= time.time()

    other = (*TINY, "fit.tol=1")
    set_time(next(Path("results/store/data").glob("[!.]*.npz")), later)
    answer = command("gmmpipe", "run", *other)
    assert answer.code == 0, answer
    assert project.joinpath("results/smoke/latest/report.html").exists()


def test_times_of_the_future_end_without_a_manifest_too(study):
    done = study(*TINY)
    Path(done.folder, "manifest.json").unlink()
    before = modified(table_paths(done))
    set_time(done.data[0], time.time() + AHEAD)
    assert recover(done) == []
    assert Path(done.data[0]).stat().st_mtime <= time.time()
    assert modified(table_paths(done)) == before  # so Snakemake makes them again, as it must


def test_order_in_time_is_mended_only_where_the_manifest_vouches_for_all(study):
    done = study(*TINY)
    set_time(done.fits[0], time.time())
    before = modified([*done.store, *table_paths(done)])
    recover(done)
    assert len(set(modified([*done.store, *table_paths(done)]).values())) == 1
    for path, moment in before.items():
        set_time(path, moment)
    Path(done.folder, "manifest.json").write_text("{}")
    recover(done)
    assert modified([*done.store, *table_paths(done)]) == before


@pytest.mark.parametrize("large", [0, 2**23])
def test_a_file_that_changes_while_it_is_read_is_refused(large, monkeypatch, tmp_path):
    """Its rows would stand under the SHA-256 of others."""
    monkeypatch.setattr(source, "LARGE", large)
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n3,4\n5,7\n")
    options, sha256 = {"kind": "file", "path": str(path)}, source.described(path)["sha256"]
    planned = GenerateJob(options=options, sha256=sha256)
    collect, read = generate.reader.collect, generate.artifacts.read

    def rewritten(method):
        def call(*arguments, **options):
            path.write_text("a,b\n1,2\n3,4\n5,8\n")
            return method(*arguments, **options)

        return call

    monkeypatch.setattr(generate.reader, "collect", rewritten(collect))
    monkeypatch.setattr(generate.artifacts, "read", rewritten(read))
    with pytest.raises(InputError, match=r"a\.csv: changed since this run was planned"):
        generate.run([str(path)], str(tmp_path / "a.npz"), planned)
    assert not (tmp_path / "a.npz").exists()

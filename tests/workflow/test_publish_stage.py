import hashlib
from datetime import datetime, timedelta
from pathlib import Path

import yaml

from gmmpipe.results.tables import table_paths
from gmmpipe.store import artifacts
from gmmpipe.store.jobs import PublishJob
from gmmpipe.workflow.stages import publish

TINY = ("experiment=smoke", "sweep.k=1", "sweep.seed=0", "sweep.iteration=1")


def test_the_manifest_holds_what_the_version_was_made_of(study):
    done = study(*TINY)
    manifest = artifacts.read_json(f"{done.folder}/manifest.json")
    assert (manifest["experiment"], manifest["version"]) == ("smoke", done.version)
    assert set(manifest["artifacts"]) >= {
        *done.data,
        *done.normalisations,
        *done.fits,
        *table_paths(done),
    }
    for path, told in manifest["artifacts"].items():
        content = Path(path).read_bytes()
        described = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        assert described.items() <= told.items()
    (source,) = manifest["inputs"]
    assert source == "data/gmm.data"
    content = Path(source).read_bytes()
    told = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    assert manifest["inputs"][source] == told
    assert manifest["config"] == done.config
    assert set(manifest) >= {"package", "lock", "workflow", "git", "environments", "stages"}
    assert manifest["dropped_rows"] == dict.fromkeys(done.data_sets, 0)
    assert {"snakemake", "hydra-core"} <= set(manifest["tools"])
    config = yaml.safe_load(Path(f"{done.folder}/config.yaml").read_text(encoding="utf-8"))
    assert config == done.config


def records(done):
    names = ("manifest.json", "run.json", "config.yaml", "Snakefile")
    return {name: Path(done.folder, name).read_bytes() for name in names}


def test_records_stay_while_the_bytes_they_tell_of_do(study, monkeypatch):
    """They say what made those bytes, not what runs now."""
    done = study(*TINY)
    before = records(done)
    here = publish.code(Path())
    monkeypatch.setattr(publish, "code", lambda _: {**here, "git": "another"})
    publish.run([done.path], "results/smoke/latest", PublishJob())
    assert records(done) == before

    Path(done.folder, "run.json").unlink()
    publish.run([done.path], "results/smoke/latest", PublishJob())
    assert artifacts.read_json(f"{done.folder}/manifest.json")["git"] == "another"

    for damaged in ("{", "[]"):
        Path(done.folder, "manifest.json").write_text(damaged)
        publish.run([done.path], "results/smoke/latest", PublishJob())
        assert artifacts.read_json(f"{done.folder}/manifest.json")["git"] == "another"

    monkeypatch.setattr(publish, "code", lambda _: here)
    artifacts.write(f"{done.folder}/tables/fits.csv", "other\n")
    publish.run([done.path], "results/smoke/latest", PublishJob())
    now = artifacts.read_json(f"{done.folder}/manifest.json")
    assert now["git"] == here["git"]
    assert now["artifacts"][f"{done.folder}/tables/fits.csv"]["size"] == 6


def test_times_and_host_are_in_run_json_alone(study):
    done = study(*TINY)
    block = next(iter(done.fit_blocks))
    timing = Path(f"results/benchmarks/fit/{block}.tsv")
    timing.parent.mkdir(parents=True)
    timing.write_text("s\th:m:s\tmax_rss\n1.5\t0:00:01\t99\n")
    for content in (b"s\nNA\n", b"\xff", b""):  # damaged, or a job too short to be measured
        timing.with_name(f"{content.hex()}.tsv").write_bytes(content)
        names = [block, content.hex()]
        assert publish._seconds("fit", names) == {block: 1.5}
    Path(done.folder, "run.json").unlink()
    publish.run([done.path], "results/smoke/latest", PublishJob())
    run = artifacts.read_json(f"{done.folder}/run.json")
    assert datetime.fromisoformat(run["published"]).utcoffset() == timedelta(0)
    assert run["seconds"]["fit"] == {block: 1.5}
    assert run["host"]
    text = records(done)["manifest.json"].decode()
    assert run["published"][:10] not in text
    assert str(Path.cwd()) not in text


def test_latest_moves_and_nothing_else_changes(study):
    first, second = study(*TINY), study(*TINY, "fit.tol=1")
    latest = Path("results/smoke/latest")
    assert str(latest.readlink()) == second.version
    before = Path(f"{first.folder}/manifest.json").read_bytes()
    publish.run([first.path], str(latest), PublishJob())
    assert str(latest.readlink()) == first.version
    assert Path(f"{first.folder}/manifest.json").read_bytes() == before
    assert Path(f"{second.folder}/manifest.json").exists()

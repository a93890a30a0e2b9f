import hashlib
from pathlib import Path

import yaml

from gmmpipe import artifacts
from gmmpipe.stages import publish

TINY = ("experiment=smoke", "sweep.k=1", "sweep.seed=0", "sweep.iteration=1")


def test_the_manifest_holds_what_the_version_was_made_of(study):
    done = study(*TINY)
    manifest = artifacts.read_json(f"{done.folder}/manifest.json")
    assert (manifest["experiment"], manifest["version"]) == ("smoke", done.version)
    assert set(manifest["artifacts"]) >= {
        *done.data,
        *done.normalisations,
        *done.fits,
        *done.tables,
    }
    for path, told in manifest["artifacts"].items():
        content = Path(path).read_bytes()
        assert told == {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (source,) = manifest["inputs"]
    assert source == "data/gmm.data"
    assert manifest["dropped_rows"] == dict.fromkeys(done.plan["data"], 0)
    assert {"numpy", "numba", "snakemake"} <= set(manifest["libraries"])
    config = yaml.safe_load(Path(f"{done.folder}/config.yaml").read_text(encoding="utf-8"))
    assert config == done.plan["config"]


def test_latest_moves_and_nothing_else_changes(study):
    first, second = study(*TINY), study(*TINY, "fit.tol=1")
    latest = Path("results/smoke/latest")
    assert str(latest.readlink()) == second.version
    before = Path(f"{first.folder}/manifest.json").read_bytes()
    publish.run([first.path], str(latest), {})
    assert str(latest.readlink()) == first.version
    assert Path(f"{first.folder}/manifest.json").read_bytes() == before
    assert Path(f"{second.folder}/manifest.json").exists()

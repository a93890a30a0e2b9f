"""A version's folder without a run: what its files hold is of no account."""

from pathlib import Path

from gmmpipe.store import artifacts
from gmmpipe.workflow.verify import Version

FILES = ("config.yaml", "Snakefile", "report.html", "manifest.json", "run.json")
FILES += ("tables/fits.csv", "tables/best.parquet", "figures/bic-gmm.svg", "figures/captions.json")


def vouch(path: Path) -> None:
    """Let the manifest of a version tell of a table as it is now."""
    path = path.resolve().relative_to(Path.cwd())
    manifest = artifacts.read_json(path.parents[1] / "manifest.json")
    manifest["artifacts"][str(path)] |= artifacts.describe(path)
    artifacts.write_json(path.parents[1] / "manifest.json", manifest)


def a_version(place: Path) -> Version:
    """Return a version in results/ of a folder."""
    home = "results/smoke/0123456789ab"
    told = [f"{home}/{name}" for name in FILES if name not in ("manifest.json", "run.json")]
    for path in told:
        artifacts.write(place / path, path)
    inputs = {"data/gmm.data": "ab" * 32, "/home/me/my flowers.csv": "cd" * 32}
    manifest = {
        "format": 2,
        "experiment": "smoke",
        "version": "0123456789ab",
        "inputs": {path: {"size": 3, "sha256": digest} for path, digest in inputs.items()},
        "artifacts": {path: artifacts.describe(place / path) for path in told},
        "package": {"name": "gmmpipe", "version": "1.2", "sha256": "ef" * 32},
        "tools": {"snakemake": "9.27"},
    }
    run = {"started": "2026-01-02T03:04:05+00:00", "published": "2026-01-02T03:05:00+00:00"}
    artifacts.write_json(place / home / "manifest.json", manifest)
    artifacts.write_json(place / home / "run.json", run)
    return Version(place / home)

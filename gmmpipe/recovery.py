"""Before a run: remove what a crash left behind, and what is no longer as it was written."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gmmpipe.sealed import covered, discard, is_intact, sweep
from gmmpipe.study import Study


def recover(study: Study) -> list[str]:
    """Remove what is not fit to go on from, in the working folder; return the damaged artifacts.

    Every artifact of the version is read and compared with its recorded SHA-256. What is damaged
    is removed, so that Snakemake makes it again. The caller holds the lock.
    """
    sweep("results")
    _drop_unreadable_records(Path(".snakemake"))
    figures = Path(study.folder) / "figures"
    declared = {*map(Path, (*study.store, *study.tables, *study.summaries))}
    declared |= {Path(study.folder) / "report.html", figures / "captions.json"}
    known = sorted(declared | set(covered(study.folder)))
    with ThreadPoolExecutor() as pool:  # hashing lets go of the interpreter's lock
        intact = dict(zip(known, pool.map(is_intact, known), strict=True))
    bad = [path for path in known if not intact[path]]
    damaged = [str(path) for path in bad if path.exists()]
    for path in bad:
        if figures in path.parents:  # one output: Snakemake makes the folder or does not
            discard(figures)
            continue
        discard(path)
        if path not in declared:  # made by the last rule, which has the marker for output
            Path(study.marker).unlink(missing_ok=True)
    latest = Path(study.marker).with_name("latest")
    if not latest.is_symlink() or str(latest.readlink()) != study.version:
        Path(study.marker).unlink(missing_ok=True)
    return damaged


def _drop_unreadable_records(folder: Path) -> None:
    """Remove Snakemake's notes on outputs that a power cut spoilt: it would stop at them."""
    for kind in ("metadata", "incomplete"):
        for path in (folder / kind).rglob("*"):
            if path.is_file():
                try:
                    fine = isinstance(json.loads(path.read_bytes()), dict)
                except ValueError:
                    fine = False
                if not fine:
                    path.unlink()

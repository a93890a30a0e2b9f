"""Bits that flip and files that are cut, in every sort of artifact."""

import random
from collections import Counter
from pathlib import Path

from killed_runs import flip

from gmmpipe.errors import DamagedArtifact
from gmmpipe.store.artifacts import read
from gmmpipe.store.integrity import checksummed
from gmmpipe.store.layout import INDEX
from gmmpipe.store.plan import Plan
from gmmpipe.workflow.repair import recover

SORTS = (".npz", ".parquet", ".csv", ".html", ".png", ".svg", ".pdf", ".json", ".yaml", ".sha256")


def damages(study: Plan, each: int = 6, seed: int = 0) -> tuple[Counter[str], list[str]]:
    """Damage every artifact of a version, one at a time, and put it back.

    The page of all versions is none: it is written anew after each run.

    Returns how many damages of each sort were tried, and those that were not found both by who
    reads the artifact and by the look at all of them before a run.
    """
    chance = random.Random(seed)  # noqa: S311 - no secret
    tried: Counter[str] = Counter()
    lost = []
    paths = [path for path in checksummed("results") if path.exists() and path != Path(INDEX)]
    paths += [path.with_name(f".{path.name}.sha256") for path in paths]
    by_sort = {sort: [path for path in paths if path.suffix == sort] for sort in SORTS}
    everything = {path: path.read_bytes() for path in [*paths, Path(study.marker)] if path.exists()}
    for sort, ours in by_sort.items():
        for path in (chance.choice(ours) for _ in range(each)):
            size, how = path.stat().st_size, chance.choice(["flipped", "cut"])
            if how == "cut":
                path.write_bytes(everything[path][: chance.randrange(size)])
            else:
                flip(path, chance.random(), chance.randrange(8))
            artifact = path.with_name(path.name[1 : -len(sort)]) if sort == ".sha256" else path
            tried[sort] += 1
            if not _is_refused(artifact) or str(artifact) not in _found(study, artifact):
                lost.append(f"{path} {how}")
            for name, content in everything.items():
                name.parent.mkdir(parents=True, exist_ok=True)
                name.write_bytes(content)
    return tried, lost


def _is_refused(path: Path) -> bool:
    try:
        read(path)
    except DamagedArtifact as error:
        return str(path) in str(error)
    return False


def _found(study: Plan, artifact: Path) -> list[str]:
    """Return what the look before a run finds; a plan and a size are looked at when planning."""
    if artifact.suffix == ".json" and "store" in artifact.parts:
        return [str(artifact)]
    return recover(study)

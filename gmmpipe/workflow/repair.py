"""Before a run: remove what a crash left behind, and damaged artifacts."""

import errno
import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any

from gmmpipe.errors import CannotRead, InputError, one_line
from gmmpipe.results.tables import table_paths
from gmmpipe.store import artifacts, layout
from gmmpipe.store.environments import Environments
from gmmpipe.store.files import move_artifact, remove_stale
from gmmpipe.store.integrity import checksum_of, checksum_path, is_intact, made_by
from gmmpipe.store.layout import (
    CONFIG,
    FIGURES,
    MANIFEST,
    RECORDS,
    RESULTS,
    TABLES,
    WORKFLOW,
)
from gmmpipe.store.names import NOTES, refuse_file, refuse_folder, refuse_odd
from gmmpipe.store.open_files import temporary_path
from gmmpipe.store.plan import Plan
from gmmpipe.store.replaced import replaced_now
from gmmpipe.workflow.pipeline import STAGES

KEPT = Path(layout.STORE, ".kept")  # links to what a run may remove


def recover(plan: Plan) -> list[str]:
    """Move what is not fit to go on from out of the way; return the damaged artifacts.

    Every artifact of the version, as plan and captions name them, is read and compared with its
    recorded SHA-256. What is damaged goes to ``REPLACED``, so that Snakemake makes it again. The
    caller holds the lock. Raises CannotRead for what may be whole, for all that can be told.
    """
    captions, made = Path(plan.captions), {*map(Path, _made(plan))}
    besides = _written_besides(plan)
    _refuse_misplaced(plan, made | besides)
    written = {path for path in besides if checksum_of(path) is not None or _is_unvouched(path)}
    artifact_paths = sorted(made | written)
    restore(plan)
    remove_stale(RESULTS)
    _part_hard_links()
    aside = replaced_now()
    _drop_unreadable_records(Path(".snakemake"), aside)
    with ThreadPoolExecutor() as pool:  # hashing lets go of the interpreter's lock
        intact = dict(zip(artifact_paths, pool.map(is_intact, artifact_paths), strict=True))
    altered = set(_altered(plan))
    bad = [path for path in artifact_paths if not intact[path] or path in altered]
    damaged = [str(path) for path in bad if path.exists()]
    if captions not in bad and any(captions.parent == path.parent for path in bad):
        bad.append(captions)  # stands for all figures: without it they are drawn again
    for path in bad:
        move_artifact(path, aside / path.relative_to(RESULTS))
        if path in written:  # made by the last rule, which has the marker for output
            Path(plan.marker).unlink(missing_ok=True)
    latest = Path(layout.latest(plan.experiment))
    if artifacts.linked(latest) != plan.version:
        Path(plan.marker).unlink(missing_ok=True)
    settle_times(plan)
    return damaged


def _is_unvouched(path: Path) -> bool:
    """Return whether a file has no record, which the manifest would have restored."""
    return path.exists() and path.name not in RECORDS


def _made(plan: Plan) -> list[str]:
    """Return the files that jobs of a plan make; the captions stand for the figures."""
    return [*plan.store, *table_paths(plan), plan.captions, plan.report]


def _written_besides(plan: Plan) -> set[Path]:
    """Return what may be among the figures and the records of a version."""
    records = {Path(plan.folder, name) for name in (CONFIG, WORKFLOW, *RECORDS)}
    try:
        captions = artifacts.read_json(plan.captions)
    except CannotRead:
        raise
    except InputError:
        captions = ()
    return records | plan.figure_paths(captions)


def _outputs(plan: Plan) -> Iterator[Sequence[str]]:
    """Yield the files that each job of a plan makes; the captions stand for the figures."""
    for stage in STAGES.values():
        yield from (stage.outputs(plan, name) for name in stage.jobs(plan))


@contextmanager
def restoring_on_failure(plan: Plan) -> Iterator[None]:
    """Put back at the end what a run removed and failed to make again; ``recover`` after a kill.

    Snakemake removes the outputs of a job before it begins, also those of a finished version when
    the code is new. Hard links keep them, and what is recorded of them: nothing is written in
    place. Raises OSError where the disk is full: then nothing is to be removed.
    """
    lost: OSError | None = None
    records = (Path(plan.folder, name) for name in (CONFIG, WORKFLOW, *RECORDS))
    for path in {*map(Path, _made(plan)), *records, *Path(plan.figures).glob("[!.]*")}:
        for each in filter(Path.is_file, (checksum_path(path), path) if path.is_file() else ()):
            link = _links_of(plan) / each
            link.parent.mkdir(parents=True, exist_ok=True)
            try:
                link.hardlink_to(each)
            except OSError as error:
                if error.errno not in (*artifacts.NO_LINKS, errno.EXDEV):
                    raise
                lost = error
    if lost:
        line = (
            f"gmmpipe: {KEPT}: {lost.strerror}; files that a failing run removes are not restored"
        )
        print(line, file=sys.stderr)
    try:
        yield
    finally:
        restore(plan)


def _links_of(plan: Plan) -> Path:
    return KEPT / plan.label


def restore(plan: Plan) -> None:
    """Restore the linked files of each job that has not made all of its own.

    What it has made goes to ``REPLACED``; no figure comes back where figures were drawn since. That
    is what the plan names, and no more: others may have written that folder. What else is there
    goes to ``REPLACED`` too, such as what was made again with other bytes. What is left of other
    runs is named.
    """
    home, aside = _links_of(plan), replaced_now()
    figures = () if Path(plan.captions).exists() else list((home / plan.figures).glob("[!.]*"))
    unfinished = (paths for paths in _outputs(plan) if not all(map(os.path.lexists, paths)))
    for path in (*map(Path, chain(*unfinished)), *(link.relative_to(home) for link in figures)):
        link = home / path
        if Path(*path.parts[:3]).is_dir() and link.is_file() and not link.is_symlink():
            if path.exists() and not path.samefile(link):
                move_artifact(path, aside / path.relative_to(RESULTS))
            move_artifact(link, path)
    left = [link for link in home.rglob("*") if _is_needed(link, link.relative_to(home))]
    for link in left:
        move_artifact(link, aside / link.relative_to(RESULTS))
    if left:
        words = f"gmmpipe: {len(left)} files as they were before are in {aside}"
        print(one_line(words), file=sys.stderr)
    shutil.rmtree(home, ignore_errors=True)
    for other in KEPT.glob("*"):
        words = f"gmmpipe: {other}: left by a run that was killed; run that again, or remove it"
        print(one_line(words), file=sys.stderr)
    with suppress(OSError):
        KEPT.rmdir()


def _is_needed(link: Path, path: Path) -> bool:
    """Return whether a linked file, if it is one, has bytes that are not in its place."""
    is_record = link.name.startswith(".") and link.name.endswith(".sha256")
    if link.is_symlink() or link.is_dir() or is_record:
        return link.is_symlink()
    checksum = checksum_of(link)
    is_there = path.is_file() and (
        path.samefile(link) or (bool(checksum) and checksum == checksum_of(path))
    )
    return not is_there


def _refuse_misplaced(plan: Plan, artifact_paths: Iterable[Path]) -> None:
    """Raise InputError for what is out of place in a version: links, pipes, folders for files.

    artifact_paths: those of the version.
    """
    home = Path(plan.folder)
    refuse_odd(home)
    latest = Path(layout.latest(plan.experiment))
    if latest.exists() and artifacts.linked(latest) is None:
        raise InputError(f"{latest}: is not a link to a version; rename it")
    for path in (home / TABLES, home / FIGURES):
        refuse_file(path)
    for path in (Path(plan.marker), *(home / name for name in RECORDS), *artifact_paths):
        refuse_folder(path)
        refuse_folder(checksum_path(path))


def settle_times(plan: Plan) -> None:
    """Let no artifact of a version be of the future, nor a whole version's out of order in time.

    Snakemake fails a job whose inputs are newer than now, and does again what is older than its
    inputs: after a copy without times, or with a clock that was ahead. Where the manifest vouches
    for every artifact nothing is to be done again.
    """
    now = time.time()
    layers = [
        [(path, path.stat().st_mtime) for path in map(Path, layer) if path.exists()]
        for layer in _layers(plan)
    ]
    newest, mixed = 0.0, False
    for layer in layers:
        mixed |= min((moment for _, moment in layer), default=newest) < newest
        newest = max([newest, *(moment for _, moment in layer)])
    if newest <= now and not mixed:
        return
    whole = _is_vouched_for(plan)
    for path, moment in chain(*layers):
        if whole or moment > now:
            os.utime(path, (now, now))


def _layers(plan: Plan) -> Iterator[Iterable[str]]:
    """Yield the paths that Snakemake looks at, none of which was made of a later one."""
    starts = {path for block in plan.fit_blocks for path in plan.fitted(block)[1:]}
    yield [plan.path, plan.origins, *starts]
    for stage in STAGES.values():
        outputs = [path for name in stage.jobs(plan) for path in stage.outputs(plan, name)]
        yield outputs


def _altered(plan: Plan) -> list[Path]:
    """Return the artifacts that were changed together with what is recorded of them.

    Those of other bytes than the manifest tells, although the same code in the same environment
    makes the same bytes, or although no job made them. What other code made, or another
    environment, may differ.
    """
    manifest = _manifest(plan)
    entries, environments = manifest.get("artifacts", {}), Environments(manifest)
    odd = []
    for path in (*plan.store, *table_paths(plan)):
        maker = environments.maker(path)
        if maker and checksum_of(path) not in (None, entries[path].get("sha256")):
            odd += [Path(path)] if made_by(path) in ({}, maker) else []
    return odd


def _manifest(plan: Plan) -> dict[str, Any]:
    """Return the manifest of a version; nothing where there is none that can be read."""
    try:
        manifest = artifacts.read_json(Path(plan.folder) / MANIFEST)
    except CannotRead:
        raise
    except InputError:
        return {}
    entries = manifest.get("artifacts") if isinstance(manifest, dict) else None
    listed = entries.values() if isinstance(entries, dict) else [None]
    sound = all(isinstance(entry, dict) and "sha256" in entry for entry in listed)
    return manifest if sound else {}


def _is_vouched_for(plan: Plan) -> bool:
    """Return whether the version's manifest agrees with the record of each of its artifacts."""
    entries = _manifest(plan).get("artifacts", {})
    required = (plan.path, plan.origins, *plan.store, *table_paths(plan))
    return all(
        checksum_of(path) == entries[path]["sha256"] if path in entries else path not in required
        for path in (*required, *entries)
    )


def _part_hard_links() -> None:
    """Copy what is written in place where it has other names too, as in a backup by hard links."""
    places = (layout.LOGS, layout.BENCHMARKS, *(f".snakemake/{kind}" for kind in NOTES))
    for path in chain.from_iterable(Path(place).rglob("*") for place in places):
        if path.is_file() and path.stat().st_nlink > 1:
            shutil.copy2(path, temporary_path(path))
            temporary_path(path).replace(path)


def _drop_unreadable_records(folder: Path, aside: Path) -> None:
    """Move Snakemake's notes on outputs that a power cut spoilt: it would stop at them."""
    for kind in ("metadata", "incomplete"):
        for path in (folder / kind).rglob("*"):
            if path.is_file():
                try:
                    fine = isinstance(json.loads(path.read_bytes()), dict)
                except ValueError:
                    fine = False
                if not fine:
                    move_artifact(path, aside / path)

"""Draw the figures of a version, each data set by itself."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from gmmpipe.figures import FIGURES
from gmmpipe.figures.case_tables import case_tables, style_from, tables_for, version_frames
from gmmpipe.figures.origin import origin_of
from gmmpipe.store import artifacts
from gmmpipe.store.files import is_in_results
from gmmpipe.store.integrity import checksum_of, is_intact
from gmmpipe.store.layout import CAPTIONS
from gmmpipe.store.plan import Plan
from gmmpipe.store.replaced import replaced_now, set_aside
from gmmpipe.workflow.processes import MOST, run_shares

Drawn = list[tuple[int, str, str]]  # place in the order of all, file stem, caption


def run(inputs: Sequence[str], output: str, threads: int = 1) -> None:
    """Write every figure of the plan ``inputs[0]`` that applies into the folder ``output``.

    A figure is named <figure>-<case>.<format>, a case being a data set at an outer point of the
    sweep, or the data set alone for a figure across all of these; captions.json has {file stem:
    caption}. threads: processes that share the work, as
    matplotlib is not for threads.
    """
    with artifacts.scratch(output) as scratch:
        drawn = chain(*run_shares(_draw, min(threads, MOST), inputs[0], output, scratch))
    captions = {stem: caption for _, stem, caption in sorted(drawn)}
    for path in sorted(Path(output).glob("[!.]*")):
        if path.stem not in captions and checksum_of(path) is not None:
            _set_aside(path)  # drawn before, and now no more
    artifacts.write_json(Path(output) / CAPTIONS, captions)


def _draw(path: str, output: str, scratch: str, *_: int) -> Drawn:
    """Draw the figures that no other process has begun."""
    plan = Plan.read(path)
    section = plan.config["figures"]
    style, origin = style_from(section), str(origin_of(plan))
    names = list(FIGURES) if section["names"] == "all" else section["names"]
    stems: list[str] = []
    drawn: Drawn = []
    with _uncollected():
        for (dataset, case), every_table in case_tables(plan, version_frames(plan)):
            if stems:
                gc.collect()  # what the last data set left
            for name in names:
                tables, place = tables_for(name, dataset, case, every_table)
                stem, kind = f"{name}-{place}", FIGURES[name]
                if stem in stems:
                    continue
                stems.append(stem)
                if not artifacts.claim(scratch, stem):
                    continue
                if not kind.applies(tables):
                    print(f"{name} does not apply to {place}")
                    continue
                drawn.append((len(stems), stem, kind.caption(tables, style)))
                for suffix, content in kind.files(
                    tables, style, section["formats"], section["dpi"], origin
                ):
                    target = Path(output, f"{stem}.{suffix}")
                    if target.exists() and not is_intact(target):
                        _set_aside(target)  # somebody edited it
                    artifacts.write(target, content)
    return drawn


def _set_aside(path: Path) -> None:
    if is_in_results(path):
        set_aside(Path(), path, replaced_now())


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no cycles by itself meanwhile, which takes a seventh of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()

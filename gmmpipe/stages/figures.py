"""Draw the figures of a version, each data set on its own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gmmpipe import artifacts
from gmmpipe.cases import cases, frames_of, seen_by, style_of
from gmmpipe.figures import FIGURES
from gmmpipe.study import Study


def run(inputs: Sequence[str], output: str, config: Mapping[str, Any], threads: int = 1) -> None:
    """Write every figure of the plan ``inputs[0]`` that applies into the folder ``output``.

    A figure is named <figure>-<case>.<format>, a case being a data set at an outer point of the
    sweep, or the data set alone for a figure across all of these; captions.json has {file stem:
    caption}. config is not used, the plan says it all.
    """
    del config, threads
    study = Study(inputs[0])
    wanted = study.plan["config"]["figures"]
    style = style_of(wanted)
    names = list(FIGURES) if wanted["names"] == "all" else wanted["names"]
    captions: dict[str, str] = {}
    for (dataset, case), found in cases(study, frames_of(study)):
        for name in names:
            tables, place = seen_by(name, dataset, case, found)
            if f"{name}-{place}" in captions:
                continue
            kind = FIGURES[name]
            if not kind.applies(tables):
                print(f"{name} does not apply to {place}")
                continue
            captions[f"{name}-{place}"] = kind.caption(tables, style)
            for suffix, content in kind.files(tables, style, wanted["formats"], wanted["dpi"]):
                artifacts.write(f"{output}/{name}-{place}.{suffix}", content)
    artifacts.write_json(Path(output) / "captions.json", captions)

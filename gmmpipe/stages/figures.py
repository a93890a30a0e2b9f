"""Draw the figures of a version, each data set on its own."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from gmmpipe import artifacts
from gmmpipe.figures import FIGURES, Style, Tables
from gmmpipe.steps import steps
from gmmpipe.study import BOOTSTRAPPED, TABLES, Study


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
    for (dataset, case), found in cases(study):
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


def style_of(wanted: Mapping[str, Any]) -> Style:
    """Return the style in the section `figures` of a configuration."""
    taste: dict[str, Any] = {field.name: wanted[field.name] for field in fields(Style)}
    return Style(**{**taste, "sigmas": tuple(taste["sigmas"])})


def seen_by(name: str, dataset: str, case: str, tables: Tables) -> tuple[Tables, str]:
    """Return the tables as a figure sees them, and what its file is named after."""
    if FIGURES[name].across:
        return replace(tables, dataset=dataset), _file_part(dataset)
    return tables, case


def cases(study: Study) -> Iterator[tuple[tuple[str, str], Tables]]:
    """Yield ((data set, file name part), tables) of each data set at each outer point."""
    names = [*TABLES, *(BOOTSTRAPPED if study.summaries else ())]
    frames = {n: artifacts.read_frame(f"{study.folder}/tables/{n}.parquet") for n in names}
    for stored, at in study.cases():
        ours = {name: _at(frame, at) for name, frame in frames.items()}
        data = artifacts.read_arrays(study.stored(stored))
        labels = None
        if "labels" in data:
            codes = pd.Categorical.from_codes(data["labels"], data["classes"].tolist())
            labels = pd.Series(codes)
        words = [at["dataset"], *(f"{axis}={at[axis]}" for axis in study.outer)]
        yield (
            (at["dataset"], _file_part(".".join(words))),
            Tables(
                dataset=", ".join(words),
                x=pd.DataFrame(data["x"], columns=data["features"].tolist()),
                labels=labels,
                fits=ours["fits"],
                best=ours["best"],
                parameters=ours["parameters"],
                trajectories=ours["trajectories"],
                assignments=ours["labels"],
                certificates=ours["certificates"],
                lineage=ours["lineage"],
                stability=ours["stability"],
                recovery=_at(frames["recovery"], {"dataset": at["dataset"]}),
                tests=ours.get("bootstrap"),
                intervals=ours.get("intervals"),
                replay=partial(steps, study, at, ours["parameters"]),
            ),
        )


def _file_part(words: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.+=-]", "_", words)


def _at(frame: pd.DataFrame, at: Mapping[str, Any]) -> pd.DataFrame:
    keep = pd.Series(True, index=frame.index)
    for axis, value in at.items():
        keep &= frame[axis] == value
    return frame[keep].reset_index(drop=True)

"""The tables of a finished version, one data set at one outer point of the sweep at a time."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from functools import partial
from typing import Any

import pandas as pd

from gmmpipe import artifacts
from gmmpipe.figures import FIGURES, Style, Tables
from gmmpipe.steps import steps
from gmmpipe.study import BOOTSTRAPPED, TABLES, Study


def style_of(wanted: Mapping[str, Any]) -> Style:
    """Return the style in the section `figures` of a configuration."""
    taste: dict[str, Any] = {field.name: wanted[field.name] for field in fields(Style)}
    return Style(**{**taste, "sigmas": tuple(taste["sigmas"])})


def seen_by(name: str, dataset: str, case: str, tables: Tables) -> tuple[Tables, str]:
    """Return the tables as a figure sees them, and what its file is named after."""
    if FIGURES[name].across:
        return replace(tables, dataset=dataset), _file_part(dataset)
    return tables, case


def frames_of(study: Study) -> dict[str, pd.DataFrame]:
    """Return every table of a finished version, by name."""
    names = [*TABLES, *(BOOTSTRAPPED if study.summaries else ())]
    return {n: artifacts.read_frame(f"{study.folder}/tables/{n}.parquet") for n in names}


def cases(
    study: Study, frames: Mapping[str, pd.DataFrame]
) -> Iterator[tuple[tuple[str, str], Tables]]:
    """Yield ((data set, file name part), tables) of each data set at each outer point."""
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
                fits=ours["fits"].query("status == 'ok'"),  # a failed one has no numbers
                best=ours["best"],
                parameters=ours["parameters"],
                trajectories=ours["trajectories"],
                assignments=ours["labels"],
                certificates=ours["certificates"],
                lineage=ours["lineage"],
                stability=_stacked(ours["stability"], ours.get("resamples")),
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


def _stacked(seeds: pd.DataFrame, resamples: pd.DataFrame | None) -> pd.DataFrame:
    """Return the stability between seeds, then that between resamples."""
    both = [seeds, *([] if resamples is None else [resamples])]
    return pd.concat([table for table in both if len(table)] or [seeds], ignore_index=True)

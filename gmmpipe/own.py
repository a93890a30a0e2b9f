"""The user's own file as a data set, without any configuration written."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from gmmpipe.boundary import URL
from gmmpipe.errors import InputError


class Option(NamedTuple):
    """An option of the command line: the data set's setting that it gives, and its help."""

    setting: str
    metavar: str
    purpose: str


OPTIONS = {
    "data": Option("path", "FILE", "your own file as the data set"),
    "label": Option("label", "COLUMN", "column of --data with known groups"),
    "weight": Option("weight", "COLUMN", "column of --data: row weights"),
    "columns": Option("columns", "A,B", "columns of --data to use"),
}


def arguments(own: Mapping[str, Any] | None) -> list[str]:
    """Return the words of a command line that give these options, as ``own_file`` returns them."""
    words = []
    for name, option in OPTIONS.items():
        if own and option.setting in own:
            value = own[option.setting]
            text = ",".join(value) if isinstance(value, list) else str(value)
            words += [f"--{name}={text}"] if text.startswith("-") else [f"--{name}", text]
    return words


def own_file(root: Path, settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the options of the user's own file, its path relative to ``root`` where inside."""
    if settings.get("data") is None:
        if any(settings.get(name) for name in OPTIONS):
            raise InputError("label, weight and columns belong to data; give --data FILE")
        return None
    named, project = Path(str(settings["data"])), root.resolve()
    path = named.parent.resolve() / named.name  # the name stays as given, links before it do not
    parquet = path.is_dir() and any(path.glob("*.parquet"))
    if URL.match(str(settings["data"])) or not (path.is_file() or parquet):
        what = "not a regular file or a folder of .parquet" if path.exists() else "no such file"
        raise InputError(f"{settings['data']}: {what}; give --data the path of a local data file")
    inside = path.is_relative_to(project)
    own: dict[str, Any] = {"path": str(path.relative_to(project) if inside else path)}
    for key in ("label", "weight"):
        if settings.get(key) is not None:
            own[key] = str(settings[key])
    if settings.get("columns"):
        own["columns"] = [part.strip() for part in str(settings["columns"]).split(",")]
    return own


def own_name(path: str) -> str:
    """Return the data set name of a user's file: its stem, odd characters as underscores.

    A name without any ASCII letter or digit becomes "data".
    """
    stem = Path(path).name.split(".")[0]
    return re.sub(r"[^A-Za-z0-9_-]", "_", stem).lstrip("_-")[:48] or "data"

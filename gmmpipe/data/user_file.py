"""The user's own file as a data set, without any configuration written."""

import re
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from os.path import realpath
from pathlib import Path
from typing import Any, NamedTuple

from gmmpipe.errors import LISTS, InputError
from gmmpipe.store.names import URL


class Option(NamedTuple):
    """An option of the command line: the data set's setting that it gives, and its help."""

    setting: str
    metavar: str
    purpose: str


OPTIONS = {
    "data": Option("path", "FILE", "your own file as the data set"),
    "label": Option("label", "COLUMN", "column of --data with known groups"),
    "weight": Option("weight", "COLUMN", "column of --data: row weights"),
    "columns": Option("columns", "A,B", "columns of --data to use; may be given again"),
    "table": Option("table", "NAME", "which one, where --data holds several"),
    "delimiter": Option("delimiter", "WORD", "comma, semicolon, tab, pipe, blank or none"),
    "decimal": Option("decimal", "WORD", "point or comma"),
    "header": Option("header", "yes|no", "whether the first row holds names"),
    "encoding": Option("encoding", "NAME", "of a text, such as latin-1"),
    "comment": Option("comment", "MARK", "lines that begin with it are passed over; or none"),
    "missing": Option("missing", "WORD", "rows with missing values: refuse, drop or keep"),
    "na": Option(
        "na", "A,B", "texts and numbers that stand for a missing value; may be given again"
    ),
}
HEADER = {"yes": True, "no": False, "true": True, "false": False}
NO_UTF_8 = re.compile("[\ud800-\udfff]")  # bytes of a file's name that are none, in the locale
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "\\t": "tab", "|": "pipe", " ": "blank"}


def declare(parser: ArgumentParser, names: Iterable[str] = OPTIONS) -> None:
    """Add options to a parser."""
    for name in names:
        option = OPTIONS[name]
        words: dict[str, Any] = {"action": "append"} if name in LISTS else {}
        parser.add_argument(f"--{name}", metavar=option.metavar, help=option.purpose, **words)


def arguments(settings: Mapping[str, Any] | None) -> list[str]:
    """Return the words of a command line that give these options, as of ``file_options``."""
    words = []
    for name, option in OPTIONS.items():
        if settings and option.setting in settings:
            text = _word(settings[option.setting])
            words += [f"--{name}={text}"] if text.startswith("-") else [f"--{name}", text]
    return words


def _word(value: Any) -> str:
    """Return a setting as it is typed."""
    if isinstance(value, list):
        return ",".join(value)
    return {True: "yes", False: "no", None: "none"}.get(value, str(value))


def file_options(root: Path, settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the options of the user's own file, its path relative to ``root`` where inside."""
    if settings.get("data") is None:
        name = next((name for name in OPTIONS if settings.get(name) is not None), None)
        if name:
            raise InputError(f"--{name} belongs to --data; give --data FILE")
        return None
    named, project = Path(str(settings["data"])), Path(realpath(root))
    path = (
        Path(realpath(named.parent)) / named.name
    )  # the name stays as given, links before it do not
    parquet = path.is_dir() and any(path.rglob("*.parquet"))
    if URL.match(str(settings["data"])) or not (path.is_file() or parquet):
        what = "not a regular file or a folder of .parquet" if path.exists() else "no such file"
        raise InputError(f"{settings['data']}: {what}; give --data the path of a local data file")
    if NO_UTF_8.search(str(path)):
        raise InputError(f"{str(named)!r}: is no UTF-8; rename the file, or set LC_ALL=C.UTF-8")
    inside = path.is_relative_to(project)
    options = {"path": str(path.relative_to(project) if inside else path)}
    return options | reading(settings)


def reading(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what options say of how a file is read, as settings of its data set."""
    typed = {name: settings[name] for name in OPTIONS if settings.get(name) is not None}
    result: dict[str, Any] = {}
    for name in [name for name in typed if name != "data"]:
        text = str(typed[name])
        if name in LISTS:
            texts = typed[name] if isinstance(typed[name], list) else [text]
            result[name] = [part.strip() for each in texts for part in str(each).split(",")]
        elif name == "header":
            if text.lower() not in HEADER:
                raise InputError(f"--header is {text!r}; give yes or no")
            result[name] = HEADER[text.lower()]
        elif name == "comment" and text == "none":
            result[name] = None
        else:
            result[name] = DELIMITERS.get(text, text) if name == "delimiter" else text
    return result


def dataset_name(path: str) -> str:
    """Return the data set name of a user's file: its stem, odd characters as underscores.

    A name without any ASCII letter or digit becomes "data".
    """
    stem = Path(path).name.split(".")[0]
    return re.sub(r"[^A-Za-z0-9_-]", "_", stem).lstrip("_-")[:48] or "data"

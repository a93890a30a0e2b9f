"""The user's own files as data sets, without any configuration written."""

import re
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from dataclasses import fields
from os.path import realpath
from pathlib import Path
from typing import Any, get_args, get_origin

from gmmpipe.data.file import File, Option
from gmmpipe.errors import InputError
from gmmpipe.store.layout import RESERVED
from gmmpipe.store.names import ALLOWED, URL, is_name

EXPERIMENT = "data"  # that which runs for --data where no other is chosen
ANNOTATIONS = {field.name: get_args(field.type) for field in fields(File)}
SETTINGS = {  # of a file's data set that are options of the command line
    name: option
    for name, annotation in ANNOTATIONS.items()
    for option in annotation
    if isinstance(option, Option)
}
OPTIONS = {
    "data": Option("FILE", "your own file as the data set; may be given again"),
    "name": Option("NAME", "folder of the results of --data; default: the name of the file"),
    **SETTINGS,
}
LISTS = {"data"} | {
    name for name in SETTINGS if any(get_origin(t) is tuple for t in get_args(ANNOTATIONS[name][0]))
}
HEADER = {"yes": True, "no": False, "true": True, "false": False}
NO_UTF_8 = re.compile("[\ud800-\udfff]")  # bytes of a file's name that are none, in the locale
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "\\t": "tab", "|": "pipe", " ": "blank"}
LONGEST = 64  # characters of a name


def declare(parser: ArgumentParser, names: Iterable[str] = OPTIONS) -> None:
    """Add options to a parser."""
    group = parser.add_argument_group("your own files")
    for name in names:
        value, purpose = OPTIONS[name]
        words: dict[str, Any] = {"action": "append"} if name in LISTS else {}
        group.add_argument(f"--{name}", metavar=value, help=purpose, **words)


def arguments(user_files: Mapping[str, Any] | None) -> list[str]:
    """Return the words of a command line that give these files and options."""
    words = []
    for name in OPTIONS if user_files else ():
        for text in _words(name, user_files or {}):
            words += [f"--{name}={text}"] if text.startswith("-") else [f"--{name}", text]
    return words


def _words(name: str, user_files: Mapping[str, Any]) -> list[str]:
    """Return the values of an option as they are typed."""
    if name == "data":
        return paths(user_files)
    if name not in user_files:
        return []
    value = user_files[name]
    if isinstance(value, list):
        return [",".join(map(str, value))]
    return [{True: "yes", False: "no", None: "none"}.get(value, str(value))]


def file_options(root: Path, settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the user's own files and their options, None without any.

    `path` is one path, or a list of several, relative to ``root`` where inside; `name` that of the
    results if it was given; the rest are settings of the data sets. Raises InputError.
    """
    given = settings.get("data") or []
    if not given:
        name = next((name for name in OPTIONS if settings.get(name) is not None), None)
        if name:
            raise InputError(f"--{name} belongs to --data; give --data FILE")
        return None
    found = [_path(root, str(path)) for path in (given if isinstance(given, list) else [given])]
    result = {"path": found[0] if len(found) == 1 else found, **reading(settings)}
    if settings.get("name") is not None:
        result["name"] = str(settings["name"])
    results_name(result)  # which checks names
    return result


def _path(root: Path, given: str) -> str:
    named, project = Path(given), Path(realpath(root))
    path = (
        Path(realpath(named.parent)) / named.name
    )  # the name stays as given, links before it do not
    parquet = path.is_dir() and any(path.rglob("*.parquet"))
    if URL.match(given) or not (path.is_file() or parquet):
        what = "not a regular file or a folder of .parquet" if path.exists() else "no such file"
        raise InputError(f"{given}: {what}; give --data the path of a local data file")
    if NO_UTF_8.search(str(path)):
        raise InputError(f"{str(named)!r}: is no UTF-8; rename the file, or set LC_ALL=C.UTF-8")
    return str(path.relative_to(project) if path.is_relative_to(project) else path)


def reading(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what options say of how a file is read, as settings of its data set."""
    result: dict[str, Any] = {}
    for name in [name for name in SETTINGS if settings.get(name) is not None]:
        text = str(settings[name])
        if name in LISTS:
            texts = settings[name] if isinstance(settings[name], list) else [text]
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


def paths(user_files: Mapping[str, Any] | None) -> list[str]:
    """Return the paths of the user's own files."""
    path = user_files["path"] if user_files else []
    return [path] if isinstance(path, str) else list(path)


def data_sets(user_files: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return {name of a data set: its settings}; raises InputError for two of one name."""
    settings = {key: value for key, value in user_files.items() if key in SETTINGS}
    result: dict[str, dict[str, Any]] = {}
    for path in paths(user_files):
        name = dataset_name(path)
        if name in result:
            first = result[name]["path"]
            what = "is given twice" if path == first else f"and {first} are both called {name!r}"
            raise InputError(f"{path}: {what}; give each file once, under a name of its own")
        result[name] = {"path": path, **settings}
    return result


def default_name(user_files: Mapping[str, Any]) -> str:
    """Return the name of the results that follows from the names of the files."""
    return "-".join(data_sets(user_files))[:LONGEST]


def results_name(user_files: Mapping[str, Any]) -> str:
    """Return the name under which results of the user's own files are kept.

    Raises InputError where it is taken, or no name.
    """
    name: str = user_files.get("name", default_name(user_files))
    if not is_name(name):
        raise InputError(f"--name is {name!r}; a name is {ALLOWED}")
    if name.lower() in RESERVED:
        raise InputError(
            f"results/{name} holds what all experiments share; give another name: --name my-{name}"
        )
    return name


def dataset_name(path: str) -> str:
    """Return the data set name of a user's file: its stem, odd characters as underscores.

    A name without any ASCII letter or digit becomes "data".
    """
    stem = Path(path).name.split(".")[0]
    return re.sub(r"[^A-Za-z0-9_-]", "_", stem).lstrip("_-")[:48] or "data"

"""The files of conf/, looked through before Hydra reads them.

They must be regular files of bounded size, whose aliases do not multiply without end, that name
no code, ask for no variable of the environment, and leave Hydra itself alone.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from gmmpipe.errors import InputError
from gmmpipe.store.yaml_file import extent, nodes, scalars_of

CODE = re.compile(r"_(target|recursive|convert|partial|args)_")
ODD_NUMBER = re.compile(r"[-+]?([0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|0[0-7_]*[1-7][0-7_]*)")
PACKAGE = re.compile(r"^\s*#\s*@package\s+(?!_global_\s*$)(.*)$", re.MULTILINE)
DEFAULT = re.compile(r"((override|optional)\s+)*/?(?!hydra\b)[\w+-][\w+.-]*(/[\w+-][\w+.-]*)*")


def vet(conf: Path) -> None:
    """Look through all of conf/, if there; raises InputError naming what a file may not hold."""
    for path in (conf, *sorted(conf.rglob("*"))):
        if path.is_symlink():
            raise InputError(f"{path}: is a symbolic link; conf/ holds the files themselves")
        if path.suffix == ".yaml":
            _file(path)


def refuse(texts: Iterable[str], where: str) -> None:
    """Raise InputError for names of code and for ${...} among the texts of a configuration."""
    for text in texts:
        if CODE.fullmatch(text):
            raise InputError(f"{where}: {text!r} would name code to be called; leave it out")
        if "${" in text:
            raise InputError(
                f"{where}: {text[:60]!r}: ${{...}} is not filled in, as an environment variable"
                " would change results and leave no trace in their settings; write the value"
            )


def texts(tree: Any) -> Iterator[str]:
    """Yield every key and every text of a tree of plain types."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict | list):
        for part in tree:
            yield from texts(part)
        yield from texts(list(tree.values()) if isinstance(tree, dict) else None)


def _file(path: Path) -> None:
    try:
        tree = nodes(path)
    except yaml.YAMLError:  # reported where the file is loaded: Hydra's loader inherits from this
        return
    refuse(scalars_of(tree, path), str(path))
    _refuse_odd_numbers(path, tree)
    if header := PACKAGE.search(path.read_text(encoding="utf-8", errors="replace")):
        raise InputError(f"{path}: @package {header[1].strip()!r}; only _global_ is allowed")
    if isinstance(tree, yaml.MappingNode):
        _for_hydra(path, tree)


def _refuse_odd_numbers(path: Path, tree: yaml.Node | None) -> None:
    """Refuse what YAML reads as a number to another base than 10 though it seems to be none."""
    nodes_left, seen = [tree], set[int]()
    while nodes_left:
        node = nodes_left.pop()
        if isinstance(node, yaml.ScalarNode) and ODD_NUMBER.fullmatch(node.value):
            first, colon, last = node.value.partition(":")
            if node.style is None and colon:
                ends = f"{first}..{last}" if last.isdigit() else "first..last"
                what = f"a number to base 60; a range is {ends}, text has quotes: '{node.value}'"
            elif node.style is None:
                what = f"octal; write {node.value.lstrip('0')}, or as text '{node.value}'"
            else:
                continue
            line = node.start_mark.line + 1
            raise InputError(f"{path}: line {line}: to YAML {node.value} is {what}")
        if isinstance(node, yaml.CollectionNode) and id(node) not in seen:
            seen.add(id(node))
            pairs = isinstance(node, yaml.MappingNode)
            nodes_left += [part for pair in node.value for part in pair] if pairs else node.value


def _for_hydra(path: Path, tree: yaml.MappingNode) -> None:
    """Refuse Hydra's own settings, and defaults that are not plain names of files in conf/."""
    for key, value in tree.value:
        if re.match(r"hydra\b", str(key.value)):
            raise InputError(f"{path}: key {key.value!r}: Hydra's own keys are not allowed")
        chosen: list[str] = []
        if key.value == "defaults":
            extent(value, {}, 0, chosen)
        for text in chosen:
            if not DEFAULT.fullmatch(text):
                raise InputError(f"{path}: defaults: {text!r}; give names of files in conf/")

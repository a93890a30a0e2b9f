"""The files of conf/, looked through before Hydra reads them.

They must be regular files of bounded size, whose aliases do not multiply without end, that name
no code, ask for no variable of the environment, and leave Hydra itself alone.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from gmmpipe import artifacts
from gmmpipe.errors import InputError

LARGEST = 2**18  # bytes of a file
DEEPEST = 40  # collections within collections
MOST_NODES = 100_000  # keys and values of a file, its aliases written out
CODE = re.compile(r"_(target|recursive|convert|partial|args)_")
PACKAGE = re.compile(r"^\s*#\s*@package\s+(?!_global_\s*$)(.*)$", re.MULTILINE)
DEFAULT = re.compile(r"((override|optional)\s+)*/?(?!hydra\b)[\w+-][\w+.-]*(/[\w+-][\w+.-]*)*")


def vet(conf: Path) -> None:
    """Look through all of conf/; raises InputError naming the file and what it may not hold."""
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
            raise InputError(f"{where}: {text[:60]!r}: ${{...}} is not filled in; write the value")


def texts(tree: Any) -> Iterator[str]:
    """Yield every key and every text of a tree of plain types."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict | list):
        for part in tree:
            yield from texts(part)
        yield from texts(list(tree.values()) if isinstance(tree, dict) else None)


def scalars(path: Path) -> list[str]:
    """Return every key and text of a YAML file, each once.

    Raises InputError for a file too large, too deep, or whose aliases multiply without end.
    """
    return _scalars(_tree(path), path)


def settings(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file, bounded as ``scalars`` has it; InputError for another."""
    try:
        scalars(path)
        found = yaml.safe_load(artifacts.read(path))
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(found, dict):
        raise InputError(f"{path}: holds no settings; give the version's own config.yaml")
    return found


def _file(path: Path) -> None:
    try:
        tree = _tree(path)
    except yaml.YAMLError:  # whoever needs the file says so: Hydra's loader is heir to this one
        return
    refuse(_scalars(tree, path), str(path))
    if header := PACKAGE.search(path.read_text(encoding="utf-8", errors="replace")):
        raise InputError(f"{path}: @package {header[1].strip()!r}; only _global_ is allowed")
    if isinstance(tree, yaml.MappingNode):
        _for_hydra(path, tree)


def _tree(path: Path) -> Any:
    """Return the nodes of a YAML file, aliases as they are; raises YAMLError for what is none."""
    content = artifacts.read(path)
    if len(content) > LARGEST:
        raise InputError(f"{path}: {len(content)} bytes; at most {LARGEST}, shorten it")
    try:
        return yaml.compose(content, yaml.SafeLoader)
    except RecursionError:
        raise InputError(f"{path}: nested too deeply; at most {DEEPEST} levels") from None


def _scalars(tree: Any, path: Path) -> list[str]:
    found: list[str] = []
    if _extent(tree, {}, 0, found) > MOST_NODES:
        raise InputError(
            f"{path}: more than {MOST_NODES:,} values once its aliases (*name) are written out,"
            f" or more than {DEEPEST} levels; shorten it"
        )
    return found


def _extent(node: Any, known: dict[int, int], depth: int, scalars: list[str]) -> int:
    """Return the number of values beneath a node, aliases written out; note each scalar once."""
    if isinstance(node, yaml.CollectionNode) and id(node) not in known:
        known[id(node)] = MOST_NODES + 1  # so counts what contains itself, or is too deep
        if depth < DEEPEST:
            pairs = isinstance(node, yaml.MappingNode)
            parts = [part for pair in node.value for part in pair] if pairs else node.value
            known[id(node)] = 1 + sum(_extent(part, known, depth + 1, scalars) for part in parts)
    elif isinstance(node, yaml.ScalarNode):
        scalars.append(node.value)
    return known.get(id(node), 1)


def _for_hydra(path: Path, tree: yaml.MappingNode) -> None:
    """Refuse settings of Hydra's own, and defaults that are no plain names of files in conf/."""
    for key, value in tree.value:
        if re.match(r"hydra\b", str(key.value)):
            raise InputError(f"{path}: key {key.value!r}: Hydra's own keys are not allowed")
        chosen: list[str] = []
        if key.value == "defaults":
            _extent(value, {}, 0, chosen)
        for text in chosen:
            if not DEFAULT.fullmatch(text):
                raise InputError(f"{path}: defaults: {text!r}; give names of files in conf/")

"""YAML files of bounded size, depth and aliases."""

from pathlib import Path
from typing import Any

import yaml

from gmmpipe.errors import InputError
from gmmpipe.store import artifacts

LARGEST = 2**18  # bytes of a file
DEEPEST = 40  # collections within collections
MOST_NODES = 100_000  # keys and values of a file, its aliases written out


def scalars(path: Path) -> list[str]:
    """Return every key and text of a YAML file, each once.

    Raises InputError for a file too large, too deep, or whose aliases multiply without end.
    """
    return scalars_of(nodes(path), path)


def settings(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file, bounded as ``scalars`` has it; InputError for another."""
    try:
        scalars(path)
        result = yaml.safe_load(artifacts.read(path))
    except InputError:
        raise
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise InputError(f"{path}: not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(result, dict):
        raise InputError(f"{path}: holds no settings; give the version's own config.yaml")
    return result


def nodes(path: Path) -> Any:
    """Return the nodes of a YAML file, aliases as they are; raises YAMLError for what is none."""
    if path.is_file() and (size := path.stat().st_size) > LARGEST:
        raise InputError(f"{path}: {size} bytes; at most {LARGEST}, shorten it")
    content = artifacts.read(path)
    try:
        return yaml.compose(content, yaml.SafeLoader)
    except RecursionError:
        raise InputError(f"{path}: nested too deeply; at most {DEEPEST} levels") from None


def scalars_of(tree: Any, path: Path) -> list[str]:
    """Return every key and text of the nodes of a file, each once."""
    result: list[str] = []
    if extent(tree, {}, 0, result) > MOST_NODES:
        raise InputError(
            f"{path}: more than {MOST_NODES:,} values once its aliases (*name) are written out,"
            f" or more than {DEEPEST} levels; shorten it"
        )
    return result


def extent(node: Any, sizes: dict[int, int], depth: int, scalars: list[str]) -> int:
    """Return the number of values beneath a node, aliases written out; note each scalar once."""
    if isinstance(node, yaml.CollectionNode) and id(node) not in sizes:
        sizes[id(node)] = MOST_NODES + 1  # so counts what contains itself, or is too deep
        if depth < DEEPEST:
            pairs = isinstance(node, yaml.MappingNode)
            parts = [part for pair in node.value for part in pair] if pairs else node.value
            sizes[id(node)] = 1 + sum(extent(part, sizes, depth + 1, scalars) for part in parts)
    elif isinstance(node, yaml.ScalarNode):
        scalars.append(node.value)
    return sizes.get(id(node), 1)

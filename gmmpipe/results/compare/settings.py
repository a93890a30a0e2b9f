"""What made two versions: configuration, data, code and environment, key by key."""

import textwrap
from collections.abc import Mapping
from typing import Any

import pandas as pd

from gmmpipe.results.columns import NAMED
from gmmpipe.results.experiment import StoredExperiment
from gmmpipe.store.dotted import as_range, flat
from gmmpipe.store.environments import Environments

PARTS = ("config", "data", "code", "environment")
COLUMNS = ["part", "key", "before", "after"]
# keys of manifest.json that are code, with all below them
CODE = ("format", "package", "stages", "lock", "workflow", "git", "tools")
LONG = 80  # characters of a value that are shown
UNKNOWN = "not recorded"


def changes(before: StoredExperiment, after: StoredExperiment) -> pd.DataFrame:
    """Return a row for each key that differs: part, key, before, after; texts, "" for absent."""
    rows = []
    swept = [named_entries(experiment.config) for experiment in (before, after)]
    for part, old, new in zip(PARTS, recorded(before), recorded(after), strict=True):
        for key in dict.fromkeys([*old, *new]):
            if part == "config" and entry_of(key) in swept[0] ^ swept[1]:
                continue  # the sweep says that the other has no such entry
            # an older version may have been made before a thing was recorded
            absent = UNKNOWN if part in ("code", "environment") else ""
            pair = [side.get(key, absent) for side in (old, new)]
            if pair[0] != pair[1]:
                rows.append([part, key, *_brief(*pair)])
    return pd.DataFrame(rows, columns=COLUMNS)


def recorded(experiment: StoredExperiment) -> list[dict[str, str]]:
    """Return {key: value} of each of PARTS, as far as the version recorded it."""
    parts = recorded_in(experiment.manifest, experiment.config)
    parts[1] |= _rows(experiment)
    return parts


def recorded_in(manifest: Mapping[str, Any], config: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the same without the tables, which have the numbers of rows."""
    code, blocks = ({k: manifest[k] for k in keys if k in manifest} for keys in (CODE, ("block",)))
    made = Environments(manifest).values()
    environment = {key: " and ".join(values) for key, values in made.items()}
    return [texts(config), _digests(manifest, config), texts(code), texts(blocks) | environment]


def data_digests(manifest: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return {data set: SHA-256 of its stored arrays}, one for each point that changes the data."""
    digests: dict[str, list[str]] = {
        name: [] for name in config.get("sweep", {}).get("dataset", ())
    }
    for path, described in manifest["artifacts"].items():
        name = path.rpartition("/")[2].rpartition("-")[0]
        if "/data/" in path and name in digests:
            digests[name].append(described["sha256"])
    return {name: sorted(each) for name, each in digests.items()}


def _digests(manifest: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, str]:
    """Return the digests of inputs and of what was drawn."""
    inputs = manifest["inputs"].items()
    result = {path: f"SHA-256 {described['sha256'][:12]}" for path, described in inputs}
    for name, digests in data_digests(manifest, config).items():
        if config.get("dataset", {}).get(name, {}).get("kind") != "file":
            result[f"{name}, drawn"] = f"SHA-256 {', '.join(d[:12] for d in digests)}"
    return result


def _rows(experiment: StoredExperiment) -> dict[str, str]:
    """Return the number of rows of each data set at each outer point."""
    result = {}
    labels = experiment.labels
    for key, rows in labels.groupby(["dataset", *experiment.outer], sort=False):
        where = dict(zip(["dataset", *experiment.outer], key, strict=True))
        name = ", ".join([str(where.pop("dataset")), *(f"{a}={v}" for a, v in where.items())])
        result[f"{name}: rows"] = str(len(rows))
    return result


def texts(tree: Mapping[str, Any]) -> dict[str, str]:
    """Return {dotted key: value in words} of a tree of settings."""
    values = {key: words(value) for key, value in flat(tree, whole=True)}
    return {key: text[:12] if key.endswith(".sha256") else text for key, text in values.items()}


def _brief(before: str, after: str) -> tuple[str, str]:
    """Return two texts, of long ones the words that the other has not, such as a CPU's flags."""
    if max(len(before), len(after)) <= LONG:
        return before, after
    sides = (before.split(), after.split())
    differing = (
        [word for word in side if word not in set(other)]
        for side, other in zip(sides, sides[::-1], strict=True)
    )
    short = [
        textwrap.shorten(f"... {' '.join(side)}", LONG, placeholder=" ...") for side in differing
    ]
    return short[0], short[1]


def named_entries(config: Mapping[str, Any]) -> set[str]:
    """Return the named entries of a configuration, e.g. dataset.gmm."""
    return {f"{group}.{name}" for group in NAMED for name in config.get(group) or ()}


def entry_of(key: str) -> str:
    """Return the entry that a dotted key would be in, if it is in one."""
    return ".".join(key.split(".")[:2])


def words(value: Any) -> str:
    """Return a value of a configuration as a text; a run of whole numbers as a range."""
    if isinstance(value, list):
        return as_range(value) or f"[{', '.join(words(item) for item in value)}]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)

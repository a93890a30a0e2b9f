"""What made the artifacts of a version, as its manifest lists it.

Older manifests have one environment, for all artifacts, and neither stage nor code of any.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from gmmpipe.errors import one_line
from gmmpipe.store.integrity import digest

LIBRARIES = (  # whose versions may change bytes
    "numpy", "scipy", "numba", "llvmlite", "scikit-learn", "pandas", "pyarrow", "matplotlib",
)  # fmt: skip
KEYS = ("python", "libraries", "blas", "machine", "threads", "variables")  # of an environment
TEXTS = re.compile(r"/plans/|/(config\.yaml|Snakefile)$")
LONGEST = 40  # characters of a value that is shown


class Environments:
    """The environments of a manifest, which may be that of others.

    known: {key: environment}, see ``environment.environment``. of: {path of an artifact: key, None
    where it is not recorded}, without the texts that nothing is calculated for.
    """

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        self._artifacts = _mappings(manifest.get("artifacts"))
        self.known = _mappings(manifest.get("environments"))
        self._stages = _mapping(manifest.get("stages"))
        first = None
        if "environments" not in manifest and (older := _older(manifest)):
            first = digest(older)
            self.known = {first: older}
        entries = self._artifacts.items()
        keys = {path: str(entry.get("environment", first)) for path, entry in entries}
        self.of = {
            path: key if key in self.known else None
            for path, key in keys.items()
            if not TEXTS.search(path)
        }

    def maker(self, path: str) -> dict[str, Any]:
        """Return what made an artifact, see ``environment.maker``; nothing if it is not listed."""
        entry = self._artifacts.get(path, {})
        key = self.of.get(path)
        if key is None or "stage" not in entry:
            return {}
        return {**{k: str(entry.get(k)) for k in ("stage", "code")}, "environment": self.known[key]}

    def values(self) -> dict[str, list[str]]:
        """Return {dotted key: its values, as texts, each once}."""
        flat = [dict(flattened(environment)) for environment in self.known.values()]
        keys = dict.fromkeys(key for each in flat for key in each)
        return {key: list(dict.fromkeys(each.get(key, "none") for each in flat)) for key in keys}

    def notes(self) -> Iterator[str]:
        """Yield a line where artifacts are of several environments, and where of other code."""
        counts = Counter(self.of.values())
        if len(counts) > 1:
            each = ", ".join(f"{n} in {key or 'one not recorded'}" for key, n in counts.items())
            differ = [
                f"{key} ({', '.join(texts)})" if max(map(len, texts)) <= LONGEST else key
                for key, texts in self.values().items()
                if len(texts) > 1
            ]
            differences = f", which differ in {', '.join(differ)}" if differ else ""
            yield one_line(f"its artifacts were made in several environments: {each}{differences}")
        other = [
            path
            for path, entry in self._artifacts.items()
            if entry.get("code") != self._stages.get(str(entry.get("stage")), entry.get("code"))
        ]
        if other:
            yield one_line(
                f"{len(other)} of its artifacts, as {other[0]}, were made by other code of gmmpipe"
                " than its manifest's; `gmmpipe run ... -- --forceall` makes all again"
            )


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _mappings(value: Any) -> dict[str, dict[str, Any]]:
    return {key: dict(each) for key, each in _mapping(value).items() if isinstance(each, Mapping)}


def _older(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the one environment of an older manifest; nothing where it has none."""
    environment = {key: manifest[key] for key in KEYS if key in manifest}
    if "libraries" in environment:
        libraries = _mapping(environment["libraries"])
        environment["libraries"] = {
            name: libraries[name] for name in LIBRARIES if name in libraries
        }
    return {"variables": {}, **environment} if environment else {}


def flattened(value: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Yield (dotted key, text) of everything in a tree; mappings in a list by their place."""
    for key, item in value.items():
        below = {str(i): each for i, each in enumerate(item)} if isinstance(item, list) else item
        if isinstance(below, Mapping):
            yield from flattened(below, f"{above}{key}.")
        else:
            yield f"{above}{key}", str(item)

"""A digest of the code a stage runs: Snakemake sees edits of shell commands, not of packages."""

import ast
import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from gmmpipe.store.open_files import temporary_path
from gmmpipe.store.packaged import FOLDER
from gmmpipe.store.packaged import PACKAGE as ROOT
from gmmpipe.workflow.pipeline import STAGES

LIBRARIES = {name: name for name in ("numpy", "scipy", "numba", "matplotlib")}
LIBRARIES |= {"sklearn": "scikit-learn"}


class _Source(NamedTuple):
    """A module: a digest of its syntax tree, the names that it imports, whether by name too."""

    digest: str
    imported: list[str]
    by_name: bool


class _Sources:
    """The modules of the package, each parsed once: as long as neither its time nor size changes.

    They are kept where Python keeps compiled ones, if it does. modules: their files by dotted name;
    others: what else a package has by its folder, but for what is hidden.
    """

    def __init__(self) -> None:
        self.path = ROOT / "__pycache__" / "sources.json"
        self.modules: dict[str, Path] = {}
        self.others: dict[Path, list[Path]] = {}
        for path in sorted(ROOT.rglob("*")):
            within = path.relative_to(ROOT)
            if path.suffix == ".py":
                name = ".".join((ROOT.name, *within.with_suffix("").parts))
                self.modules[name.removesuffix(".__init__")] = path
            elif not any(part[0] in "_." for part in within.parts) and path.is_file():
                home = next(each for each in path.parents if (each / "__init__.py").exists())
                self.others.setdefault(home, []).append(path)
        self.kept = _object(self.path)  # by the interpreter that parsed
        self.known: dict[str, dict[str, Any]] = self.kept.get(sys.version, {})
        self.changed = False
        self.seen: dict[Path, _Source] = {}

    def __call__(self, path: Path) -> _Source:
        """Return the module in a file."""
        if path not in self.seen:
            self.seen[path] = self._look(path)
        return self.seen[path]

    def _look(self, path: Path) -> _Source:
        status, name = path.stat(), path.relative_to(ROOT).as_posix()
        stamp = [status.st_mtime_ns, status.st_size]
        if self.known.get(name, {}).get("stamp") != stamp:
            self.known[name] = {"stamp": stamp, "source": _parse(path)}
            self.changed = True
        return _Source(*self.known[name]["source"])

    def keep(self) -> None:
        """Write what was parsed, where that is possible and wanted."""
        if self.changed and not sys.dont_write_bytecode:
            with suppress(OSError):
                self.path.parent.mkdir(exist_ok=True)
                temporary = temporary_path(self.path)
                temporary.write_text(
                    json.dumps(self.kept | {sys.version: self.known}), encoding="utf-8"
                )
                temporary.replace(self.path)


def _object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file, an empty one where there is none."""
    with suppress(OSError, ValueError):
        content = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(content, dict):
            return content
    return {}


def source_digest(module: str) -> str:
    """Return ``source_digests`` of one module."""
    return source_digests([module])[module]


def stage_digests() -> dict[str, str]:
    """Return ``source_digests`` of the stages, by name."""
    digests = source_digests(f"gmmpipe.workflow.stages.{name}" for name in STAGES)
    return {module.rpartition(".")[2]: digest for module, digest in digests.items()}


def source_digests(modules: Iterable[str]) -> dict[str, str]:
    """Return 12 hex digits over each module and every gmmpipe module it imports, however deep.

    modules are dotted names such as "gmmpipe.workflow.stages.fit". A digest is of the syntax trees
    without docstrings, so comments, docstrings and layout are free to change; of every other file
    of the packages found, such as templates; and of the versions of those libraries they import
    that decide numbers and pictures.
    """
    sources, version_of = _Sources(), cache(version)
    digests = {module: _digest(module, sources, version_of) for module in modules}
    sources.keep()
    return digests


def _digest(module: str, sources: _Sources, version_of: Callable[[str], str]) -> str:
    found = _closure(module, sources)
    parts = [f"{name} {source.digest}" for name, source in sorted(found.items())]
    packages = [sources.modules[name].parent for name in sorted(found)]
    files = chain.from_iterable(sources.others.get(home, ()) for home in dict.fromkeys(packages))
    parts += [f"{path.name} {path.read_bytes()!r}" for path in files]
    imported = {n.partition(".")[0] for source in found.values() for n in source.imported}
    parts += [
        f"{LIBRARIES[name]} {version_of(LIBRARIES[name])}"
        for name in sorted(imported & set(LIBRARIES))
    ]
    text = "\n".join(parts)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def package_times() -> str:
    """Return a digest of when each file of the package was changed, which nobody can set back."""
    changes = []
    for path in sorted(ROOT.rglob("*")):
        if "__pycache__" not in path.parts and path.is_file():
            with suppress(FileNotFoundError):  # of an editor, just now
                changes.append([str(path), path.stat().st_ino, path.stat().st_ctime_ns])
    return hashlib.sha256(json.dumps(changes).encode()).hexdigest()


def package_digest() -> str:
    """Return the SHA-256 of all files of the package, names and bytes, but for its project."""
    digest = hashlib.sha256()
    for path in sorted(ROOT.rglob("*")):
        name = path.relative_to(ROOT)
        if path.is_file() and "__pycache__" not in name.parts and name.parts[0] != FOLDER:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{name.as_posix()} {content}\n".encode())
    return digest.hexdigest()


def _closure(module: str, sources: _Sources) -> dict[str, _Source]:
    result: dict[str, _Source] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = sources.modules.get(name)
        if path is not None and name not in result:
            source = result[name] = sources(path)
            names = {name.rpartition(".")[0], *source.imported}  # its package runs first
            if source.by_name and path.name == "__init__.py":  # loads its members
                names.update(f"{name}.{member.stem}" for member in path.parent.glob("[!_]*.py"))
            waiting.extend(n for n in names if n.split(".")[0] == ROOT.name and n != ROOT.name)
    return result


def _parse(path: Path) -> _Source:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    names: set[str] = set()
    for node in ast.walk(tree):
        names.update(_imports(node))
        _drop_docstring(node)
    digest = hashlib.sha256(ast.dump(tree).encode()).hexdigest()
    return _Source(digest, sorted(names), "import_module" in text)


def _imports(node: ast.AST) -> Iterator[str]:
    """Yield what a node imports, and what that may have as members."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _drop_docstring(node: ast.AST) -> None:
    match node:
        case (
            ast.Module(body=[ast.Expr(value=ast.Constant(value=str())), *rest])
            | ast.FunctionDef(body=[ast.Expr(value=ast.Constant(value=str())), *rest])
            | ast.ClassDef(body=[ast.Expr(value=ast.Constant(value=str())), *rest])
        ):
            node.body = rest

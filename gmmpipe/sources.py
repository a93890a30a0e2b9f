"""A digest of the code a stage runs: Snakemake sees edits of shell commands, not of packages."""

import ast
import hashlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

LIBRARIES = {name: name for name in ("numpy", "scipy", "numba", "matplotlib")}
LIBRARIES |= {"sklearn": "scikit-learn"}
ROOT = Path(__file__).parent


def source_digest(module: str) -> str:
    """Return 12 hex digits over ``module`` and every gmmpipe module it imports, however deep.

    module is a dotted name such as "gmmpipe.stages.fit". The digest is of the syntax trees
    without docstrings, so comments, docstrings and layout are free to change; of every other file
    of the packages found, such as templates; and of the versions of those libraries they import
    that decide numbers and pictures.
    """
    trees = _closure(module)
    words = [f"{name} {ast.dump(tree)}" for name, tree in sorted(trees.items())]
    words += [f"{p.name} {p.read_bytes()!r}" for name in sorted(trees) for p in _others(name)]
    imported = {name.partition(".")[0] for tree in trees.values() for name in _names(tree)}
    words += [
        f"{LIBRARIES[name]} {version(LIBRARIES[name])}"
        for name in sorted(imported & set(LIBRARIES))
    ]
    text = "\n".join(words)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _others(name: str) -> list[Path]:
    """Return the files of a package that are not Python; nothing for a module."""
    path = _path(name)
    if path is None or path.name != "__init__.py":
        return []
    home = path.parent
    found = sorted(p for p in home.rglob("*") if p.is_file() and p.suffix != ".py")
    return [p for p in found if not any(q[0] in "_." for q in p.relative_to(home).parts)]


def package_digest() -> str:
    """Return the SHA-256 of all files of the package, names and bytes."""
    found = hashlib.sha256()
    for path in sorted(ROOT.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            found.update(f"{path.relative_to(ROOT).as_posix()} {content}\n".encode())
    return found.hexdigest()


def _closure(module: str) -> dict[str, ast.Module]:
    found: dict[str, ast.Module] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _path(name)
        if path is not None and name not in found:
            found[name] = _tree(path)
            waiting.extend(_imports(name, path, found[name]))
    return found


def _imports(name: str, path: Path, tree: ast.Module) -> set[str]:
    names = {name.rpartition(".")[0], *_names(tree)}  # importing a module runs its package first
    if (
        "import_module" in path.read_text(encoding="utf-8") and path.name == "__init__.py"
    ):  # loads its members by name
        names.update(f"{name}.{member.stem}" for member in path.parent.glob("[!_]*.py"))
    return {n for n in names if n.split(".")[0] == ROOT.name and n != ROOT.name}


def _names(tree: ast.Module) -> Iterator[str]:
    """Yield what a module imports, and what that may have as members."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _path(name: str) -> Path | None:
    base = ROOT.joinpath(*name.split(".")[1:])
    for path in (base / "__init__.py", base.with_suffix(".py")):
        if path.is_file():
            return path
    return None


def _tree(path: Path) -> ast.Module:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
            and isinstance(body[0].value.value, str)
        ):
            node.body = body[1:]
    return tree

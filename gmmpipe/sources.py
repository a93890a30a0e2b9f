"""A digest of the code a stage runs: Snakemake sees edits of shell commands, not of packages."""

import ast
import hashlib
from pathlib import Path

ROOT = Path(__file__).parent


def source_digest(module: str) -> str:
    """Return 12 hex digits over ``module`` and every gmmpipe module it imports, however deep.

    module is a dotted name such as "gmmpipe.stages.fit". The digest is of the syntax trees
    without docstrings, so comments, docstrings and layout are free to change.
    """
    trees = sorted(_closure(module).items())
    text = "\n".join(f"{name} {ast.dump(tree)}" for name, tree in trees)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


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
    names = {name.rpartition(".")[0]}  # importing a module runs its package first
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    if (
        "import_module" in path.read_text(encoding="utf-8") and path.name == "__init__.py"
    ):  # loads its members by name
        names.update(f"{name}.{member.stem}" for member in path.parent.glob("[!_]*.py"))
    return {n for n in names if n.split(".")[0] == ROOT.name and n != ROOT.name}


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

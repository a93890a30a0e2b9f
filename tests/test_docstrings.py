"""Docstrings of what is exported: they have the sections of numpydoc, and examples that run."""

import ast
import doctest
import inspect
import re
import textwrap
import zipfile
from importlib import import_module
from pathlib import Path

import pytest

import gmmpipe

EXTENDED = {  # what people implement or pass in, beside the top level
    "gmmpipe.data.formats.registry": ["Format"],
    "gmmpipe.data.kinds": ["Kind"],
    "gmmpipe.data.normalise": ["Normaliser"],
    "gmmpipe.data.rows": ["Npy", "Parquet"],
    "gmmpipe.figures.kinds": ["FigureModule"],
    "gmmpipe.figures.style": ["Style"],
    "gmmpipe.mixture.diagnostics.metrics": ["Metric"],
    "gmmpipe.mixture.em.result": ["Fit", "Snapshot"],
    "gmmpipe.mixture.engines.dask": ["Dask"],
    "gmmpipe.mixture.engines.partitioned": ["Cluster", "Executor", "InMemory", "Source", "Threads"],
    "gmmpipe.mixture.families.family": ["Family"],
    "gmmpipe.mixture.starts.registry": ["Start"],
    "gmmpipe.results.compare.comparison": ["Comparison"],
}
TOP = [getattr(gmmpipe, name) for name in gmmpipe.__all__]
EXPORTED = [*TOP, *(getattr(import_module(m), n) for m, names in EXTENDED.items() for n in names)]
ORDER = ["Parameters", "Attributes", "Returns", "Yields", "Raises", "Warns"]
ORDER += ["Notes", "References", "Examples"]
RESULTS = Path(__file__).parent / "results/format-1.zip"


def members(thing):
    """Yield an exported object and, of a class, its public methods."""
    yield thing
    if inspect.isclass(thing):
        for owner in [c for c in thing.__mro__ if c.__module__.startswith("gmmpipe.")]:
            for name, member in vars(owner).items():
                if inspect.isfunction(member) and (name[0] != "_" or name == "__call__"):
                    yield member


def sections(thing):
    """Return {section: its text} of a docstring, in order."""
    parts = re.split(r"^(\w+)\n-+\n", inspect.getdoc(thing) or "", flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def entries(text):
    """Return the names that a section explains."""
    heads = re.findall(r"^\S.*", text, re.MULTILINE)
    return [name.lstrip("*") for head in heads for name in head.split(" : ")[0].split(", ")]


def expected(thing):
    """Return the parameters, whether something is returned, and the errors raised here."""
    signature = inspect.signature(thing)
    named = [name for name in signature.parameters if name != "self"]
    if inspect.isclass(thing):
        protocol = getattr(thing, "_is_protocol", False) and named in ([], ["args", "kwargs"])
        bodies = [thing.__init__, getattr(thing, "__post_init__", None)]
        bodies = [] if protocol or thing.__init__ is object.__init__ else bodies
        return ([] if protocol else named), False, raised(bodies)
    return named, signature.return_annotation not in {None, "None"}, raised([thing])


def raised(functions):
    found = set()
    for function in functions:
        if getattr(function, "__module__", "").startswith("gmmpipe."):
            try:
                source = textwrap.dedent(inspect.getsource(function))
            except OSError:  # a dataclass made it
                continue
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                    found.add(getattr(node.exc.func, "id", ""))
    return found & {"InputError", "UnusableStart", "Obstacle"}


@pytest.mark.parametrize(
    "thing", {f.__qualname__: f for e in EXPORTED for f in members(e)}.values(),
    ids=lambda thing: thing.__qualname__,
)  # fmt: skip
def test_sections_are_those_that_the_signature_asks_for(thing):
    found = sections(thing)
    named, returns, errors = expected(thing)
    assert (inspect.getdoc(thing) or "").partition("\n")[0].endswith((".", ";"))
    assert list(found) == [name for name in ORDER if name in found]
    assert entries(found.get("Parameters", "")) == named
    assert ("Returns" in found or "Yields" in found) == returns
    assert errors <= set(entries(found.get("Raises", "")))
    assert all(re.search(r"^    \S", text, re.M) for n, text in found.items() if n in ORDER[:6])


@pytest.mark.parametrize("thing", TOP, ids=lambda thing: thing.__name__)
def test_every_name_at_the_top_has_an_example(thing):
    assert ">>> " in sections(thing)["Examples"]


@pytest.mark.parametrize("module", sorted({thing.__module__ for thing in EXPORTED}))
def test_examples_run(module, tmp_path, monkeypatch):
    with zipfile.ZipFile(RESULTS) as file:
        file.extractall(tmp_path)
    monkeypatch.chdir(tmp_path)
    (version,) = Path("results/smoke").glob("[0-9a-f]*")
    Path("results/smoke/latest").symlink_to(version.name)
    failed, _ = doctest.testmod(import_module(module), optionflags=doctest.ELLIPSIS)
    assert not failed


def test_help_lists_the_tables():
    from gmmpipe.results.tables import TABLES

    assert entries(sections(gmmpipe.Experiment)["Attributes"]) == list(TABLES)

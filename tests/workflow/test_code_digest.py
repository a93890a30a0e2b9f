"""Which edits change which stages' digests: what decides whether jobs run again."""

import json
import shutil
import sys
from functools import cache
from pathlib import Path

import pytest

from gmmpipe.workflow import code_digest
from gmmpipe.workflow.pipeline import STAGES


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package that may be edited; the digests are of the copy."""
    copy = tmp_path / "gmmpipe"
    shutil.copytree(code_digest.ROOT, copy, ignore=shutil.ignore_patterns("__pycache__"))
    unedited()
    monkeypatch.setattr(code_digest, "ROOT", copy)
    return copy


unedited = cache(code_digest.stage_digests)


def touched() -> set[str]:
    """Return the stages whose digests differ from those of the unedited package."""
    return {
        stage
        for stage, digest in code_digest.stage_digests().items()
        if digest != unedited()[stage]
    }


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_the_digest_is_of_the_text_alone(package):
    for path in package.rglob("*.py"):
        path.touch()
    assert touched() == set()
    assert {len(digest) for digest in unedited().values()} == {12}
    assert len(set(unedited().values())) == len(STAGES)


def test_it_is_the_same_alone_and_among_others():
    for stage in ("normalise", "fit"):
        assert code_digest.source_digest(f"gmmpipe.workflow.stages.{stage}") == unedited()[stage]


def test_comments_docstrings_and_layout_are_free(package):
    for path in package.rglob("*.py"):
        text = path.read_text()
        if text.startswith('"""'):
            rest = text.split('"""', 2)[2]
            path.write_text('"""Another docstring."""\n\n\n' + rest + "\n# end\n")
    edit(package / "data/table.py", "Some rows of a file, in its chosen columns.", "Some rows.")
    edit(package / "mixture/starts/kmeans.py", "Groups found by k-means", "Groups")
    assert touched() == set()


@pytest.mark.parametrize(
    ("file", "stages"),
    [
        ("workflow/stages/figures.py", {"figures"}),
        ("mixture/starts/points.py", {"fit", "evaluate", "bootstrap", "publish"}),
        (
            "mixture/diagnostics/metrics.py",
            {"evaluate", "bootstrap", "combine", "figures", "report", "publish"},
        ),
        # imported two modules down
        (
            "mixture/families/family.py",
            {"fit", "evaluate", "bootstrap", "figures", "report", "publish"},
        ),
        (
            "mixture/kernels/__init__.py",
            {"fit", "evaluate", "bootstrap", "figures", "report", "publish"},
        ),
        ("figures/kinds/heatmap.py", {"figures", "report"}),  # imported by name, with import_module
        ("report/templates/style.css", {"report"}),  # read as data
        ("data/cells.py", {"generate"}),  # imported inside a function, three modules down
        ("store/artifacts.py", set(STAGES)),
        ("cli/main.py", set()),
    ],
)
def test_an_edit_reaches_just_the_stages_that_import_it(file, stages, package):
    path = package / file
    path.write_text(path.read_text() + "\nADDED = 1\n")
    assert touched() == stages


def test_a_string_or_a_default_that_changes_counts(package):
    edit(package / "workflow/stages/normalise.py", '"method"', '"methods"')
    edit(package / "mixture/starts/kmeans.py", "= 300", "= 301")
    assert touched() == {"normalise", "fit", "evaluate", "publish"}


def test_modules_are_parsed_again_only_where_they_changed(package, monkeypatch):
    monkeypatch.setattr(code_digest.sys, "dont_write_bytecode", False)
    code_digest.stage_digests()
    parsed, parse = [], code_digest._parse
    monkeypatch.setattr(code_digest, "_parse", lambda path: parsed.append(path.name) or parse(path))
    assert touched() == set()
    assert parsed == []
    edit(package / "workflow/stages/normalise.py", '"method"', '"methods"')
    assert touched() == {"normalise"}
    assert parsed == ["normalise.py"]
    (package / "__pycache__/sources.json").write_text("[")  # damaged: of no use, and no harm
    assert touched() == {"normalise"}


@pytest.mark.parametrize("text", ["[]", "null", '{"3.11.0": {"x.py": {}}}'])
def test_what_another_interpreter_parsed_is_of_no_use_and_stays(text, package, monkeypatch):
    monkeypatch.setattr(code_digest.sys, "dont_write_bytecode", False)
    path = package / "__pycache__/sources.json"
    path.parent.mkdir()
    path.write_text(text)
    assert touched() == set()
    others = json.loads(path.read_text())
    assert others.pop(sys.version)
    assert others == (json.loads(text) or {})


def test_nothing_is_written_where_python_is_not_to(package, monkeypatch):
    monkeypatch.setattr(code_digest.sys, "dont_write_bytecode", True)
    code_digest.stage_digests()
    assert not (package / "__pycache__").exists()

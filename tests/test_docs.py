"""The notebooks in docs/ are what their sources give when run."""

import base64
import io
import json
import re
from pathlib import Path

import nbformat
import notebooks as build
import numpy as np
import pytest
import reference_pages
from PIL import Image

from gmmpipe.cli.commands import COMMANDS
from gmmpipe.mixture.families.family import FAMILIES
from gmmpipe.workflow.pipeline import STAGES

HOME = Path(__file__).parents[1]
TOLERANCE = 4  # root mean square over a picture, of 255: a moved ellipse is above, a hint below


def text_of(notebook: dict) -> str:
    """Return all but the pictures, digests masked: configurations gain keys."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop("image/png", None)
    return re.sub(r"\b[0-9a-f]{12}\b", "<digest>", json.dumps(notebook, indent=1))


def pictures_of(notebook: dict) -> list[np.ndarray]:
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    files = [
        output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {})
    ]
    images = [Image.open(io.BytesIO(base64.b64decode(file))) for file in files]
    return [np.asarray(image.convert("RGB"), dtype=float) for image in images]


@pytest.mark.parametrize("name", build.SOURCES)
def test_notebooks_are_as_their_sources_run(name, study, monkeypatch):
    if name == "load-to-figure.py":
        study("experiment=default")
    script = Path("docs", name).read_text(encoding="utf-8")
    monkeypatch.chdir("docs")
    outputs = build.execute(script)
    for lang, suffix in build.SUFFIXES.items():
        path = HOME / "docs" / f"{Path(name).stem}{suffix}"
        assert path.stat().st_size < 1_000_000
        written = json.loads(path.read_text(encoding="utf-8"))
        made = build.notebook(script, outputs, lang)
        nbformat.validate(nbformat.from_dict(made))
        for ours, theirs in zip(pictures_of(made), pictures_of(written), strict=True):
            assert ours.shape == theirs.shape
            assert np.sqrt(np.mean((ours - theirs) ** 2)) < TOLERANCE
        assert text_of(made) == text_of(written), f"{path.name} is not up to date: make docs"


def test_beside_the_notebooks_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text("# %%\n1 + 1\n")
    build.main([str(tmp_path / "a.py")])
    assert {path.name for path in tmp_path.iterdir()} == {"a.py", "a.ipynb", "a.zh-CN.ipynb"}


@pytest.mark.parametrize("name", build.SOURCES)
def test_both_languages_tell_the_same(name):
    """As many texts between the same code, the same formulas, and no machine in it."""
    script = (HOME / "docs" / name).read_text(encoding="utf-8")
    texts = {
        lang: [c.source if not c.code else "" for c in build.cells(script) if c.lang in ("", lang)]
        for lang in build.SUFFIXES
    }
    assert [bool(t) for t in texts["en"]] == [bool(t) for t in texts["zh"]]
    for english, chinese in zip(texts["en"], texts["zh"], strict=True):
        assert re.findall(r"\$\$(.+?)\$\$", english, re.DOTALL) == re.findall(
            r"\$\$(.+?)\$\$", chinese, re.DOTALL
        )
        assert english.count("\n#") == chinese.count("\n#")  # headings
    for lang, suffix in build.SUFFIXES.items():
        path = HOME / "docs" / f"{Path(name).stem}{suffix}"
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", ()):
                if "image/png" in output.get("data", {}):
                    assert output["metadata"]["image/png"]["alt"], (lang, cell["source"])
        written = path.read_text(encoding="utf-8")
        assert not re.search(r"/home/|/tmp/|/root/|\b20\d\d-\d\d-\d\d\b", written)


def test_links_lead_somewhere():
    pages = [*HOME.glob("*.md"), *HOME.glob("docs/*.md"), *HOME.glob("docs/*.ipynb")]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)", text):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), (page.name, target)


def test_every_page_of_the_site_is_in_its_contents():
    docs = HOME / "docs"
    trees = re.findall(r"```{toctree}\n(.+?)```", (docs / "index.md").read_text("utf-8"), re.DOTALL)
    listed = [
        f"{line}.md" for tree in trees for line in tree.splitlines() if line and line[0] != ":"
    ]
    pages = {path.name for path in docs.glob("*.md")} - {"index.md"} | set(reference_pages.PAGES)
    assert sorted(listed) == sorted(pages)


@pytest.mark.parametrize("page", reference_pages.PAGES.values())
def test_no_row_of_a_page_from_the_code_is_broken(page):
    rows = [line for line in page().splitlines() if line.startswith("| `")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 3 for row in rows)


def test_the_pages_from_the_code_have_every_command_and_family():
    commands, names = reference_pages.commands(), reference_pages.names()
    assert all(f"## {name}\n" in commands for name in ("run", "list", *COMMANDS, *STAGES))
    assert all(f"| `{name}` |" in names for name in FAMILIES)


def test_cells_and_their_outputs():
    text = '# %% [markdown] lang="zh"\n# 一\uff0c\n# 二\n# three\n'
    script = f'no cell\n{text}# %% en="seen" zh=""\nprint(1)\n2\n# %%\n3;\n'
    first, code, _ = build.cells(script)
    assert (first.lang, first.source) == ("zh", "一\uff0c二\nthree")
    assert (code.code, code.source, code.alt) == (True, "print(1)\n2", {"en": "seen", "zh": ""})
    printed, nothing = build.execute(script)
    assert [output.get("text", output.get("data")) for output in printed] == [
        "1\n",
        {"text/plain": "2"},
    ]
    assert nothing == []
    with pytest.raises(UserWarning, match="mind"):  # a notebook shows no warnings
        build.execute("# %%\nimport warnings\nwarnings.warn('mind')\n")


def test_the_command_writes_both(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "x.py"
    source.write_text('# %% [markdown] lang="en"\n# hello\n# %%\n1 + 1\n')
    build.main([str(source)])
    assert "x.ipynb" in capsys.readouterr().out
    english, chinese = (
        nbformat.read(tmp_path / f"x{suffix}", as_version=4) for suffix in build.SUFFIXES.values()
    )
    assert [cell.cell_type for cell in english.cells] == ["markdown", "code"]
    assert [cell.cell_type for cell in chinese.cells] == ["code"]
    assert english.cells[1].outputs[0].data["text/plain"] == "2"


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "README.md", "README.zh-CN.md"])
def test_every_file_that_a_page_names_is_there(name):
    named = re.findall(
        r"`([a-z_]+/[\w/-]+\.(?:py|toml|yml|ini))`", (HOME / name).read_text("utf-8")
    )
    homes = (HOME, HOME / "gmmpipe", HOME / "gmmpipe/mixture", HOME / "tests")
    files = [file for file in named if "NAME" not in file]
    assert files
    assert [file for file in files if not any((home / file).is_file() for home in homes)] == []

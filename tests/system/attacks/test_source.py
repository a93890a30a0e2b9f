"""What the package must not contain: ways for data to become code."""

import ast
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

import gmmpipe

HOME = Path(__file__).parents[3]
MODULES = sorted(Path(gmmpipe.__file__).parent.rglob("*.py"))
FORBIDDEN = {"eval", "exec", "compile", "__import__", "instantiate", "unsafe_load", "full_load"}
FORBIDDEN |= {"os.system", "yaml.load", "popen", "getoutput", "to_pickle", "read_pickle", "mktemp"}
IMPORTS = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle", "hydra.utils"}


def faults(text):
    """Return what of the forbidden a module's text has."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name != "re.compile":
                found += sorted({name, name.rpartition(".")[2]} & FORBIDDEN)
            for given in node.keywords:
                if given.arg in {"shell", "allow_pickle"}:
                    found += [given.arg] * (getattr(given.value, "value", True) is not False)
        elif isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name in IMPORTS]
        elif isinstance(node, ast.ImportFrom) and node.module in IMPORTS:
            found.append(node.module)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(HOME)))
def test_no_way_from_data_to_code(path):
    assert faults(path.read_text()) == []


@pytest.mark.parametrize(
    "text",
    [
        "eval('1')",
        "exec(x)",
        "compile(x, '', 'exec')",
        "hydra.utils.instantiate(x)",
        "from hydra.utils import instantiate",
        "import pickle",
        "np.load(x, allow_pickle=True)",
        "np.load(x, allow_pickle=chosen)",
        "subprocess.run(x, shell=True)",
        "os.system(x)",
        "yaml.load(x)",
        "pd.read_pickle(x)",
    ],
)
def test_each_of_them_would_be_found(text):
    assert faults(text)
    assert not faults("re.compile(x); np.load(x, allow_pickle=False); yaml.safe_load(x)")


def shell_lines():
    text = (HOME / "Snakefile").read_text()
    found = re.findall(r"^( +)shell:\n((?:\1    .*\n)+)", text, re.MULTILINE)
    assert len(found) == len(re.findall(r"^ *rule(?! all\b)", text, re.MULTILINE)) == 3
    return [lines for _, lines in found]


def test_a_shell_line_holds_nothing_unquoted():
    whole_numbers = {"{threads}"}
    for line in shell_lines():
        for field in re.findall(r"\{.*?\}", line):
            assert field.endswith(":q}") or field in whole_numbers, line
            assert "config[" not in field
            assert "wildcards" not in field
    text = (HOME / "Snakefile").read_text()
    assert not re.search(r"^ +(run|script|notebook|wrapper|cwl):", text, re.MULTILINE)


def test_threads_of_a_shell_line_are_whole_numbers():
    text = (HOME / "Snakefile").read_text()
    for given in re.findall(r"^ +threads: (.*)$", text, re.MULTILINE):
        assert re.fullmatch(r"job_resources\.threads\((\"\w+\"|stage\.name)\)", given)


def test_the_locks_have_a_hash_for_every_package_and_no_address():
    locks = sorted(HOME.glob("requirements*.lock"))
    assert len(locks) > 2
    for lock in locks:
        text = lock.read_text().replace("\\\n", " ")
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        assert lines
        assert all(re.match(r"[a-zA-Z0-9._-]+==\S+.*--hash=sha256:[0-9a-f]{64}", x) for x in lines)
        assert "://" not in text


def test_nothing_is_fetched_without_a_hash():
    """But for the project itself, which is here."""
    recipes = (HOME / "Makefile").read_text().replace("\\\n", " ") + (
        HOME / "Dockerfile"
    ).read_text()
    fetched = [line for line in recipes.splitlines() if re.search(r"pip install .*-r ", line)]
    assert fetched
    assert all("--require-hashes" in line for line in fetched)
    assert re.search(r"^INSTALL = \$\(PUT\) --require-hashes$", recipes, re.MULTILINE)
    assert re.findall(r"\$\(PUT\) (?!--require-hashes)(.*)", recipes) == ["--editable ."]


def test_an_installed_library_is_no_link_to_what_other_environments_share(tmp_path):
    """Else an edit in one environment were in all that are made after it, past the hashes."""
    wheel = tmp_path / "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("tiny.py", "")
        file.writestr(
            "tiny-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1\n"
        )
        file.writestr("tiny-1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        file.writestr("tiny-1.dist-info/RECORD", "")
    recipe = f"tiny:;$(PUT) --no-index --target {tmp_path / 'lib'} {wheel}"
    cached = {"UV_CACHE_DIR": str(tmp_path / "cache"), "UV_DEFAULT_INDEX": "file:///none"}
    command = [shutil.which("make"), "--eval", recipe, "tiny"]
    subprocess.run(command, cwd=HOME, env=os.environ | cached, check=True)
    assert (tmp_path / "lib/tiny.py").stat().st_nlink == 1


def test_each_extra_of_the_readme_has_a_lock_and_a_target():
    extras = re.search(r"^EXTRAS := (.*)$", (HOME / "Makefile").read_text(), re.MULTILINE)[
        1
    ].split()
    assert set(extras) >= {"dask", "slurm", "generic"}
    for readme in ("README.md", "README.zh-CN.md"):
        assert "pip install -e" not in (HOME / readme).read_text()
        for extra in extras:
            assert f"make {extra}" in (HOME / readme).read_text()
            assert (HOME / f"requirements-{extra}.lock").is_file()

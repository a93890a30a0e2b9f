import tomllib
from pathlib import Path

import pytest
from projects import HOME

from gmmpipe.cli.command import project
from gmmpipe.errors import InputError
from gmmpipe.store import packaged
from gmmpipe.store.packaged import CONF, PARTS, PROJECT, find, has_settings, layers, write_out


def test_the_wheel_has_all_parts():
    targets = tomllib.loads((HOME / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    included = targets["targets"]["wheel"]["force-include"]
    assert included == {name: f"gmmpipe/{packaged.FOLDER}/{name}" for name in PARTS}


def test_own_parts_go_first(tmp_path):
    assert find(tmp_path, "Snakefile") == PROJECT / "Snakefile"
    assert find(tmp_path, "profiles/slurm") == PROJECT / "profiles/slurm"
    for name in ("conf/config.yaml", "Snakefile", "data/gmm.data"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
        assert find(tmp_path, name) == tmp_path / name


def test_data_of_an_own_entry_are_not_replaced(tmp_path):
    assert find(tmp_path, "data/gmm.data") == PROJECT / "data/gmm.data"
    (tmp_path / "conf/dataset").mkdir(parents=True)
    (tmp_path / "conf/dataset/gmm.yaml").write_text("")
    assert find(tmp_path, "data/gmm.data") == tmp_path / "data/gmm.data"


@pytest.mark.parametrize("beside", ["config.yaml", "conf/experiment/mine.yaml", "manifest.json"])
def test_rules_of_others_do_not_count(tmp_path, beside):
    """Of another workflow, or of a version that was received."""
    path = tmp_path / beside
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    (tmp_path / "Snakefile").write_text("")
    if beside == "manifest.json":
        (tmp_path / "conf").mkdir()
        (tmp_path / "conf/config.yaml").write_text("")
    assert find(tmp_path, "Snakefile") == PROJECT / "Snakefile"


@pytest.mark.parametrize("name", ["pyproject.toml", "data/mine.csv", "gmmpipe/cli/main.py"])
def test_nothing_else_of_a_checkout_is_packaged(tmp_path, name):
    assert find(tmp_path, name) == tmp_path / name


def test_layers(tmp_path):
    assert layers(tmp_path / "conf") == [CONF]
    (tmp_path / "conf").mkdir()
    assert layers(tmp_path / "conf") == [tmp_path / "conf", CONF]
    assert layers(CONF) == [CONF]


def test_written_out_whole_or_refused(tmp_path):
    write_out(tmp_path / "mine")
    for name in PARTS:
        source, target = PROJECT / name, tmp_path / "mine" / name
        files = [p.relative_to(source) for p in source.rglob("*.yaml")] or [Path()]
        assert all((target / p).read_bytes() == (source / p).read_bytes() for p in files)
    assert not list(tmp_path.rglob("*.tmp"))
    (tmp_path / "other/profiles").mkdir(parents=True)
    with pytest.raises(InputError, match=r"other/profiles: is there already"):
        write_out(tmp_path / "other")
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["profiles"]


def test_the_project_is_the_nearest_folder_with_settings(tmp_path, monkeypatch):
    below = tmp_path / "mine/a/b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert project() == below
    (tmp_path / "mine/conf").mkdir()  # of something else
    assert not has_settings(tmp_path / "mine")
    (tmp_path / "mine/conf/dataset").mkdir()
    assert project() == tmp_path / "mine"
    (tmp_path / "mine").chmod(0o777)
    assert project() == below
    monkeypatch.chdir(tmp_path / "mine")
    assert project() == tmp_path / "mine"


def test_a_version_is_no_project(tmp_path, monkeypatch, refused):
    (tmp_path / "conf/dataset").mkdir(parents=True)
    (tmp_path / "manifest.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    refused("version of an experiment; change into another folder", "run")


def test_results_with_settings_are_no_project(tmp_path, monkeypatch):
    """As received ones, unpacked into a project or where there is none."""
    for place in ("results", "results/tiny"):
        (tmp_path / place / "conf/dataset").mkdir(parents=True)
        (tmp_path / place / "Snakefile").touch()
    (tmp_path / "results/store").mkdir()
    for place in ("results", "results/tiny"):
        monkeypatch.chdir(tmp_path / place)
        assert project() == tmp_path

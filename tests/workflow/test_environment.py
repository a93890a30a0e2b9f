import json
import shutil
import subprocess

import pytest

from gmmpipe.store import artifacts, environments
from gmmpipe.store.artifacts import sha256
from gmmpipe.store.packaged import RULES
from gmmpipe.workflow import code_digest
from gmmpipe.workflow import environment as provenance


def git(folder, *arguments):
    command = ["git", "-c", "user.name=n", "-c", "user.email=e@x", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_what_made_an_artifact_is_plain_and_the_same_each_time(tmp_path, monkeypatch):
    first = provenance.maker("gmmpipe.workflow.stages.fit")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert provenance.maker("gmmpipe.workflow.stages.fit") == first
    found = json.loads(first)
    assert (found["stage"], found["code"]) == (
        "fit",
        code_digest.source_digest("gmmpipe.workflow.stages.fit"),
    )
    assert tuple(found["environment"]) == tuple(sorted(environments.KEYS))
    assert found["environment"]["blas"]
    assert found["environment"]["machine"]["cpu"]
    assert str(tmp_path) not in first


def test_lock_and_workflow_are_told_by_their_bytes(tmp_path):
    (tmp_path / "requirements.lock").write_bytes(b"numpy==2\n")
    (tmp_path / "Snakefile").write_bytes(b"")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/config.yaml").write_bytes(b"")
    told = provenance.code(tmp_path)
    assert told["lock"] == {
        "path": "requirements.lock",
        "size": 9,
        "sha256": sha256(b"numpy==2\n"),
    }
    assert told["workflow"]["size"] == 0
    packaged = {"path": "Snakefile", **artifacts.describe(RULES)}
    assert provenance.code(tmp_path / "none") == {**told, "lock": None, "workflow": packaged}


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_checkout_is_told_with_what_it_lacks(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "Snakefile").write_text("rule all:\n")
    assert provenance.code(tmp_path)["git"] is None  # it does not have the project
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    commit = git(tmp_path, "rev-parse", "HEAD")
    (tmp_path / "notes").write_text("no matter")
    assert provenance.code(tmp_path)["git"] == {"commit": commit, "dirty": False}
    (tmp_path / "Snakefile").write_text("rule none:\n")
    assert provenance.code(tmp_path)["git"] == {"commit": commit, "dirty": True}


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_asking_git_runs_nothing_that_the_checkout_names(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "Snakefile").write_text("")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    git(tmp_path, "config", "core.fsmonitor", f"touch {tmp_path}/pwned; false")
    assert provenance.code(tmp_path)["git"]["dirty"] is False
    (tmp_path / "Snakefile").touch()
    for program in ("clean", "process"):
        git(tmp_path, "config", f"filter.mark.{program}", f"touch {tmp_path}/pwned; false")
    (tmp_path / ".gitattributes").write_text("* filter=mark\n")
    assert provenance.code(tmp_path)["git"]["dirty"] is None
    assert not (tmp_path / "pwned").exists()


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_asking_git_fetches_nothing_that_the_checkout_lacks(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "Snakefile").write_text("")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    tree = git(tmp_path, "rev-parse", "HEAD^{tree}")
    (tmp_path / ".git/objects" / tree[:2] / tree[2:]).unlink()
    remote = {"url": tmp_path, "promisor": "true", "uploadpack": f"touch {tmp_path}/pwned;"}
    for key, value in {**remote, "partialclonefilter": "blob:none"}.items():
        git(tmp_path, "config", f"remote.origin.{key}", value)
    git(tmp_path, "config", "extensions.partialClone", "origin")
    assert provenance.code(tmp_path)["git"] is None
    assert not (tmp_path / "pwned").exists()


def test_without_git_nothing_is_told(tmp_path, monkeypatch):
    (tmp_path / "Snakefile").write_text("")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance.code(tmp_path)["git"] is None


def test_any_edit_of_the_package_changes_its_digest(tmp_path, monkeypatch):
    shutil.copytree(
        code_digest.ROOT, tmp_path / "gmmpipe", ignore=shutil.ignore_patterns("__pycache__")
    )
    before = code_digest.package_digest()
    monkeypatch.setattr(code_digest, "ROOT", tmp_path / "gmmpipe")
    assert code_digest.package_digest() == before
    with (tmp_path / "gmmpipe/errors.py").open("a") as file:
        file.write("# a comment\n")
    assert code_digest.package_digest() != before

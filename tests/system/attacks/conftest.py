"""Each attack would leave a mark if its payload ran; none may."""

import os
import pickle
import signal
from pathlib import Path

import pytest

BESIDE = [
    "numpy",
    "yaml",
    "pandas",
    "hydra",
    "snakemake",
    "shlex",
    "sitecustomize",
    "usercustomize",
]
BESIDE += ["pyarrow", "gmmpipe", "hydra_plugins/evil", "snakemake_executor_plugin_evil/__init__"]


@pytest.fixture(autouse=True)
def mark(tmp_path):
    """Return the file that a payload would make; afterwards it must not be there."""
    path = tmp_path / "PWNED"
    yield path
    assert not path.exists()


@pytest.fixture
def prompt():
    """Fail, rather than wait, where something waits for the other end of a pipe."""

    def late(*_arguments):
        raise AssertionError("it waits")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def shell(mark):
    """Return a payload for a shell."""
    return f"touch {mark}"


@pytest.fixture
def python(mark):
    """Return a payload for Python, an expression."""
    return f"__import__('pathlib').Path({str(mark)!r}).touch()"


@pytest.fixture
def secret(monkeypatch):
    """Return what stands in an environment variable that nobody may read."""
    monkeypatch.setenv("GMMPIPE_SECRET", "hunter2")
    yield "hunter2"
    for folder, _, names in os.walk("results"):
        for name in names:
            assert b"hunter2" not in (Path(folder) / name).read_bytes()


class Touch:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.fixture
def pickled(mark):
    """Return a payload for whoever unpickles."""
    return pickle.dumps(Touch(mark))


@pytest.fixture
def beside(project, python):
    """Put modules into the project that would run a payload."""
    for name in BESIDE:
        path = project / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(python)
    return project

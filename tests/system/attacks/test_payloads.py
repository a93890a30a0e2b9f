"""The payloads do leave their mark where they run: the attacks' tests can fail."""

import pickle
import subprocess
import sys

import yaml


def caught(mark):
    found = mark.exists()
    mark.unlink()
    return found


def test_in_a_shell(mark, shell):
    subprocess.run(shell, shell=True, check=True)  # noqa: S602 - the payload itself
    assert caught(mark)


def test_in_python(mark, python):
    eval(python)  # noqa: S307 - the payload itself
    assert caught(mark)


def test_in_yaml_that_constructs(mark, shell):
    text = f"!!python/object/apply:os.system [{shell!r}]"
    yaml.load(text, yaml.UnsafeLoader)  # noqa: S506 - the payload itself
    assert caught(mark)


def test_in_a_pickle(mark, pickled):
    pickle.loads(pickled)  # noqa: S301 - the payload itself
    assert caught(mark)


def test_in_a_module_beside_the_data(mark, tmp_path, python):
    (tmp_path / "numpy.py").write_text(python)
    subprocess.run([sys.executable, "-c", "import numpy"], cwd=tmp_path, check=True)
    assert caught(mark)

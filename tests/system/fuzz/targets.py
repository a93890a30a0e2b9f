"""What is fuzzed: any bytes are read or refused in one line, by the data reader and by conf/."""

import json
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from gmmpipe.config import load
from gmmpipe.data import read as reader
from gmmpipe.data.file import File
from gmmpipe.errors import InputError

HOME = Path(__file__).parents[3]
NAMES = ("x.csv", "x.tsv", "x.data", "x.npy", "x.parquet", "x.csv.gz", "x.npy.gz", "x")
OPTIONS = (
    {},
    {"missing": "drop"},
    {"decimal": "comma"},
    {"label": -1},
    {"label": "b", "missing": "drop"},
    {"header": True, "comment": None},
    {"names": ("a", "b")},
    {"columns": ("a", 2)},
    {"delimiter": "blank", "header": False},
    {"encoding": "latin-1"},
    {"encoding": "utf-16"},
    {"delimiter": "comma", "comment": "%"},
    {"decimal": "point", "comment": "#"},
    {"delimiter": "none", "missing": "drop"},
)
FILES = ("experiment/fuzz", "dataset/gmm", "fit/fixed", "sweep/default", "config")
USED = ("config", "fit/fixed", "sweep/default", "figures/report", "experiment/default")
USED += ("dataset/gmm", "dataset/sample")


def read(data: bytes) -> None:
    """Read bytes as a data file: the first byte chooses its name, the second the options."""
    which, how, content = data[:1], data[1:2], data[2:]
    name = NAMES[which[0] % len(NAMES) if which else 0]
    kind = File(name, **OPTIONS[how[0] % len(OPTIONS) if how else 0])
    try:
        sample = reader.read(content, name, kind)
    except InputError as error:
        one_line(error, f"{name}: ")
    else:
        assert np.isfinite(sample.x).all()
        assert sample.x.shape[1] == len(sample.features)
        assert len(sample.x) >= 2
        assert sample.labels is None or len(sample.labels) == len(sample.x)


def configure(data: bytes) -> None:
    """Load a configuration: the first byte says what the rest is, overrides or a file of conf/."""
    what = data[0] % (len(FILES) + 1) if data else 0
    conf = Path(folder().name) / "conf"
    changed = conf / f"{FILES[what - 1]}.yaml" if what else None
    overrides = [] if what else data[1:].decode("utf-8", "replace").split("\n")
    before = changed.read_bytes() if changed and changed.exists() else None
    try:
        if changed:
            changed.write_bytes(data[1:])
        found = load.load(conf, ["experiment=fuzz"] if what == 1 else overrides)
    except InputError as error:
        one_line(error)
    else:
        assert json.loads(json.dumps(found)) == found
        assert "${" not in json.dumps(found)
    finally:
        if before is not None:
            changed.write_bytes(before)
        elif changed:
            changed.unlink(missing_ok=True)


TARGETS = {"reader": read, "config": configure}


def one_line(error: InputError, beginning: str = "") -> None:
    """Check that a refusal is some words, and few enough to be read."""
    assert 10 < len(" ".join(str(error).split())) < 2000, str(error)
    assert str(error).startswith(beginning), str(error)


@cache
def folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder with a small conf/, so that composing it is quick."""
    made = tempfile.TemporaryDirectory(prefix="gmmpipe-fuzz-")
    for name in USED:
        path = Path(made.name) / f"conf/{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(HOME / f"conf/{name}.yaml", path)
    return made

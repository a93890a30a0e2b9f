"""Making a version again, but for the run itself: that is in test_pipeline."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from versions import a_version

from gmmpipe.errors import InputError
from gmmpipe.store import artifacts
from gmmpipe.store.integrity import made_by
from gmmpipe.workflow import rerun
from gmmpipe.workflow.rerun import _numbers, difference_of
from gmmpipe.workflow.verify import Version

TINY = ("experiment=smoke", "sweep.dataset=[gmm]", "sweep.k=1..2", "sweep.seed=0")
TINY += ("sweep.iteration=2",)


@pytest.fixture
def again(study, monkeypatch):
    """Return a function that makes a version again, what comes out being changed by ``change``."""
    done = study(*TINY)
    here = made_by(done.fits[0])["environment"]

    def make(change=None, **environment):
        def run(_study, place, _cores):
            for path in Version(done.folder).manifest["artifacts"]:
                (place / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place / path)
            if change is not None:
                change(place)
            return True

        monkeypatch.setattr(rerun, "_run", run)
        monkeypatch.setattr(rerun, "environment", lambda: {**here, **environment})
        return rerun.rerun(Version(done.folder))

    make.done = done
    return make


def scaled(path, factor):
    def change(place):
        arrays = artifacts.read_arrays(place / path)
        artifacts.write_arrays(place / path, {**arrays, "mean": arrays["mean"] * factor})

    return change


def test_the_same_bytes_are_asked_of_the_same_machine(again, capsys):
    assert again()
    assert "files of the same bytes" in capsys.readouterr().out
    path = again.done.fits[0]
    assert not again(scaled(path, 1 + 1e-15))
    said = capsys.readouterr().err
    assert said.startswith(f"gmmpipe: {path}: has other bytes when made again\n")
    kept = Path(said.split("made again")[-1].split()[-1])
    assert (kept / path).is_file()
    shutil.rmtree(kept)


@pytest.mark.parametrize("key", ["python", "libraries", "blas", "machine", "variables"])
def test_numbers_to_nine_digits_are_asked_of_another(key, again, capsys):
    path = again.done.fits[0]
    assert again(scaled(path, 1 + 1e-12), **{key: "another"})
    said = capsys.readouterr().out
    assert f"artifacts were made with another {key}" in said
    assert "last bits may differ" in said
    assert "1 files of numbers equal to 1e-9" in said
    assert not again(scaled(path, 1 + 1e-7), **{key: "another"})
    said = capsys.readouterr().err
    assert f"{path}: mean differs by up to" in said
    shutil.rmtree(said.split()[-1])


def test_what_is_not_made_again_is_named(again, capsys):
    path = f"{again.done.folder}/tables/fits.csv"
    assert not again(lambda place: (place / path).unlink())
    said = capsys.readouterr().err
    assert f"{path}: was not made again" in said
    shutil.rmtree(said.split()[-1])


A = {"x": np.array([1.0, -1e-9, np.nan, np.inf]), "n": np.array([1, 2]), "s": np.array(["a", "b"])}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"x": A["x"] + [1e-10, -1e-10, 0, 0]}, ""),
        ({"x": A["x"] + [1e-8, 0, 0, 0]}, "x differs by up to 1.0e-08"),
        ({"x": np.array([1.0, 0.0, 0.0, np.inf])}, "x differs"),
        ({"x": np.array([1.0, 0.0, np.nan, -np.inf])}, "x differs"),
        ({"x": A["x"][:3]}, "x has another shape"),
        ({"n": np.array([1, 3])}, "n differs"),
        ({"s": np.array(["a", "c"])}, "s differs"),
        ({"more": np.array([1])}, "x, n, s has become"),
    ],
)
def test_what_counts_as_apart(change, word):
    found = difference_of(A, {**A, **change})
    assert found.startswith(word)
    assert bool(found) == bool(word)


def test_tables_are_compared_by_column(tmp_path):
    frame = pytest.importorskip("pandas").DataFrame({"k": [1, 2], "m": [[1.0], [2.0, 3.0]]})
    artifacts.write_frame(tmp_path / "a.parquet", frame)
    columns = rerun._numbers(tmp_path / "a.parquet")
    assert columns["m"].tolist() == [1, 2, 1, 2, 3]
    assert rerun._numbers(tmp_path / "a.svg") is None


@pytest.mark.parametrize("fit", [{"algorithm": "exact"}, {"acceleration": "squarem"}])
def test_what_an_older_gmmpipe_could_do_is_left_to_it(fit, tmp_path):
    version = a_version(tmp_path)
    version.manifest["config"] = {"fit": fit}
    ((key, value),) = fit.items()
    with pytest.raises(InputError, match=rf"no longer has fit\.{key}={value}; use the gmmpipe of"):
        rerun._refuse_removed(version)


@pytest.mark.parametrize("content", [b"", b"a,b\n1\n1,2,3\n", b"\xff\xfe"])
def test_what_is_no_table_is_told_in_a_line(content, tmp_path):
    (tmp_path / "fits.csv").write_bytes(content)
    with pytest.raises(InputError, match=r"fits.csv: no table \("):
        rerun._numbers(tmp_path / "fits.csv")


def test_no_device_is_copied_to_the_place_of_a_rerun(again):
    origins = Path(again.done.origins)
    manifest = Path(again.done.folder, "manifest.json")
    told = artifacts.read_json(manifest)
    del told["artifacts"][str(origins)]
    artifacts.write_json(manifest, told)
    origins.unlink()
    origins.symlink_to("/dev/null")  # /dev/zero would have no end
    with pytest.raises(InputError, match="not a regular file"):
        again()


def test_each_feature_is_compared_by_itself(tmp_path):
    """A feature of small units is not lost beside one of large ones."""
    before = {"mean": [[1.7e15, 0.2], [1.6e15, 0.8]], "log_likelihood": [[-1e6], [-2e6]]}
    changes = ("mean", 1, 5.8), ("mean", 0, 1.7e15 + 1e3)
    numbers = []
    for name, place, value in ((None, 0, 0), *changes):
        columns = {key: [list(each) for each in rows] for key, rows in before.items()}
        if name:
            columns[name][0][place] = value
        artifacts.write_frame(tmp_path / "t.parquet", pd.DataFrame(columns))
        numbers.append(_numbers(tmp_path / "t.parquet"))
    whole, small, rounded = numbers
    assert difference_of(whole, small).startswith("mean differs by up to 5.6e+00")
    assert difference_of(whole, rounded) == ""
    matrix = np.array([[[1e30, 1e14], [1e14, 0.04]]])
    other = matrix.copy()
    other[0, 1, 1] = 0.05
    assert difference_of({"covariance": matrix}, {"covariance": other})
    assert not difference_of({"statistic": matrix}, {"statistic": other})
